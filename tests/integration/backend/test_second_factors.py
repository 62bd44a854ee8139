"""The second factor: who has one signs in with a code too, at the API as at the admin."""

import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from limits import parse
from pytest_django import Settings
from rest_framework.test import APIClient

from apps.audit.models import AuditEntry
from apps.users import second_factor
from apps.users.models import User
from tests.support.people import PASSWORD, make_user
from tests.support.second_factors import AuthenticatorApp, give_second_factor

pytestmark = pytest.mark.django_db
TOKEN = "/api/auth/token/"
LOGIN = "/admin/login/"
CODE = "/admin/login/code/"
PAGE = "/admin/second-factor/"


def at_the_api(name: str = "bob", **fields: str) -> Any:
    return APIClient().post(TOKEN, {"username": name, "password": PASSWORD, **fields})


def with_password(name: str = "bob", *, next_url: str = "/admin/") -> tuple[Client, Any]:
    browser = Client()
    return browser, browser.post(
        f"{LOGIN}?next={next_url}", {"username": name, "password": PASSWORD, "next": next_url}
    )


def address_of(redirect: Any) -> str:
    """Tell where an answer leads; it is a redirect."""
    address: str = redirect.url
    return address


def is_in(browser: Client) -> bool:
    return browser.get("/admin/").status_code == 200


def act_of(act: str) -> AuditEntry:
    return AuditEntry.objects.get(act=act)


@pytest.fixture
def app(bob: User) -> AuthenticatorApp:
    """Bob's authenticator app."""
    return give_second_factor(bob)[0]


class TestAtTheApi:
    """`code` goes along with the password."""

    def test_asks_for_a_code_and_takes_it(self, app: AuthenticatorApp) -> None:
        without = at_the_api()
        with_it = at_the_api(code=app.code())

        assert without.status_code == 401
        assert without.json()["code"] == "second-factor-required"
        assert with_it.status_code == 200
        assert with_it.json()["user"]["username"] == "bob"

    def test_says_nothing_of_it_to_who_has_the_wrong_password(self, app: AuthenticatorApp) -> None:
        answer = at_the_api(password="wrong", code=app.code())

        assert answer.json()["code"] == "unauthenticated"
        assert at_the_api(code=app.code()).status_code == 200

    def test_asks_nobody_else(self, app: AuthenticatorApp, alice: User) -> None:
        assert at_the_api("alice").status_code == 200
        assert at_the_api("alice", code="").status_code == 200

    @pytest.mark.parametrize("code", ["", " ", "12", "abcdef", "é" * 6, "٣" * 6])
    def test_refuses_what_is_no_code(self, app: AuthenticatorApp, code: str) -> None:
        assert at_the_api(code=code).json()["code"] == "second-factor-required"

    def test_takes_each_code_once(self, app: AuthenticatorApp) -> None:
        with time_machine.travel(1_900_000_000, tick=False):
            code = app.code()

            assert [at_the_api(code=code).status_code for _ in range(2)] == [200, 401]

    def test_takes_no_code_older_than_one_that_was_taken(self, app: AuthenticatorApp) -> None:
        with time_machine.travel(1_900_000_000, tick=False):
            assert at_the_api(code=app.code()).status_code == 200
            assert at_the_api(code=app.code(steps=-1)).status_code == 401

    @pytest.mark.parametrize(("steps", "status"), [(-2, 401), (-1, 200), (1, 200), (2, 401)])
    def test_clocks_may_differ_by_half_a_minute(
        self, app: AuthenticatorApp, steps: int, status: int
    ) -> None:
        with time_machine.travel(1_900_000_000, tick=False):
            assert at_the_api(code=app.code(steps=steps)).status_code == status

    def test_wrong_codes_lock_the_account(self, app: AuthenticatorApp, settings: Settings) -> None:
        settings.RATE_LIMITS = {**settings.RATE_LIMITS, "login_failures": parse("3/hour")}

        refused = [at_the_api(code=app.wrong_code()).status_code for _ in range(3)]

        assert refused == [401, 401, 401]
        assert at_the_api(code=app.code()).status_code == 429
        assert act_of("account.lock").object_label == "bob"


