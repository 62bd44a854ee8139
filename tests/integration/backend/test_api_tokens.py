"""API tokens: programs act for a user, within what the token is good for."""

import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest
import time_machine
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from app.domain.claims import check, platform_caller
from apps.users import api_tokens
from apps.users.models import ApiToken, User
from apps.users.scopes import NO_TOKENS, Scope, TokenScopes
from tests.support.backend_endpoints import Endpoint, endpoints
from tests.support.contests import make_contest
from tests.support.people import PASSWORD

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).parents[3]
TOKENS = "/api/auth/api-tokens/"
EXCHANGE = f"{TOKENS}exchange/"
ME = "/api/auth/me/"
CONTESTS = "/api/code-execution/contests/"
EVERYTHING = list(Scope)
# They are drf-spectacular's, and tell everybody the same.
OF_LIBRARIES = {"api/schema/", "api/docs/"}


def make_token(user: User, *scopes: Scope, **fields: Any) -> str:
    return api_tokens.create(user=user, name="of a test", scopes=scopes, **fields).text


def with_token(text: str) -> Client:
    return Client(headers={"Authorization": f"Bearer {text}"})


def end_of(days: float) -> datetime:
    return timezone.now() + timedelta(days=days)


class TestMakingOne:
    """Whoever is signed in makes tokens of their own."""

    def test_shows_it_once_and_keeps_a_digest(self, as_alice: APIClient) -> None:
        body = {"name": "My bot", "scopes": ["contests:read", "submissions:write"]}

        answer = as_alice.post(TOKENS, body)

        assert answer.status_code == 201, answer.json()
        text = answer.json()["token"]
        assert re.fullmatch(r"cct_[0-9A-Za-z]{36}", text)
        assert answer.json()["prefix"] == text[:8]
        kept = ApiToken.objects.values().get()
        assert text not in str(kept)
        listed = as_alice.get(TOKENS).json()["results"]
        assert [each["name"] for each in listed] == ["My bot"]
        assert "token" not in listed[0]

    def test_is_good_for_90_days_unless_one_says_otherwise(self, as_alice: APIClient) -> None:
        with time_machine.travel(timezone.now(), tick=False):
            answer = as_alice.post(TOKENS, {"name": "a", "scopes": ["contests:read"]})

            ends_at = datetime.fromisoformat(answer.json()["expires_at"])
            assert abs(ends_at - end_of(90)) < timedelta(seconds=1)

    @pytest.mark.parametrize(
        ("fields", "name"),
        [
            ({"name": ""}, "name"),
            ({"name": "a" * 101}, "name"),
            ({"name": "a\x00"}, "name"),
            ({"scopes": []}, "scopes"),
            ({"scopes": ["everything"]}, "scopes"),
            ({"scopes": "contests:read"}, "scopes"),
            ({"expires_at": "soon"}, "expires_at"),
            ({"expires_at": "2001-01-01T00:00:00Z"}, "expires_at"),
            ({"expires_at": "2999-01-01T00:00:00Z"}, "expires_at"),
        ],
        ids=str,
    )
    def test_refuses_what_a_token_can_not_be(
        self, as_alice: APIClient, fields: dict[str, Any], name: str
    ) -> None:
        answer = as_alice.post(TOKENS, {"name": "a", "scopes": ["contests:read"], **fields})

        assert answer.status_code == 400
        assert list(answer.json()) == [name]
        assert not ApiToken.objects.exists()

    def test_refuses_one_too_many(self, alice: User, as_alice: APIClient) -> None:
        for _ in range(api_tokens.TOKENS_MAX):
            make_token(alice, Scope.CONTESTS_READ)

        answer = as_alice.post(TOKENS, {"name": "a", "scopes": ["contests:read"]})

        assert answer.status_code == 409
        assert answer.json()["code"] == "too-many-tokens"

    def test_needs_somebody_who_is_signed_in(self, as_nobody: APIClient) -> None:
        assert as_nobody.post(TOKENS, {}).status_code == 401


