"""The front door while the execution service is down, slow or broken."""

import asyncio
from contextlib import AsyncExitStack

import httpx
import pytest

from tests.integration.backend.gateway.front_door import ExecutionService, front_door
from tests.support.asgi_servers import serving
from tests.support.patience import PATIENCE_S
from tests.support.servers import free_port

pytestmark = pytest.mark.asyncio


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


@pytest.mark.parametrize("nonsense", [b"", b"SSH-2.0-OpenSSH\r\n", b"HTTP/1.1 200 OK\r\n"])
async def test_says_that_the_service_broke_off(stack: AsyncExitStack, nonsense: bytes) -> None:
    async def break_off(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(nonsense)
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(break_off, "127.0.0.1", 0)
    await stack.enter_async_context(server)
    port = server.sockets[0].getsockname()[1]
    address = await stack.enter_async_context(front_door(f"127.0.0.1:{port}"))

    async with httpx.AsyncClient(base_url=f"http://{address}", timeout=PATIENCE_S) as client:
        answer = await client.get("/run")

    assert answer.status_code == 502
    assert "detail" in answer.json()
