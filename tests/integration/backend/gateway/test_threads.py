"""How Django gets its requests and gives its answers, between a real server and a WSGI stand-in."""

import asyncio
import json
import re
import threading
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from django.urls import resolve

from config.asgi import RESERVED_THREADS
from gateway import wsgi
from gateway.wsgi import PIECE_BYTES, ThreadedWsgi
from tests.support.asgi_servers import serving
from tests.support.patience import PATIENCE_S

pytestmark = pytest.mark.asyncio
BODY_BYTES_MAX = 1000
THREADS = 2
SHOWN = (
    "REQUEST_METHOD",
    "PATH_INFO",
    "QUERY_STRING",
    "CONTENT_TYPE",
    "CONTENT_LENGTH",
    "REMOTE_ADDR",
    "HTTP_HOST",
    "HTTP_COOKIE",
    "HTTP_X_FORWARDED_FOR",
    "wsgi.url_scheme",
)


def show(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    shown = {name: environ.get(name) for name in SHOWN}
    shown["body"] = environ["wsgi.input"].read().decode()
    start_response("201 Created", [("Content-Type", "application/json"), ("Set-Cookie", "a=1")])
    return [json.dumps(shown).encode()]


@asynccontextmanager
async def client_of(application: Callable[..., Any]) -> AsyncIterator[httpx.AsyncClient]:
    threaded = ThreadedWsgi(
        application,
        threads=THREADS,
        reserved_threads={r"/contests/\d+/board(/|$)": 1, "/results/": 1},
        body_bytes_max=BODY_BYTES_MAX,
    )
    async with (
        serving(threaded, lifespan="off", proxy_headers=False) as address,
        httpx.AsyncClient(base_url=f"http://{address}", timeout=PATIENCE_S) as client,
    ):
        yield client
    threaded.close()


async def test_gives_the_application_the_request() -> None:
    async with client_of(show) as client:
        answer = await client.post(
            "/caf%C3%A9/%2F?x=%20", content=b"body", headers={"Content-Type": "text/x", "Host": "h"}
        )

    seen = answer.json()
    assert answer.status_code == 201
    assert answer.headers["Set-Cookie"] == "a=1"
    assert seen == {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/caf\xc3\xa9//",
        "QUERY_STRING": "x=%20",
        "CONTENT_TYPE": "text/x",
        "CONTENT_LENGTH": "4",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": "h",
        "HTTP_COOKIE": None,
        "HTTP_X_FORWARDED_FOR": None,
        "wsgi.url_scheme": "http",
        "body": "body",
    }


@pytest.mark.parametrize("path", ["/results/17", "/contests/17/board/"])
async def test_what_has_threads_of_its_own_does_not_wait_behind_others(path: str) -> None:
    begun, goes_on = threading.Semaphore(0), threading.Event()

    def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if environ["PATH_INFO"] == "/slow":
            begun.release()
            goes_on.wait(PATIENCE_S)
        return show(environ, start_response)

    async with client_of(application) as client:
        slow = [asyncio.create_task(client.get("/slow")) for _ in range(3 * THREADS)]
        for _ in range(THREADS):
            assert await asyncio.to_thread(begun.acquire, timeout=PATIENCE_S)
        quick = await client.get(path)
        were_waiting = not any(each.done() for each in slow)
        goes_on.set()
        answers = await asyncio.gather(*slow)

    assert (quick.status_code, were_waiting) == (201, True)
    assert [answer.status_code for answer in answers] == [201] * len(slow)


@pytest.mark.parametrize(
    ("path", "is_reserved"),
    [
        ("/api/webhooks/code-execution/", True),
        ("/api/code-execution/contests/7/scoreboard/", True),
        ("/api/code-execution/contests/7/scoreboard", True),
        ("/api/code-execution/contests/7/leaderboard/", True),
        ("/contests/7/scoreboard/", True),
        ("/api/code-execution/contests/7/", False),
        ("/api/code-execution/submissions/", False),
    ],
)
async def test_results_and_boards_have_threads_of_their_own(
    path: str, *, is_reserved: bool
) -> None:
    assert resolve(f"{path.removesuffix('/')}/")
    assert any(re.match(paths, path) for paths in RESERVED_THREADS) == is_reserved


async def test_joins_headers_and_drops_those_that_would_pass_for_others() -> None:
    headers = [
        ("Cookie", "a=1"),
        ("Cookie", "b=2"),
        ("X-Forwarded-For", "10.0.0.1"),
        ("X_Forwarded_For", "10.0.0.2"),
        ("X-Forwarded-For", "10.0.0.3"),
    ]
    async with client_of(show) as client:
        seen = (await client.get("/", headers=headers)).json()

    assert seen["HTTP_COOKIE"] == "a=1; b=2"
    assert seen["HTTP_X_FORWARDED_FOR"] == "10.0.0.1,10.0.0.3"


async def test_tells_the_length_of_a_body_that_comes_in_chunks() -> None:
    async def chunks() -> AsyncIterator[bytes]:
        yield b"one "
        yield b"two"

    async with client_of(show) as client:
        seen = (await client.post("/", content=chunks())).json()

    assert (seen["CONTENT_LENGTH"], seen["body"]) == ("7", "one two")


@pytest.mark.parametrize("is_announced", [True, False])
async def test_a_body_over_the_cap_arrives_empty_with_a_length_over_it(
    *, is_announced: bool
) -> None:
    body = b"x" * (BODY_BYTES_MAX + 1)

    async def chunks() -> AsyncIterator[bytes]:
        yield body

    async with client_of(show) as client:
        seen = (await client.post("/", content=body if is_announced else chunks())).json()

    assert (seen["CONTENT_LENGTH"], seen["body"]) == (str(BODY_BYTES_MAX + 1), "")


async def test_a_long_answer_is_sent_piece_by_piece_from_one_thread() -> None:
    threads = set()
    is_closed = threading.Event()

    class Rows:
        def __iter__(self) -> Iterator[bytes]:
            for _ in range(8):
                threads.add(threading.get_ident())
                yield b"x" * (PIECE_BYTES // 2)

        def close(self) -> None:
            is_closed.set()

    def export(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", [])
        return Rows()

    async with client_of(export) as client:
        answer = await client.get("/")

    assert answer.content == b"x" * (4 * PIECE_BYTES)
    assert len(threads) == 1
    assert is_closed.is_set()


async def test_an_empty_answer_is_one() -> None:
    def nothing(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        start_response("204 No Content", [])
        return []

    async with client_of(nothing) as client:
        answer = await client.head("/")

    assert answer.status_code == 204


async def test_requests_run_side_by_side_and_the_rest_wait() -> None:
    meeting = threading.Barrier(THREADS)

    def meet(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        meeting.wait(PATIENCE_S)
        start_response("200 OK", [])
        return []

    async with client_of(meet) as client:
        answers = await asyncio.gather(*(client.get("/") for _ in range(2 * THREADS)))

    assert [answer.status_code for answer in answers] == [200] * 2 * THREADS


async def test_a_body_that_does_not_come_takes_no_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wsgi, "BODY_TIMEOUT_S", 0.3)
    async with client_of(show) as client:
        url = client.base_url
        slow = [await asyncio.open_connection(url.host, url.port) for _ in range(THREADS + 1)]
        for _, writer in slow:
            writer.write(b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nfirst")
        quick = await client.get("/")
        late = [await reader.readline() for reader, _ in slow]
        for _, writer in slow:
            writer.close()

    assert quick.status_code == 201
    assert all(b" 408 " in line for line in late)


async def test_a_client_that_leaves_within_its_body_is_not_served() -> None:
    calls: list[str] = []

    def count(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        calls.append(environ["PATH_INFO"])
        return show(environ, start_response)

    async with client_of(count) as client:
        url = client.base_url
        _, writer = await asyncio.open_connection(url.host, url.port)
        writer.write(b"POST /left HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nfirst")
        writer.close()
        await client.get("/")

    assert calls == ["/"]