class TestRecoveryCodes:
    """Ten of them, for who has lost the app."""

    def test_each_is_good_once(self, bob: User) -> None:
        _, codes = give_second_factor(bob)

        assert len(set(codes)) == 10
        assert [at_the_api(code=codes[0]).status_code for _ in range(2)] == [200, 401]
        assert at_the_api(code=codes[1]).status_code == 200
        left = AuditEntry.objects.filter(act="second_factor.recover").values_list(
            "after", flat=True
        )
        assert [each["recovery_codes_left"] for each in left] == [8, 9]

    def test_new_ones_end_the_old(self, bob: User) -> None:
        _, old = give_second_factor(bob)

        new = second_factor.renew_recovery_codes(bob)

        assert at_the_api(code=old[0]).status_code == 401
        assert at_the_api(code=new[0]).status_code == 200


class TestAtTheAdmin:
    """The code is asked for on a page of its own, after the password."""

    def test_the_password_alone_lets_nobody_in(self, app: AuthenticatorApp) -> None:
        browser, answer = with_password()

        assert answer.status_code == 302
        assert answer.url.startswith(CODE)
        assert not is_in(browser)
        assert browser.get("/api/auth/me/").status_code == 401

    def test_password_and_code_do_and_lead_where_one_wanted_to_go(
        self, app: AuthenticatorApp
    ) -> None:
        browser, answer = with_password(next_url="/admin/contests/contest/")
        assert "authenticator app" in browser.get(answer.url).content.decode()

        let_in = browser.post(answer.url, {"code": app.code()})

        assert address_of(let_in) == "/admin/contests/contest/"
        assert is_in(browser)
        assert act_of("admin.sign_in").after == {"address": "127.0.0.1"}

    def test_it_leads_to_no_other_site(self, app: AuthenticatorApp) -> None:
        browser, _ = with_password()

        let_in = browser.post(f"{CODE}?next=https://evil.example/", {"code": app.code()})

        assert address_of(let_in) == "/admin/"

    def test_a_wrong_code_is_asked_for_again(self, app: AuthenticatorApp) -> None:
        browser, answer = with_password()

        page = browser.post(answer.url, {"code": app.wrong_code()})

        assert "This code is wrong" in page.content.decode()
        assert not is_in(browser)
        assert browser.post(answer.url, {"code": app.code()}).status_code == 302
        assert is_in(browser)

    def test_wrong_codes_lock_the_account(self, app: AuthenticatorApp, settings: Settings) -> None:
        settings.RATE_LIMITS = {**settings.RATE_LIMITS, "login_failures": parse("2/hour")}
        browser, _ = with_password()
        for _ in range(2):
            browser.post(CODE, {"code": app.wrong_code()})

        page = browser.post(CODE, {"code": app.code()})

        assert "too many tries" in page.content.decode()
        assert not is_in(browser)

    def test_the_page_is_nobodys_who_has_given_no_password(self, app: AuthenticatorApp) -> None:
        browser = Client()

        assert address_of(browser.get(CODE)) == LOGIN
        assert address_of(browser.post(CODE, {"code": app.code()})) == LOGIN

    @pytest.mark.parametrize("change", ["time", "password", "deactivation"])
    def test_a_password_counts_for_five_minutes_while_it_is_the_password(
        self, app: AuthenticatorApp, bob: User, change: str
    ) -> None:
        browser, _ = with_password()
        if change == "password":
            bob.set_password("another long passphrase")
            bob.save()
        elif change == "deactivation":
            User.objects.update(is_active=False)

        with time_machine.travel(timedelta(seconds=301 if change == "time" else 0)):
            answer = browser.post(CODE, {"code": app.code()})

        assert address_of(answer) == LOGIN
        assert not is_in(browser)


