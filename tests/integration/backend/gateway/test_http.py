"""Requests through the front door: what is passed on, what comes back, and what is refused."""

import asyncio
import json
from collections.abc import AsyncIterator

import httpx
import pytest

from gateway import http as gateway_http
from tests.integration.backend.gateway.front_door import ExecutionService, raw_connection
from tests.support.patience import PATIENCE_S

pytestmark = pytest.mark.asyncio


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/run"),
        ("OPTIONS", "/submit/"),
        ("GET", "/api/v1/languages"),
        ("DELETE", "/api/v1/executions/a"),
    ],
)
async def test_passes_request_and_answer_on_unchanged(
    client: httpx.AsyncClient, method: str, path: str
) -> None:
    answer = await client.request(
        method, f"{path}?a=%2F&b=ü", content=b"body", headers={"X-Mine": "1"}
    )

    seen = answer.json()
    assert answer.status_code == 207
    assert answer.headers["X-Answer"] == "yes"
    assert "X-Hop" not in answer.headers
    assert len(answer.headers.get_list("Date")) == 1
    assert seen["method"] == method
    assert (seen["target"], seen["query"]) == (path, "a=%2F&b=%C3%BC")
    assert seen["body"] == "body"
    assert ["x-mine", "1"] in seen["headers"]


async def test_names_the_client_and_believes_nothing_about_it(client: httpx.AsyncClient) -> None:
    forged = {"X-Forwarded-For": "10.1.1.1", "X-Forwarded-Proto": "https", "Forwarded": "for=1"}

    seen = (await client.get("/run", headers={**forged, "Host": "judge.example"})).json()

    headers = dict(seen["headers"])
    assert headers["x-forwarded-for"] == "127.0.0.1"
    assert headers["x-forwarded-proto"] == "http"
    assert "forwarded" not in headers
    assert headers["host"] == "judge.example"


async def test_leaves_escapes_in_a_path_as_they_are(address: str) -> None:
    async with raw_connection(address) as (reader, writer):
        writer.write(
            b"GET /api/v1/executions/a%2fb%20//c HTTP/1.1\r\n"
            b"Host: 127.0.0.1\r\nConnection: close\r\n\r\n"
        )
        answer = await reader.read()

    assert json.loads(answer.partition(b"\r\n\r\n")[2])["target"] == (
        "/api/v1/executions/a%2fb%20//c"
    )


@pytest.mark.parametrize(
    "path", ["/", "/runs", "/api/v1/submissions/", "/api/v1/executions/%2e%2e/submissions/"]
)
async def test_everything_else_goes_to_django(
    client: httpx.AsyncClient, path: str, service: ExecutionService
) -> None:
    answer = await client.get(path)

    assert answer.text.startswith("django /")
    assert not service.peers


async def test_keeps_one_connection_alive(
    client: httpx.AsyncClient, service: ExecutionService
) -> None:
    for _ in range(5):
        await client.post("/run", json={})

    assert len(service.peers) == 1


async def test_a_body_arrives_while_it_is_still_being_sent(
    client: httpx.AsyncClient, service: ExecutionService
) -> None:
    async def body() -> AsyncIterator[bytes]:
        yield b"first"
        assert await asyncio.wait_for(service.received.get(), PATIENCE_S) == b"first"
        yield b"second"

    answer = await client.post("/api/v1/executions/take", content=body())

    assert answer.status_code == 200
    assert await service.received.get() == b"second"


async def test_an_answer_arrives_while_it_is_still_being_made(
    client: httpx.AsyncClient, service: ExecutionService
) -> None:
    async with client.stream("GET", "/api/v1/executions/give") as answer:
        chunks = answer.aiter_bytes()
        first = await anext(chunks)
        service.may_go_on.set()
        rest = b"".join([chunk async for chunk in chunks])

    assert (first, rest) == (b"first ", b"second")


async def test_a_client_that_leaves_ends_the_request_to_the_service(
    address: str, service: ExecutionService
) -> None:
    async with raw_connection(address) as (_, writer):
        writer.write(b"GET /api/v1/executions/slow HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        started = await asyncio.wait_for(service.received.get(), PATIENCE_S)

    assert started == "started"
    assert await asyncio.wait_for(service.received.get(), PATIENCE_S) == "client left"


async def test_a_client_that_leaves_within_its_body_ends_the_request_to_the_service(
    address: str, service: ExecutionService
) -> None:
    async with raw_connection(address) as (_, writer):
        writer.write(
            b"POST /api/v1/executions/take HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            b"Content-Length: 100\r\n\r\nfirst"
        )
        assert await asyncio.wait_for(service.received.get(), PATIENCE_S) == b"first"

    async with httpx.AsyncClient(base_url=f"http://{address}", timeout=PATIENCE_S) as client:
        assert (await client.get("/run")).status_code == 207


async def test_a_broken_off_answer_is_no_complete_one(client: httpx.AsyncClient) -> None:
    with pytest.raises(httpx.RemoteProtocolError):
        await client.get("/api/v1/executions/broken")


async def test_refuses_a_host_that_is_not_ours(client: httpx.AsyncClient) -> None:
    answer = await client.get("/run", headers={"Host": "evil.example"})

    assert answer.status_code == 400
    assert "detail" in answer.json()


@pytest.mark.parametrize("is_announced", [True, False])
async def test_refuses_a_body_over_the_limit(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, *, is_announced: bool
) -> None:
    monkeypatch.setattr(gateway_http, "BODY_BYTES_MAX", 10)

    async def chunks() -> AsyncIterator[bytes]:
        yield b"12345678901"

    body = b"12345678901" if is_announced else chunks()
    answer = await client.post("/run", content=body)

    assert answer.status_code == 413
    assert answer.json()["code"] == "too-large"


async def test_refuses_a_body_that_does_not_go_on(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gateway_http, "STALLED_AFTER_S", 0.1)
    async with raw_connection(address) as (reader, writer):
        writer.write(b"POST /run HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9\r\n\r\nfirst")
        answer = await reader.readline()

    assert b" 408 " in answer
