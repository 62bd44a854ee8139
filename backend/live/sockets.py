"""Streams as WebSockets: messages `{"type", "id", "data"}`, and `{"type": "heartbeat"}`.

Clients need not send anything; what they send is not read further.
"""

import asyncio
import json
from collections.abc import Callable
from contextlib import aclosing, suppress
from http import HTTPStatus
from urllib.parse import parse_qsl, urlencode

from gateway.asgi import Receive, Scope, Send
from gateway.refusals import RefusalError
from live.following import Event, Follower, RefusedError
from live.limits import StreamLimits
from live.presence import wait_until, while_there
from live.resource import State

# Source: RFC 6455, section 7.4, and IANA's registry; those from 4000 on are the contract's.
COME_BACK, TRY_LATER = 1012, 1013
SIGN_IN, NOT_ALLOWED = 4001, 4003
GONE = "websocket.disconnect"
HEARTBEAT = '{"type":"heartbeat"}'
_PARAMETERS = frozenset({"token", "last_event_id"})


def as_request(
    scope: Scope, *, is_origin_ours: Callable[[Scope], bool]
) -> tuple[Scope, str | None]:
    """Give the request that a handshake stands for, and the id of the last event that they have.

    A browser can set no header, so the token comes in the query. It sends cookies from pages of any
    origin, so those of others do not count.
    """
    query = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
    said = {name: value for name, value in query if name in _PARAMETERS}
    headers = list(scope["headers"])
    if not is_origin_ours(scope):
        headers = [each for each in headers if each[0] != b"cookie"]
    if "token" in said:
        headers = [each for each in headers if each[0] != b"authorization"]
        bearer = f"Bearer {said['token']}"
        headers.append((b"authorization", bearer.encode("latin-1", errors="replace")))
    kept = urlencode([each for each in query if each[0] not in _PARAMETERS])
    request = {**scope, "headers": headers, "query_string": kept.encode()}
    return request, said.get("last_event_id")


async def send_messages(
    follower: Follower, receive: Receive, send: Send, limits: StreamLimits
) -> None:
    """Accept the WebSocket, and send messages until its time is over or the client goes away."""
    await send({"type": "websocket.accept"})
    closing = await while_there(_tell(follower, send, limits), receive, gone=GONE)
    if closing is not None:
        await _close(send, *closing, limits)


async def refuse_socket(refused: State | RefusalError, receive: Receive, send: Send) -> None:
    """Accept the WebSocket, as only then a browser tells its page why, and close it."""
    if isinstance(refused, RefusalError):
        code, reason = TRY_LATER, refused.detail
    else:
        code, reason = _closing_of(refused)
    await send({"type": "websocket.accept"})
    await send({"type": "websocket.close", "code": code, "reason": reason})
    await wait_until(GONE, receive)


async def _tell(follower: Follower, send: Send, limits: StreamLimits) -> tuple[int, str]:
    """Send messages; give the code and the reason to close with."""

    async def say(text: str) -> None:
        async with asyncio.timeout(limits.send_timeout_s):
            await send({"type": "websocket.send", "text": text})

    try:
        async with aclosing(follower.events()) as events:
            async for event in events:
                await say(HEARTBEAT if event is None else _message(event))
    except TimeoutError:
        return TRY_LATER, "You read too slowly."
    except RefusedError as refused:
        return _closing_of(refused.state)
    return COME_BACK, "Come back, with the id of the last event."


async def _close(send: Send, code: int, reason: str, limits: StreamLimits) -> None:
    # To a reader that does not read, not even this can be said.
    with suppress(TimeoutError):
        async with asyncio.timeout(limits.send_timeout_s):
            await send({"type": "websocket.close", "code": code, "reason": reason})


def _message(event: Event) -> str:
    head = json.dumps({"type": event.name, "id": event.id})
    return f'{head[:-1]}, "data": {event.data}}}'


def _closing_of(state: State) -> tuple[int, str]:
    if state.status == HTTPStatus.UNAUTHORIZED:
        return SIGN_IN, "The token is not valid, or no longer."
    if state.status == HTTPStatus.TOO_MANY_REQUESTS or state.status >= 500:  # noqa: PLR2004
        return TRY_LATER, state.detail
    return NOT_ALLOWED, state.detail
