"""Nobody guesses passwords, at the API or at the admin's page."""

from typing import Any

import pytest
from django.test import Client
from limits import parse
from pytest_django import Settings
from rest_framework.test import APIClient

from apps.users.models import User
from tests.support.people import PASSWORD

pytestmark = pytest.mark.django_db
TOKEN = "/api/auth/token/"
ADMIN = "/admin/login/"
FAILURES_MAX = 3


@pytest.fixture(autouse=True)
def few_failures(settings: Settings) -> None:
    settings.RATE_LIMITS = {
        **settings.RATE_LIMITS,
        "login": parse("100/minute"),
        "login_failures": parse(f"{FAILURES_MAX}/hour"),
    }


def at_the_api(name: str, password: str = PASSWORD) -> Any:
    return APIClient().post(TOKEN, {"username": name, "password": password})


def at_the_admin(name: str, password: str = PASSWORD) -> Any:
    return Client().post(f"{ADMIN}?next=/admin/", {"username": name, "password": password})


def says_too_many(page: Any) -> bool:
    return "There were too many tries to sign in. Try again in" in page.content.decode()


def test_too_many_wrong_passwords_lock_the_account_at_both_doors(bob: User) -> None:
    for _ in range(FAILURES_MAX - 1):
        assert at_the_api("bob", "wrong").status_code == 401
    assert at_the_admin("bob", "wrong").status_code == 200

    api, admin = at_the_api("bob"), at_the_admin("bob")

    assert api.status_code == 429
    assert 0 < int(api.headers["Retry-After"]) <= 3600
    assert says_too_many(admin)


def test_who_knows_the_password_is_not_counted(bob: User) -> None:
    for _ in range(2 * FAILURES_MAX):
        assert at_the_api("bob").status_code == 200
        assert at_the_admin("bob").status_code == 302


def test_name_and_address_are_one_account(bob: User) -> None:
    for name in ("bob", "BOB", bob.email):
        at_the_api(name, "wrong")

    assert at_the_api("bob").status_code == 429


def test_a_name_that_nobody_has_is_locked_alike(bob: User) -> None:
    for _ in range(FAILURES_MAX):
        at_the_api("nobody", "wrong")

    assert at_the_api("nobody", "wrong").status_code == 429
    assert says_too_many(at_the_admin("nobody", "wrong"))
    assert at_the_api("bob").status_code == 200


def test_tries_at_the_admin_are_counted_by_account_and_address(
    bob: User, alice: User, settings: Settings
) -> None:
    settings.RATE_LIMITS = {
        **settings.RATE_LIMITS,
        "login": parse("2/minute"),
        "login_address": parse("4/minute"),
    }
    of_bob = [at_the_admin("bob") for _ in range(3)]
    others = [at_the_admin(name) for name in ("somebody", "alice")]

    assert [says_too_many(each) for each in of_bob] == [False, False, True]
    assert [says_too_many(each) for each in others] == [False, True]


def test_a_name_that_no_database_keeps_is_a_wrong_one() -> None:
    assert not says_too_many(at_the_admin("b\x00b"))
    assert at_the_admin("").status_code == 200
