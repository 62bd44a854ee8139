from typing import Any

import pytest

from gateway.rules import Trust, answer_headers, is_passed_on, request_headers

DIRECT = Trust(proxies=0, is_scheme_believed=False)


def make_scope(kind: str = "http", path: str = "/run", **headers: str) -> dict[str, Any]:
    return {
        "type": kind,
        "path": path,
        "scheme": "http" if kind == "http" else "ws",
        "client": ("192.0.2.7", 4711),
        "headers": [
            (name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()
        ],
    }


@pytest.mark.parametrize(
    "path",
    [
        "/run",
        "/run/",
        "/runall",
        "/submit",
        "/submit/",
        "/api/v1/languages",
        "/api/v1/auth/verify",
        "/api/v1/auth/user/",
        "/api/v1/executions/execute",
        "/api/v1/executions/status/1/",
    ],
)
def test_passes_on_the_execution_services_paths(path: str) -> None:
    assert is_passed_on(make_scope(path=path))


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/runs",
        "/run/x",
        "/run\n",
        "/RUN",
        "//run",
        "/health",
        "/ws",
        "/api/v1/submissions/",
        "/api/v1/auth/",
        "/api/v1/auth/verify/x",
        "/api/v1/auth/users",
        "/api/v1/executionsx",
        "/api/v1/executions/../submissions/",
        "/api/v1/executions/./x",
        "/api/v1/executions/..",
        "/admin/run",
    ],
)
def test_leaves_every_other_path_to_django(path: str) -> None:
    assert not is_passed_on(make_scope(path=path))


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/ws", True),
        ("/ws/", True),
        ("/api/v1/executions/ws/1", True),
        ("/api/terminal/ws/1", True),
        ("/run", False),
        ("/api/v1/executions/status/1", False),
        ("/api/terminal/ws/", False),
        ("/api/terminal/ws/../../x", False),
    ],
)
def test_knows_the_websockets(path: str, *, expected: bool) -> None:
    assert is_passed_on(make_scope("websocket", path)) is expected


@pytest.mark.parametrize(
    ("proxies", "forwarded_for", "address"),
    [
        (0, "", "192.0.2.7"),
        (0, "198.51.100.1", "192.0.2.7"),
        (1, "198.51.100.1", "198.51.100.1"),
        (1, "203.0.113.9, 198.51.100.1", "198.51.100.1"),
        (2, "203.0.113.9, 198.51.100.1, 10.0.0.1", "198.51.100.1"),
        (2, "2001:db8::1", "2001:db8::1"),
        (1, "", "192.0.2.7"),
        (1, "nonsense", "192.0.2.7"),
        (1, "198.51.100.1\r\nx: y", "192.0.2.7"),
    ],
)
def test_believes_as_many_forwarders_as_there_are_proxies(
    proxies: int, forwarded_for: str, address: str
) -> None:
    headers = {"x_forwarded_for": forwarded_for} if forwarded_for else {}

    sent = request_headers(make_scope(**headers), Trust(proxies=proxies, is_scheme_believed=False))

    assert [value for name, value in sent if name == b"x-forwarded-for"] == [address.encode()]


@pytest.mark.parametrize(
    ("is_believed", "said", "scheme"),
    [
        (False, "https", b"http"),
        (True, "https", b"https"),
        (True, "wss", b"https"),
        (True, "gopher", b"http"),
    ],
)
def test_believes_the_scheme_only_of_a_proxy(
    said: str, scheme: bytes, *, is_believed: bool
) -> None:
    trust = Trust(proxies=1, is_scheme_believed=is_believed)

    sent = request_headers(make_scope(x_forwarded_proto=said), trust)

    assert [value for name, value in sent if name == b"x-forwarded-proto"] == [scheme]


def test_keeps_what_is_between_two_hops_from_the_service() -> None:
    scope = make_scope(
        host="judge.example",
        authorization="Bearer x",
        connection="keep-alive, X-Secret, Host, Content-Length",
        x_secret="1",
        keep_alive="1",
        te="trailers",
        upgrade="h2c",
        transfer_encoding="chunked",
        content_length="7",
        proxy_authorization="Basic x",
        expect="100-continue",
        forwarded="for=1",
        x_real_ip="1",
        x_forwarded_host="evil",
    )

    sent = request_headers(scope, DIRECT)

    assert sent == [
        (b"host", b"judge.example"),
        (b"authorization", b"Bearer x"),
        (b"content-length", b"7"),
        (b"x-forwarded-for", b"192.0.2.7"),
        (b"x-forwarded-proto", b"http"),
    ]


def test_makes_a_handshake_of_its_own_and_keeps_the_origin() -> None:
    scope = make_scope(
        "websocket",
        "/ws",
        origin="http://localhost:3000",
        cookie="a=b",
        sec_websocket_key="x",
        sec_websocket_version="13",
        sec_websocket_extensions="permessage-deflate",
        sec_websocket_protocol="chat",
    )

    sent = dict(request_headers(scope, DIRECT))

    assert sent == {
        b"origin": b"http://localhost:3000",
        b"cookie": b"a=b",
        b"x-forwarded-for": b"192.0.2.7",
        b"x-forwarded-proto": b"http",
    }


def test_keeps_what_is_between_two_hops_from_the_client() -> None:
    headers = [
        (b"Content-Type", b"text/plain"),
        (b"Set-Cookie", b"a=1"),
        (b"Set-Cookie", b"b=2"),
        (b"Connection", b"close, X-Hop"),
        (b"X-Hop", b"1"),
        (b"Transfer-Encoding", b"chunked"),
        (b"Date", b"today"),
        (b"Server", b"uvicorn"),
    ]

    assert answer_headers(headers) == [
        (b"content-type", b"text/plain"),
        (b"set-cookie", b"a=1"),
        (b"set-cookie", b"b=2"),
    ]
