"""Visitors without an account: a token for running programs, and for nothing else."""

import re
from typing import Any

import jwt
import pytest
from django.test import Client
from limits import parse
from rest_framework.test import APIClient

from apps.users import tokens
from apps.users.keys import ALGORITHM
from tests.support.backend_endpoints import OUTSIDE_OF_CONTESTS, endpoints

pytestmark = pytest.mark.django_db
GUEST = "/api/auth/guest/"
OPEN_TO_ALL = OUTSIDE_OF_CONTESTS | {"GET ", "GET contests/{id}/scoreboard/"}


@pytest.fixture(autouse=True)
def guests_are_wanted(settings: Any) -> None:
    settings.GUEST_EXECUTIONS = True


def come() -> dict[str, Any]:
    answer = APIClient().post(GUEST)
    assert answer.status_code == 201, answer.content
    document: dict[str, Any] = answer.json()
    return document


def test_gives_a_guest_a_token_that_the_published_keys_verify(settings: Any) -> None:
    guest = come()

    published = jwt.PyJWKSet.from_dict(APIClient().get("/.well-known/jwks.json").json())
    key = published[jwt.get_unverified_header(guest["access_token"])["kid"]]
    claims = jwt.decode(
        guest["access_token"],
        key,
        algorithms=[ALGORITHM],
        audience=settings.JWT_AUDIENCE,
        issuer=settings.JWT_ISSUER,
    )
    assert claims["uid"] == claims["sub"] == guest["uid"]
    assert (claims["user_id"], claims["roles"], claims["token_use"]) == (None, [], "guest")
    assert claims["exp"] - claims["iat"] == guest["expires_in"] == 3600
    assert guest["token_type"] == "Bearer"


def test_every_guest_is_another_one() -> None:
    assert come()["uid"] != come()["uid"]


def test_no_guest_comes_where_none_is_wanted(settings: Any) -> None:
    settings.GUEST_EXECUTIONS = False

    answer = APIClient().post(GUEST)

    assert answer.status_code == 403
    assert answer.json()["code"] == "forbidden"


def test_counts_guests_by_address(settings: Any) -> None:
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "guest": parse("2/minute")}

    statuses = [APIClient().post(GUEST).status_code for _ in range(3)]

    assert statuses == [201, 201, 429]


def test_a_guest_is_no_cookie_and_signs_nobody_out() -> None:
    assert not APIClient().post(GUEST).cookies


def test_a_guests_token_is_good_for_nothing_here() -> None:
    client = Client(headers={"Authorization": f"Bearer {come()['access_token']}"})
    closed = sorted({each.name for each in endpoints()} - OPEN_TO_ALL)

    statuses = {each: ask(client, each) for each in closed}

    assert statuses == dict.fromkeys(closed, 401)


def ask(client: Client, endpoint: str) -> int:
    method, path = endpoint.split(" ", 1)
    address = re.sub(r"{\w+}", "1", f"/{path}")
    return client.generic(method, address).status_code


def test_a_guests_token_in_the_cookie_is_nobodys() -> None:
    client = Client()
    client.cookies["access_token"] = come()["access_token"]

    assert client.get("/api/auth/me/").status_code == 401


def test_a_guests_token_refreshes_nothing() -> None:
    token = come()["access_token"]

    assert tokens.refresh_session(token) is None