class TestUsingOne:
    """It acts as its user, no more than its scopes."""

    def test_does_what_its_scopes_allow(self, bob: User, alice: User) -> None:
        make_contest(title="Not published", is_published=False)

        seen = [
            with_token(make_token(user, Scope.CONTESTS_READ)).get(CONTESTS).json()["count"]
            for user in (alice, bob)
        ]

        assert seen == [0, 1]

    def test_is_refused_where_it_lacks_the_scope(self, bob: User) -> None:
        client = with_token(make_token(bob, Scope.CONTESTS_READ))

        answer = client.post(CONTESTS, {"title": "Spring cup"}, "application/json")

        assert answer.status_code == 403
        assert answer.json() == {
            "detail": "The API token needs the scope contests:manage for this.",
            "code": "insufficient-scope",
        }

    def test_gives_nobody_rights_that_its_user_lacks(self, alice: User) -> None:
        client = with_token(make_token(alice, *EVERYTHING))

        answer = client.post(CONTESTS, {"title": "Spring cup"}, "application/json")

        assert answer.status_code == 403
        assert answer.json()["code"] == "forbidden"

    def test_notes_when_it_was_used_once_a_minute(self, alice: User) -> None:
        client = with_token(make_token(alice, Scope.CONTESTS_READ))
        start = timezone.now()
        used = []

        for seconds in (0, 59, 61):
            with time_machine.travel(start + timedelta(seconds=seconds), tick=False):
                client.get(CONTESTS)
            used.append(ApiToken.objects.get().last_used_at)

        assert used == [start, start, start + timedelta(seconds=61)]

    def test_is_no_cookie_and_opens_no_page_of_the_admin(self, bob: User) -> None:
        text = make_token(bob, *EVERYTHING)
        browser = Client()
        browser.cookies["access_token"] = text

        assert browser.get(CONTESTS).status_code == 401
        assert with_token(text).get("/admin/").status_code == 302


class TestTheEndOfOne:
    """A token that is not good any more is a 401, whatever it was good for."""

    def status_of(self, text: str) -> int:
        return with_token(text).get(CONTESTS).status_code

    def test_it_expires(self, alice: User) -> None:
        text = make_token(alice, Scope.CONTESTS_READ, expires_at=end_of(1))

        with time_machine.travel(end_of(0.99)):
            before = self.status_of(text)
        with time_machine.travel(end_of(1.01)):
            after = self.status_of(text)

        assert (before, after) == (200, 401)

    def test_its_owner_revokes_it(self, alice: User, as_alice: APIClient) -> None:
        text = make_token(alice, Scope.CONTESTS_READ)
        url = f"{TOKENS}{ApiToken.objects.get().pk}/"

        assert self.status_of(text) == 200
        assert as_alice.delete(url).status_code == 204
        assert self.status_of(text) == 401
        assert as_alice.delete(url).status_code == 404

    def test_nobody_else_revokes_or_sees_it(
        self, alice: User, as_charlie: APIClient, as_bob: APIClient
    ) -> None:
        text = make_token(alice, Scope.CONTESTS_READ)
        url = f"{TOKENS}{ApiToken.objects.get().pk}/"

        assert [client.delete(url).status_code for client in (as_charlie, as_bob)] == [404, 404]
        assert as_bob.get(TOKENS).json()["results"] == []
        assert self.status_of(text) == 200

    def test_a_deactivated_account_has_none(self, alice: User) -> None:
        text = make_token(alice, Scope.CONTESTS_READ)
        User.objects.update(is_active=False)

        assert self.status_of(text) == 401

    def test_a_new_password_ends_it_and_signing_out_does_not(self, alice: User) -> None:
        text = make_token(alice, Scope.CONTESTS_READ)
        session = APIClient()
        session.post("/api/auth/token/", {"username": "alice", "password": PASSWORD})
        session.post("/api/auth/logout/")
        after_sign_out = self.status_of(text)

        alice.set_password("another long passphrase")
        alice.save()

        assert (after_sign_out, self.status_of(text)) == (200, 401)

    @pytest.mark.parametrize("spoil", [lambda t: t[:-1] + "-", lambda t: t[:-2], lambda t: t + "a"])
    def test_a_mistyped_one_is_none(self, alice: User, spoil: Any) -> None:
        text = make_token(alice, Scope.CONTESTS_READ)

        assert self.status_of(spoil(text)) == 401
        assert self.status_of("cct_" + "é" * 36) == 401

    def test_expired_ones_are_listed_for_a_month_and_then_deleted(self, alice: User) -> None:
        make_token(alice, Scope.CONTESTS_READ, expires_at=end_of(1))

        api_tokens.delete_expired(now=end_of(30))
        kept = ApiToken.objects.count()
        api_tokens.delete_expired(now=end_of(32))

        assert (kept, ApiToken.objects.count()) == (1, 0)