class TestThePage:
    """Everybody whom the admin lets in sets up their own."""

    def browser_of(self, user: User) -> Client:
        browser = Client()
        browser.force_login(user)
        return browser

    def secret_on(self, page: Any) -> str:
        found = re.search(r"Key: <code>([A-Z2-7]{32})</code>", page.content.decode())
        assert found
        return found[1]

    def test_sets_one_up_and_shows_the_recovery_codes_once(self, bob: User) -> None:
        browser = self.browser_of(bob)
        page = browser.get(PAGE)
        app = AuthenticatorApp(self.secret_on(page))
        assert "<svg" in page.content.decode()

        done = browser.post(PAGE, {"act": "set_up", "password": PASSWORD, "code": app.code()})

        codes = re.findall(r"<li>(\d{8})</li>", done.content.decode())
        assert len(codes) == 10
        assert "no-store" in done.headers["Cache-Control"]
        assert codes[0] not in browser.get(PAGE).content.decode()
        assert at_the_api().json()["code"] == "second-factor-required"
        assert at_the_api(code=codes[0]).status_code == 200
        assert act_of("second_factor.set_up").actor == bob

    def test_asks_again_for_the_same_secret_until_the_code_fits(self, bob: User) -> None:
        browser = self.browser_of(bob)
        secret = self.secret_on(browser.get(PAGE))
        wrong = AuthenticatorApp(secret).wrong_code()

        again = browser.post(PAGE, {"act": "set_up", "password": PASSWORD, "code": wrong})

        assert self.secret_on(again) == secret
        assert "not the code" in again.content.decode()
        assert not second_factor.has_one(bob)

    @pytest.mark.parametrize("act", ["set_up", "renew", "remove"])
    def test_does_nothing_without_the_password(self, bob: User, act: str) -> None:
        browser = self.browser_of(bob)
        app = AuthenticatorApp(self.secret_on(browser.get(PAGE)))
        if act != "set_up":
            give_second_factor(bob)
        before = list(Authenticator.objects.values())

        page = browser.post(PAGE, {"act": act, "password": "wrong", "code": app.code()})

        assert "not your password" in page.content.decode()
        assert list(Authenticator.objects.values()) == before

    def test_gives_new_recovery_codes(self, bob: User) -> None:
        _, old = give_second_factor(bob)

        page = self.browser_of(bob).post(PAGE, {"act": "renew", "password": PASSWORD})

        new = re.findall(r"<li>(\d{8})</li>", page.content.decode())
        assert len(new) == 10
        assert set(new).isdisjoint(old)

    def test_removes_it(self, bob: User) -> None:
        give_second_factor(bob)

        self.browser_of(bob).post(PAGE, {"act": "remove", "password": PASSWORD})

        assert at_the_api().status_code == 200
        assert act_of("second_factor.remove").actor == bob

    def test_is_closed_to_who_may_not_enter(self, alice: User) -> None:
        assert self.browser_of(alice).get(PAGE).status_code == 302
        assert Client().get(PAGE).status_code == 302

    def test_what_is_kept_gives_no_secret_away(self, bob: User) -> None:
        browser = self.browser_of(bob)
        secret = self.secret_on(browser.get(PAGE))
        code = AuthenticatorApp(secret).code()
        done = browser.post(PAGE, {"act": "set_up", "password": PASSWORD, "code": code})
        codes = re.findall(r"<li>(\d{8})</li>", done.content.decode())

        kept = str(list(Authenticator.objects.values()))

        assert not [each for each in (secret, *codes) if each in kept]


