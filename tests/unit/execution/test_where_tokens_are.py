"""Where a request or a WebSocket carries its token, and where one counts for nothing."""

from typing import Any

import pytest
from starlette.requests import HTTPConnection

from app.dependencies import token_of
from app.errors import UnauthenticatedError


def connection(
    kind: str = "http", *, method: str = "GET", query: str = "", **headers: str
) -> HTTPConnection:
    scope: dict[str, Any] = {
        "type": kind,
        "path": "/",
        "query_string": query.encode(),
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }
    return HTTPConnection(scope | ({"method": method} if kind == "http" else {}))


COOKIE = {"cookie": "other=1; access_token=abc", "host": "contest.example.org"}


@pytest.mark.parametrize("value", ["Bearer abc", "bearer abc", "Token abc", "TOKEN  abc "])
@pytest.mark.parametrize("kind", ["http", "websocket"])
def test_the_header_has_one_in_two_spellings(kind: str, value: str) -> None:
    assert token_of(connection(kind, authorization=value)) == "abc"


def test_only_a_websocket_has_one_in_its_address() -> None:
    assert token_of(connection("websocket", query="token=abc")) == "abc"
    with pytest.raises(UnauthenticatedError):
        token_of(connection("http", query="token=abc"))


def test_what_was_sent_on_purpose_comes_before_the_cookie() -> None:
    assert token_of(connection("websocket", query="token=mine", **COOKIE)) == "mine"
    assert token_of(connection(authorization="Bearer mine", **COOKIE)) == "mine"


@pytest.mark.parametrize(
    ("kind", "method", "origin"),
    [
        ("http", "GET", None),
        ("http", "GET", "https://evil.example"),
        ("http", "POST", None),
        ("http", "POST", "https://contest.example.org"),
        ("websocket", "", None),
        ("websocket", "", "https://contest.example.org"),
    ],
)
def test_the_cookie_counts_for_our_own_pages(kind: str, method: str, origin: str | None) -> None:
    headers = COOKIE | ({"origin": origin} if origin else {})

    assert token_of(connection(kind, method=method, **headers)) == "abc"


@pytest.mark.parametrize(
    ("kind", "method", "origin"),
    [
        ("http", "POST", "https://evil.example"),
        ("http", "POST", "https://contest.example.org.evil.example"),
        ("http", "POST", "https://contest.example.org:8443"),
        ("http", "POST", "null"),
        ("http", "POST", "https://["),
        ("http", "DELETE", "https://evil.example"),
        ("websocket", "", "https://evil.example"),
        ("websocket", "", "null"),
    ],
)
def test_a_page_of_somebody_else_can_not_act_or_listen_by_the_cookie(
    kind: str, method: str, origin: str
) -> None:
    with pytest.raises(UnauthenticatedError):
        token_of(connection(kind, method=method, origin=origin, **COOKIE))


def test_without_a_host_no_origin_is_ours() -> None:
    with pytest.raises(UnauthenticatedError):
        token_of(connection(method="POST", origin="null", cookie="access_token=abc"))