class TestExchange:
    """The execution service takes tokens that can be verified without asking, so one trades."""

    def test_gives_a_token_for_running_programs_and_nothing_else(self, bob: User) -> None:
        User.objects.update(is_superuser=True)
        client = with_token(make_token(bob, Scope.EXECUTIONS_RUN))

        answer = client.post(EXCHANGE)

        assert answer.status_code == 200, answer.json()
        assert answer.json()["expires_in"] == 15 * 60
        text = answer.json()["access_token"]
        claims = jwt.decode(text, options={"verify_signature": False})
        assert claims["roles"] == []
        assert with_token(text).get(ME).status_code == 401
        issuer, audience = "http://localhost:8000", "code-execution"
        expires_at = check(claims, issuer=issuer, audience=audience, now=timezone.now())
        assert platform_caller(claims, expires_at).owner == f"user:{bob.pk}"

    def test_what_it_gives_does_not_outlive_the_token(self, alice: User) -> None:
        ends_at = timezone.now() + timedelta(seconds=60)
        client = with_token(make_token(alice, Scope.EXECUTIONS_RUN, expires_at=ends_at))

        assert 0 < client.post(EXCHANGE).json()["expires_in"] <= 60

    def test_needs_an_api_token_with_the_scope(self, alice: User, as_alice: APIClient) -> None:
        without = with_token(make_token(alice, Scope.CONTESTS_READ))

        assert without.post(EXCHANGE).status_code == 403
        assert as_alice.post(EXCHANGE).status_code == 403


class TestInTheAdmin:
    """Everybody whom the admin lets in makes their own there."""

    ADD = "/admin/users/apitoken/add/"

    def post_as(self, user: User, **fields: Any) -> str:
        browser = Client()
        browser.force_login(user)
        body = {"name": "My bot", "scopes": ["contests:read"], "days": 365, **fields}
        return browser.post(self.ADD, body).content.decode()

    def test_shows_it_once(self, bob: User) -> None:
        page = self.post_as(bob)

        found = re.search(r'<code id="new-token">(cct_\w{36})</code>', page)
        assert found
        assert with_token(found[1]).get(CONTESTS).status_code == 200
        assert ApiToken.objects.get().user == bob

    @pytest.mark.parametrize("fields", [{"days": 366}, {"days": 0}, {"scopes": ["x"]}], ids=str)
    def test_makes_none_that_the_api_would_not_make(
        self, bob: User, fields: dict[str, Any]
    ) -> None:
        assert "errorlist" in self.post_as(bob, **fields)
        assert not ApiToken.objects.exists()

    def test_makes_no_more_than_an_account_may_have(self, bob: User) -> None:
        for _ in range(api_tokens.TOKENS_MAX):
            make_token(bob, Scope.CONTESTS_READ)

        assert "revoke one first" in self.post_as(bob)

    def test_is_closed_to_who_may_not_enter(self, alice: User) -> None:
        assert self.post_as(alice) == ""
        assert not ApiToken.objects.exists()


def of_callers() -> list[Endpoint]:
    """Give the endpoints that look at who calls."""
    return [
        each
        for each in endpoints()
        if getattr(each.view, "authentication_classes", ()) and each.path not in OF_LIBRARIES
    ]


def rule_of(endpoint: Endpoint) -> TokenScopes | None:
    return getattr(endpoint.view, "token_scopes", None)


def test_somebody_has_decided_what_each_endpoint_asks_of_a_token() -> None:
    undecided = [each.name for each in of_callers() if rule_of(each) is None]

    assert undecided == []


def test_no_token_touches_accounts_or_tokens() -> None:
    open_ones = {
        each.name
        for each in of_callers()
        if each.path.startswith("api/auth/") and rule_of(each) != NO_TOKENS
    }

    assert open_ones == {f"POST {EXCHANGE[1:]}"}


def test_a_token_for_nothing_is_refused_everywhere(alice: User) -> None:
    User.objects.update(is_superuser=True)
    client = with_token(make_token(alice))

    codes = {
        each: client.generic(each.method, "/" + re.sub(r"{\w+}", "1", each.path)).json()["code"]
        for each in of_callers()
    }

    assert set(codes.values()) == {"insufficient-scope"}, codes


@pytest.mark.parametrize("scope", Scope)
def test_each_scope_opens_something_that_no_other_does(scope: Scope) -> None:
    needed = {
        rule.needed_for(method=each.method, act=each.act)
        for each in of_callers()
        if (rule := rule_of(each)) is not None
    }

    assert scope in needed


def test_the_page_about_tokens_names_every_scope() -> None:
    text = (ROOT / "docs/api-tokens.md").read_text(encoding="utf-8")

    assert re.findall(r"^\| `(\w+:\w+)` \|", text, re.MULTILINE) == list(Scope)