class TestWhereItIsAskedOfEverybody:
    """With `ADMIN_REQUIRES_SECOND_FACTOR` there is one page for who has none."""

    @pytest.fixture(autouse=True)
    def required(self, settings: Settings) -> None:
        settings.ADMIN_REQUIRES_SECOND_FACTOR = True

    def test_leads_every_page_to_the_one_that_sets_it_up(self, bob: User) -> None:
        browser, _ = with_password()

        for page in ("/admin/", "/admin/contests/contest/", "/admin/password_change/"):
            assert address_of(browser.get(page)) == PAGE
        assert browser.get(PAGE).status_code == 200

    def test_who_has_one_works_as_before(self, app: AuthenticatorApp, bob: User) -> None:
        browser = Client()
        browser.force_login(bob)

        assert is_in(browser)

    def test_nobody_is_kept_from_signing_in_or_out(self, alice: User, bob: User) -> None:
        assert address_of(Client().get("/admin/")).startswith(LOGIN)
        assert at_the_api("alice").status_code == 200
        browser, _ = with_password()
        assert browser.post("/admin/logout/").status_code == 200


class TestOthers:
    """Superusers help who has lost everything, and so does the command line."""

    @pytest.fixture
    def root(self, db: None) -> User:
        """A superuser."""
        return make_user("root", is_staff=True, is_superuser=True)

    def remove_as(self, user: User, whose: User) -> Any:
        browser = Client()
        browser.force_login(user)
        body = {"action": "remove_second_factors", "_selected_action": whose.pk, "confirmed": "yes"}
        return browser.post(reverse("admin:users_user_changelist"), body)

    def test_a_superuser_removes_it(self, app: AuthenticatorApp, bob: User, root: User) -> None:
        self.remove_as(root, bob)

        assert not second_factor.has_one(bob)
        assert act_of("second_factor.remove").actor == root

    def test_a_manager_removes_nobodys(self, app: AuthenticatorApp, bob: User, root: User) -> None:
        give_second_factor(root)

        self.remove_as(bob, root)

        assert second_factor.has_one(root)

    def test_nobody_changes_it_in_the_admin(self, root: User) -> None:
        browser = Client()
        browser.force_login(root)

        assert browser.get("/admin/mfa/authenticator/").status_code == 404

    def test_the_command_removes_it(self, app: AuthenticatorApp, bob: User) -> None:
        call_command("remove_second_factor", "bob")

        assert not second_factor.has_one(bob)
        assert act_of("second_factor.remove").actor is None
        with pytest.raises(CommandError, match="bob has no second factor"):
            call_command("remove_second_factor", "bob")

    def test_a_new_secret_key_locks_it_until_the_old_one_is_named(
        self, app: AuthenticatorApp, settings: Settings, caplog: pytest.LogCaptureFixture
    ) -> None:
        old, settings.SECRET_KEY = settings.SECRET_KEY, "a new secret of the tests"

        lost = at_the_api(code=app.code())
        settings.SECRET_KEY_FALLBACKS = [old]
        found = at_the_api(code=app.code())

        assert (lost.status_code, found.status_code) == (401, 200)
        assert "SECRET_KEY_FALLBACKS" in caplog.text

    def test_who_signed_in_since_the_secret_key_is_new_needs_the_old_one_no_more(
        self, bob: User, settings: Settings
    ) -> None:
        app, recovery_codes = give_second_factor(bob)
        settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
        settings.SECRET_KEY = "a new secret of the tests"
        at_the_api(code=app.code())

        settings.SECRET_KEY_FALLBACKS = []

        assert at_the_api(code=app.code(steps=1)).status_code == 200
        assert at_the_api(code=recovery_codes[0]).status_code == 200

    def test_a_lost_secret_key_breaks_no_page(
        self, app: AuthenticatorApp, bob: User, root: User, settings: Settings
    ) -> None:
        settings.SECRET_KEY = "a new secret of the tests"
        browser = Client()
        browser.force_login(root)

        page = browser.get(reverse("admin:users_user_change", args=[bob.pk]))

        assert "Set up on" in page.content.decode()
