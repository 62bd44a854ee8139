"""The front door while the execution service is down, slow or broken."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import httpx
import pytest

from tests.integration.backend.gateway.front_door import ExecutionService, front_door
from tests.support.asgi_servers import serving
from tests.support.patience import PATIENCE_S
from tests.support.servers import free_port

pytestmark = pytest.mark.asyncio
GOOD = b"HTTP/1.1 204 No Content\r\n\r\n"


@dataclass(slots=True)
class BreakingServer:
    """Where it listens, and how often it was asked."""

    address: str = ""
    asked: int = 0


async def test_says_that_the_service_is_down(stack: AsyncExitStack) -> None:
    address = await stack.enter_async_context(front_door(f"127.0.0.1:{free_port()}"))

    async with httpx.AsyncClient(base_url=f"http://{address}", timeout=PATIENCE_S) as client:
        answer = await client.post("/run", json={}, headers={"Origin": "http://x.example"})
        other = await client.get("/other")

    assert answer.status_code == 503
    assert "execution service does not answer" in answer.json()["detail"]
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Retry-After"]
    assert other.status_code == 200


async def test_says_that_the_service_is_late(
    stack: AsyncExitStack, service: ExecutionService
) -> None:
    upstream = await stack.enter_async_context(serving(service.application()))
    address = await stack.enter_async_context(front_door(upstream, answer_timeout_s=0.1))

    async with httpx.AsyncClient(base_url=f"http://{address}", timeout=PATIENCE_S) as client:
        while service.received.empty():  # the way there alone may take too long
            answer = await client.get("/api/v1/executions/slow")
            assert answer.status_code == 504
            assert "too long" in answer.json()["detail"]

    assert await service.received.get() == "started"
    assert await asyncio.wait_for(service.received.get(), PATIENCE_S) == "client left"


@asynccontextmanager
async def breaking_off(*, says: bytes, goes_on_after: int) -> AsyncIterator[BreakingServer]:
    """Run a service that breaks so many requests off, and answers those that follow."""
    breaking = BreakingServer()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        breaking.asked += 1
        await reader.readuntil(b"\r\n\r\n")
        writer.write(says if breaking.asked <= goes_on_after else GOOD)
        writer.close()
        await writer.wait_closed()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        breaking.address = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
        yield breaking


@pytest.mark.parametrize("nonsense", [b"", b"SSH-2.0-OpenSSH\r\n", b"HTTP/1.1 200 OK\r\n"])
@pytest.mark.parametrize(("method", "times"), [("GET", 2), ("POST", 1)])
async def test_says_that_the_service_broke_off(
    stack: AsyncExitStack, nonsense: bytes, method: str, times: int
) -> None:
    service = await stack.enter_async_context(breaking_off(says=nonsense, goes_on_after=9))
    address = await stack.enter_async_context(front_door(service.address))

    async with httpx.AsyncClient(base_url=f"http://{address}", timeout=PATIENCE_S) as client:
        answer = await client.request(method, "/run")

    assert answer.status_code == 502
    assert "detail" in answer.json()
    assert service.asked == times


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_who_only_looks_does_not_notice_that_a_replica_died(
    stack: AsyncExitStack, method: str
) -> None:
    service = await stack.enter_async_context(breaking_off(says=b"", goes_on_after=1))
    address = await stack.enter_async_context(front_door(service.address))

    async with httpx.AsyncClient(base_url=f"http://{address}", timeout=PATIENCE_S) as client:
        answer = await client.request(method, "/api/v1/executions/one")

    assert answer.status_code == 204
