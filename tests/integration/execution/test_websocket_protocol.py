"""How the server keeps WebSockets whose clients do not do their part."""

import asyncio
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import pytest
from websockets.asyncio.client import connect

from app.websockets import protocol
from app.websockets.protocol import websocket_options
from tests.support.asgi_servers import serving
from tests.support.patience import PATIENCE_S

pytestmark = pytest.mark.asyncio
Message = MutableMapping[str, Any]
Application = Callable[
    [Message, Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]],
    Awaitable[None],
]


def flooding(is_cut_off: asyncio.Event) -> Application:
    """Make an application that sends without end, and notes that it can't any more."""

    async def flood(scope: Message, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        try:
            while True:
                await send({"type": "websocket.send", "text": "x" * 65_536})
        except OSError:
            is_cut_off.set()

    return flood


async def silent(scope: Message, receive: Any, send: Any) -> None:
    await receive()
    await send({"type": "websocket.accept"})
    while (await receive())["type"] != "websocket.disconnect":
        pass


async def test_who_takes_nothing_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "SEND_TIMEOUT_S", 0.2)
    is_cut_off = asyncio.Event()

    async with (
        serving(flooding(is_cut_off), lifespan="off", **websocket_options()) as address,
        connect(f"ws://{address}/", max_queue=1, close_timeout=0.1, compression=None),
        asyncio.timeout(PATIENCE_S),
    ):
        await is_cut_off.wait()


async def test_who_takes_what_comes_slowly_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "SEND_TIMEOUT_S", 2.0)
    is_cut_off = asyncio.Event()
    took_for_s = 0.0

    async with (
        serving(flooding(is_cut_off), lifespan="off", **websocket_options()) as address,
        connect(f"ws://{address}/", max_queue=1, close_timeout=0.1, compression=None) as socket,
    ):
        started = time.monotonic()
        while took_for_s < 2.5:
            await socket.recv()
            took_for_s = time.monotonic() - started
            await asyncio.sleep(0.001)
        assert not is_cut_off.is_set()


async def test_who_answers_no_ping_is_cut_off() -> None:
    impatient = websocket_options() | {"ws_ping_interval": 0.05, "ws_ping_timeout": 0.05}

    async with serving(silent, lifespan="off", **impatient) as address:
        host, _, port = address.partition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(
            b"GET / HTTP/1.1\r\nHost: service\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
        )
        async with asyncio.timeout(PATIENCE_S):
            assert b"101" in await reader.readuntil(b"\r\n\r\n")
            heard = await reader.read()
        writer.close()

    assert heard[0] == 0x89  # a ping
    assert b"\x03\xf3keepalive ping timeout" in heard  # 1011


async def test_offers_no_compression() -> None:
    async with (
        serving(silent, lifespan="off", **websocket_options()) as address,
        connect(f"ws://{address}/") as socket,
    ):
        assert socket.response is not None
        assert "Sec-WebSocket-Extensions" not in socket.response.headers
