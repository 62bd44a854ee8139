"""Registration, sign-in, tokens, and the keys that verify them."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import MD5PasswordHasher
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.db import IntegrityError
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from apps.users import tokens
from apps.users.keys import ALGORITHM, create_signing_key, signing_keys
from apps.users.models import User
from tests.support.people import PASSWORD, make_user

pytestmark = pytest.mark.django_db
REGISTER = "/api/auth/register/"
TOKEN = "/api/auth/token/"
REFRESH = "/api/auth/token/refresh/"
ME = "/api/auth/me/"
SIGN_OUT = "/api/auth/logout/"
DORA = {"username": "dora", "email": "dora@example.org", "password": PASSWORD}


def sign_in(**fields: str) -> Any:
    return APIClient().post(TOKEN, {"password": PASSWORD, **fields})


def me(access_token: str) -> Any:
    return Client(headers={"Authorization": f"Bearer {access_token}"}).get(ME)


class TestRegistration:
    """Making an account signs in."""

    def test_makes_an_account(self) -> None:
        answer = APIClient().post(REGISTER, DORA)

        assert answer.status_code == 201, answer.json()
        assert answer.json()["user"]["username"] == "dora"
        assert answer.json()["user"]["roles"] == ["participant"]
        assert me(answer.json()["access_token"]).json()["email"] == "dora@example.org"
        assert EmailAddress.objects.get(user=User.objects.get()).email == "dora@example.org"

    def test_hashes_the_password_once_as_that_takes_a_fraction_of_a_second(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        salts: list[str] = []
        encode: Callable[[MD5PasswordHasher, str, str], str] = MD5PasswordHasher.encode

        def count(hasher: MD5PasswordHasher, password: str, salt: str) -> str:
            salts.append(salt)
            return encode(hasher, password, salt)

        monkeypatch.setattr(MD5PasswordHasher, "encode", count)

        APIClient().post(REGISTER, DORA)

        assert len(salts) == 1

    @pytest.mark.parametrize(
        ("fields", "name"),
        [
            ({"username": "alice"}, "username"),
            ({"username": "ALICE"}, "username"),
            ({"email": "alice@example.org"}, "email"),
            ({"email": "Alice@Example.org"}, "email"),
            ({"email": "nowhere"}, "email"),
            ({"email": ""}, "email"),
            ({"username": ""}, "username"),
            ({"username": "a b"}, "username"),
            ({"password": "short"}, "password"),
            ({"password": "password123"}, "password"),
            ({"password": "19283746551"}, "password"),
            ({"password": None}, "password"),
            ({"username": {"a": 1}}, "username"),
            ({"username": "dora\x00"}, "username"),
        ],
        ids=str,
    )
    def test_refuses_a_bad_field(self, alice: User, fields: dict[str, Any], name: str) -> None:
        answer = APIClient().post(REGISTER, {**DORA, **fields})

        assert answer.status_code == 400
        assert name in answer.json(), answer.json()
        assert User.objects.count() == 1


class TestSignIn:
    """A name or an address, and the password."""

    @pytest.mark.parametrize(
        "fields",
        [{"username": "alice"}, {"username": "Alice"}, {"email": "alice@example.org"}],
        ids=str,
    )
    def test_gives_tokens(self, alice: User, fields: dict[str, str]) -> None:
        answer = sign_in(**fields)

        assert answer.status_code == 200, answer.json()
        body = answer.json()
        assert set(body) == {"access_token", "refresh_token", "token_type", "expires_in", "user"}
        assert (body["token_type"], body["expires_in"]) == ("Bearer", 86400)
        assert body["user"]["id"] == alice.pk

    @pytest.mark.parametrize(
        "fields",
        [
            {"username": "alice", "password": "wrong"},
            {"username": "nobody"},
            {"email": "nobody@example.org"},
        ],
        ids=str,
    )
    def test_refuses_with_one_answer_for_every_reason(
        self, alice: User, fields: dict[str, str]
    ) -> None:
        answer = sign_in(**fields)

        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"] == "Bearer"
        assert answer.json()["detail"] == (
            "The name and the password don't match an active account."
        )

    def test_refuses_an_account_that_is_not_active(self, alice: User) -> None:
        User.objects.update(is_active=False)

        assert sign_in(username="alice").status_code == 401

    def test_asks_for_a_name(self) -> None:
        assert sign_in().status_code == 400

    def test_counts_attempts_by_account(self, alice: User) -> None:
        statuses = [sign_in(username="alice", password="wrong").status_code for _ in range(11)]
        last = sign_in(username="alice")

        assert statuses == [401] * 10 + [429]
        assert last.status_code == 429
        assert int(last.headers["Retry-After"]) > 0
        assert sign_in(username="somebody").status_code == 401


class TestAccessTokens:
    """They are JWTs that other services verify by the published keys."""

    def claims_of(self, user: User) -> dict[str, Any]:
        token = sign_in(username=user.username).json()["access_token"]
        jwks = jwt.PyJWKSet.from_dict(Client().get("/.well-known/jwks.json").json())
        key = jwks[jwt.get_unverified_header(token)["kid"]]
        claims: dict[str, Any] = jwt.decode(
            token,
            key,
            algorithms=["RS256"],
            audience="code-execution",
            issuer="http://localhost:8000",
        )
        return claims

    def test_carry_what_the_other_services_need(self, alice: User) -> None:
        claims = self.claims_of(alice)

        assert claims["sub"] == "alice"
        assert claims["user_id"] == alice.pk
        assert claims["uid"] is None
        assert claims["roles"] == ["participant"]
        assert claims["exp"] - claims["iat"] == 24 * 60 * 60
        assert claims["jti"]

    def test_carry_the_role_of_a_manager(self, bob: User) -> None:
        assert self.claims_of(bob)["roles"] == ["manager", "participant"]

    def test_carry_the_role_of_a_superuser(self, alice: User) -> None:
        User.objects.update(is_superuser=True)

        assert self.claims_of(alice)["roles"] == ["admin", "participant"]

    @pytest.mark.parametrize("path", ["/.well-known/jwks.json", "/.well-known/jwks.json/"])
    def test_the_published_keys_have_no_private_half(self, path: str) -> None:
        [key] = Client().get(path).json()["keys"]

        assert set(key) == {"kty", "n", "e", "kid", "use", "alg"}

    @pytest.mark.parametrize(
        "header",
        ["Bearer", "Bearer ", "Bearer x", "Bearer a.b.c", "Bearer a b", "Bearer \xff", "bearer x"],
    )
    def test_a_malformed_header_is_a_401(self, header: str) -> None:
        answer = Client(headers={"Authorization": header}).get(ME)

        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"] == "Bearer"

    def test_another_scheme_is_no_credential(self) -> None:
        assert Client(headers={"Authorization": "Basic YTpi"}).get(ME).status_code == 401

    def test_a_refresh_token_is_no_access_token(self, alice: User) -> None:
        assert me(sign_in(username="alice").json()["refresh_token"]).status_code == 401

    @pytest.mark.parametrize(
        "change",
        [
            {"iss": "http://elsewhere"},
            {"aud": "other"},
            {"exp": 1},
            {"user_id": 0},
            {"sid": "AAAA"},
            {"sid": 5},
            {"token_use": None},
        ],
        ids=str,
    )
    def test_a_token_with_another_claim_is_refused(
        self, alice: User, change: dict[str, Any]
    ) -> None:
        token = sign_in(username="alice").json()["access_token"]
        claims = jwt.decode(token, options={"verify_signature": False})
        key = signing_keys()[0]

        changed = jwt.encode(
            {**claims, **change}, key.private, algorithm=ALGORITHM, headers={"kid": key.kid}
        )

        assert me(token).status_code == 200
        assert me(changed).status_code == 401

    def test_a_token_by_another_key_is_refused(self, alice: User, tmp_path: Path) -> None:
        token = sign_in(username="alice").json()["access_token"]
        claims = jwt.decode(token, options={"verify_signature": False})
        kid = signing_keys()[0].kid

        forged = [
            jwt.encode(claims, "secret" * 8, algorithm="HS256", headers={"kid": kid}),
            jwt.encode(claims, "", algorithm="none", headers={"kid": kid}),
        ]

        assert [me(each).status_code for each in forged] == [401, 401]

    def test_a_session_is_good_for_nobody_else(self, alice: User, charlie: User) -> None:
        claims = jwt.decode(
            sign_in(username="alice").json()["access_token"], options={"verify_signature": False}
        )
        key = signing_keys()[0]

        changed = jwt.encode(
            {**claims, "user_id": charlie.pk},
            key.private,
            algorithm=ALGORITHM,
            headers={"kid": key.kid},
        )

        assert me(changed).status_code == 401

    def test_a_session_that_is_over_ends_its_tokens(self, alice: User) -> None:
        token = sign_in(username="alice").json()["access_token"]

        Session.objects.update(expire_date=timezone.now())

        assert me(token).status_code == 401

    def test_a_deactivated_user_loses_access_at_once(self, alice: User) -> None:
        token = sign_in(username="alice").json()["access_token"]

        User.objects.update(is_active=False)

        assert me(token).status_code == 401

    def test_a_new_password_ends_old_tokens(self, alice: User) -> None:
        token = sign_in(username="alice").json()["access_token"]
        alice.set_password("another long passphrase")
        alice.save()

        assert me(token).status_code == 401

    def test_a_retired_key_verifies_until_its_tokens_expire(
        self, alice: User, settings: Any, tmp_path: Path
    ) -> None:
        token = sign_in(username="alice").json()["access_token"]
        old = settings.JWT_KEY_FILES[0]
        new = tmp_path / "new.pem"
        create_signing_key(new)

        settings.JWT_KEY_FILES = [new, old]
        with_both = me(token).status_code
        new_token = sign_in(username="alice").json()["access_token"]
        settings.JWT_KEY_FILES = [new]

        assert with_both == 200
        assert jwt.get_unverified_header(new_token)["kid"] == signing_keys()[0].kid
        assert me(token).status_code == 401
        assert me(new_token).status_code == 200


class TestRefreshTokens:
    """They are good once."""

    def test_give_new_tokens(self, alice: User) -> None:
        first = sign_in(username="alice").json()

        answer = APIClient().post(REFRESH, {"refresh_token": first["refresh_token"]})

        assert answer.status_code == 200
        assert answer.json()["refresh_token"] != first["refresh_token"]
        assert me(answer.json()["access_token"]).status_code == 200

    def test_are_refused_the_second_time(self, alice: User) -> None:
        first = sign_in(username="alice").json()
        APIClient().post(REFRESH, {"refresh_token": first["refresh_token"]})

        answer = APIClient().post(REFRESH, {"refresh_token": first["refresh_token"]})

        assert answer.status_code == 401

    def test_are_refused_for_a_deactivated_user(self, alice: User) -> None:
        first = sign_in(username="alice").json()
        User.objects.update(is_active=False)

        answer = APIClient().post(REFRESH, {"refresh_token": first["refresh_token"]})

        assert answer.status_code == 401

    def test_expire(self, alice: User, settings: Any) -> None:
        settings.JWT_REFRESH_TOKEN_LIFETIME = timedelta(seconds=-1)
        first = sign_in(username="alice").json()

        answer = APIClient().post(REFRESH, {"refresh_token": first["refresh_token"]})

        assert answer.status_code == 401


def test_the_session_of_the_admin_is_a_credential_too(alice: User) -> None:
    client = Client()
    client.force_login(alice)

    assert client.get(ME).json()["username"] == "alice"


def test_a_session_needs_the_csrf_token_to_change_things(alice: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice)

    answer = client.post("/api/code-execution/submissions/", {}, "application/json")

    assert answer.status_code == 403


def test_a_name_that_differs_in_case_only_is_taken() -> None:
    make_user("dora")

    with pytest.raises(IntegrityError):
        User.objects.create_user("DORA", "other@example.org", PASSWORD)


def test_the_signing_key_is_made_once_and_only_its_owner_reads_it(
    settings: Any, tmp_path: Path
) -> None:
    path = tmp_path / "keys" / "key.pem"
    settings.JWT_KEY_FILES = [path]

    call_command("create_signing_key", verbosity=0)
    first = path.read_bytes()
    call_command("create_signing_key", verbosity=0)

    assert path.read_bytes() == first
    assert path.stat().st_mode & 0o777 == 0o600
    assert signing_keys()[0].kid


def test_a_token_is_found_by_nothing_else_than_itself() -> None:
    assert tokens.find_bearer("") is None


class TestCookie:
    """Signing in sets a cookie that pages of the same origin can use."""

    def test_a_page_of_the_same_origin_needs_no_header(self) -> None:
        make_user("alice")
        browser = APIClient()

        answer = browser.post(TOKEN, {"username": "alice", "password": PASSWORD})

        cookie = answer.cookies["access_token"]
        assert cookie["httponly"]
        assert cookie["samesite"] == "Lax"
        assert browser.get(ME).json()["username"] == "alice"

    @pytest.mark.parametrize(
        ("origin", "status_code"),
        [("http://testserver", 204), ("http://localhost:3000", 204), ("https://evil.example", 401)],
    )
    def test_a_page_of_another_origin_can_change_nothing(
        self, origin: str, status_code: int
    ) -> None:
        make_user("alice")
        browser = APIClient()
        browser.post(TOKEN, {"username": "alice", "password": PASSWORD})

        answer = browser.post(SIGN_OUT, headers={"Origin": origin})

        assert answer.status_code == status_code

    def test_a_worthless_cookie_does_not_keep_anybody_out(self) -> None:
        make_user("alice")
        browser = APIClient()
        browser.cookies["access_token"] = "not-a-token"

        assert browser.get(ME).status_code == 401
        signed_in = browser.post(TOKEN, {"username": "alice", "password": PASSWORD})
        assert signed_in.status_code == 200


class TestSignOut:
    """Signing out ends the session with all its tokens."""

    def test_ends_every_token_of_the_session_and_no_other(self) -> None:
        make_user("alice")
        here, there = (sign_in(username="alice").json() for _ in range(2))

        bearer = {"Authorization": f"Bearer {here['access_token']}"}
        answer = Client(headers=bearer).post(SIGN_OUT)

        assert answer.status_code == 204
        assert answer.cookies["access_token"].value == ""
        assert me(here["access_token"]).status_code == 401
        refresh = APIClient().post(REFRESH, {"refresh_token": here["refresh_token"]})
        assert refresh.status_code == 401
        assert me(there["access_token"]).status_code == 200

    def test_a_stranger_has_nothing_to_end(self) -> None:
        assert APIClient().post(SIGN_OUT).status_code == 401
