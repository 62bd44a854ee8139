"""What clients say on a WebSocket that is there to tell them something."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.types import Message
from starlette.websockets import WebSocket

from app.errors import TooManyMessagesError

PONG = '{"type":"pong"}'
WINDOW_S = 10.0
MESSAGES_MAX = 100
"""How many messages a client may send in a window; none is needed."""


class ClientGoneError(Exception):
    """Nobody watches any more."""


@asynccontextmanager
async def listened_to(websocket: WebSocket) -> AsyncIterator[None]:
    """Answer pings while the block runs, and cancel it when the client goes or says too much.

    Raises:
        ClientGoneError: it went.
        TooManyMessagesError: it said too much.
        CancelledError: somebody else cancelled the block.
    """
    block = asyncio.current_task()
    assert block is not None  # noqa: S101  # we are inside a coroutine
    ended_by: Exception | None = None

    async def listen() -> None:
        nonlocal ended_by
        try:
            await _answer_pings(websocket)
        except (ClientGoneError, TooManyMessagesError) as error:
            ended_by = error
            block.cancel()

    listener = asyncio.create_task(listen())
    try:
        yield
    except asyncio.CancelledError:
        if ended_by is not None and block.uncancel() == 0:
            raise ended_by from None
        raise
    finally:
        listener.cancel()


async def _answer_pings(websocket: WebSocket) -> None:
    window_ends_s, heard = 0.0, 0
    while (message := await websocket.receive())["type"] != "websocket.disconnect":
        now_s = time.monotonic()
        if now_s > window_ends_s:
            window_ends_s, heard = now_s + WINDOW_S, 0
        heard += 1
        if heard > MESSAGES_MAX:
            raise TooManyMessagesError
        if _is_ping(message):
            await websocket.send_text(PONG)
    raise ClientGoneError


def _is_ping(message: Message) -> bool:
    text = message.get("text") or ""
    if text == "ping":
        return True
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        return False
    return isinstance(said, dict) and said.get("type") == "ping"
