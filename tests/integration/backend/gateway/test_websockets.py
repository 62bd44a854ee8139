"""WebSockets through the front door: what is passed on, what is refused, and how they end."""

import asyncio
import json
from contextlib import AsyncExitStack
from types import SimpleNamespace

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Origin, Subprotocol

from gateway import protocol
from gateway import websocket as gateway_websocket
from gateway.websocket import MESSAGE_BYTES_MAX
from tests.integration.backend.gateway.front_door import ExecutionService, front_door
from tests.support.asgi_servers import serving
from tests.support.patience import PATIENCE_S
from tests.support.servers import free_port

pytestmark = pytest.mark.asyncio


async def test_passes_messages_of_both_kinds_on(address: str) -> None:
    headers = {"Cookie": "access_token=1", "X-Forwarded-For": "10.1.1.1"}
    async with connect(
        f"ws://{address}/ws?user_id=7&token=x",
        additional_headers=headers,
        origin=Origin("http://a"),
    ) as websocket:
        hello = json.loads(await websocket.recv())
        await websocket.send("ünï")
        text = await websocket.recv()
        await websocket.send(b"\x00\xff")
        binary = await websocket.recv()

    assert (text, binary) == ("ünï", b"\x00\xff")
    assert hello["query"] == {"user_id": "7", "token": "x"}
    assert hello["headers"]["cookie"] == "access_token=1"
    assert hello["headers"]["origin"] == "http://a"
    assert hello["headers"]["host"] == address
    assert hello["headers"]["x-forwarded-for"] == "127.0.0.1"


async def test_agrees_on_a_subprotocol(address: str) -> None:
    async with connect(
        f"ws://{address}/api/terminal/ws/1", subprotocols=[Subprotocol("v5"), Subprotocol("v4")]
    ) as websocket:
        assert websocket.subprotocol == "v5"


async def test_passes_the_services_close_code_on(address: str) -> None:
    async with connect(f"ws://{address}/ws") as websocket:
        await websocket.recv()
        await websocket.send("close")
        with pytest.raises(ConnectionClosed):
            await websocket.recv()

    assert (websocket.close_code, websocket.close_reason) == (4001, "bad token")


async def test_passes_the_clients_close_code_on(address: str, service: ExecutionService) -> None:
    async with connect(f"ws://{address}/ws") as websocket:
        await websocket.close(4321, "enough")

    assert await asyncio.wait_for(service.received.get(), PATIENCE_S) == (4321, "enough")


async def test_a_client_that_vanishes_is_gone_for_the_service(
    address: str, service: ExecutionService
) -> None:
    async with connect(f"ws://{address}/ws") as websocket:
        await websocket.recv()
        websocket.transport.abort()

        code, _ = await asyncio.wait_for(service.received.get(), PATIENCE_S)

    assert code in {1000, 1001}


async def test_a_client_that_takes_nothing_is_cut_off(
    address: str, service: ExecutionService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol, "SEND_TIMEOUT_S", 0.2)
    monkeypatch.setattr(gateway_websocket, "CLOSE_TIMEOUT_S", 0.2)
    async with connect(f"ws://{address}/ws", max_queue=1, close_timeout=0.1) as websocket:
        await websocket.send("pour")

        assert await asyncio.wait_for(service.received.get(), PATIENCE_S) == "gone"


async def test_passes_a_refused_handshake_on(address: str) -> None:
    with pytest.raises(InvalidStatus) as refused:
        await connect(f"ws://{address}/api/v1/executions/ws/refused")

    response = refused.value.response
    assert response.status_code == 403
    assert json.loads(response.body or b"") == {"detail": "Not yours."}
    assert response.headers["X-Why"] == "owner"


@pytest.mark.parametrize(("path", "host", "status"), [("/", "", 404), ("/ws", "evil", 400)])
async def test_refuses_what_it_does_not_serve(
    address: str, path: str, host: str, status: int
) -> None:
    ip, port = address.split(":")
    with pytest.raises(InvalidStatus) as refused:
        await connect(f"ws://{host or address}{path}", host=ip, port=int(port))

    assert refused.value.response.status_code == status


async def test_says_that_the_service_is_down(stack: AsyncExitStack) -> None:
    address = await stack.enter_async_context(front_door(f"127.0.0.1:{free_port()}"))

    with pytest.raises(InvalidStatus) as refused:
        await connect(f"ws://{address}/ws")

    assert refused.value.response.status_code == 503
    assert b"does not answer" in (refused.value.response.body or b"")


async def test_closes_what_stays_silent(
    stack: AsyncExitStack, service: ExecutionService, monkeypatch: pytest.MonkeyPatch
) -> None:
    now_s = 0.0
    monkeypatch.setattr(gateway_websocket, "time", SimpleNamespace(monotonic=lambda: now_s))
    upstream = await stack.enter_async_context(serving(service.application()))
    address = await stack.enter_async_context(front_door(upstream, idle_timeout_s=0.1))

    async with connect(f"ws://{address}/ws") as websocket:
        await websocket.recv()
        for _ in range(4):
            now_s += 0.075
            await websocket.send("still here")
            await websocket.recv()
            await asyncio.sleep(0.15)  # until it has looked how long nothing was said
        now_s += 0.1
        with pytest.raises(ConnectionClosed):
            await websocket.recv()

    assert websocket.close_code == 1001
    assert (await asyncio.wait_for(service.received.get(), PATIENCE_S))[0] == 1001


@pytest.mark.parametrize("message", ["flood", "x" * (MESSAGE_BYTES_MAX + 1)], ids=["in", "out"])
async def test_closes_on_a_message_over_the_limit(address: str, message: str) -> None:
    async with connect(f"ws://{address}/ws") as websocket:
        await websocket.recv()
        await websocket.send(message)
        with pytest.raises(ConnectionClosed):
            await websocket.recv()

    assert websocket.close_code == 1009
