"""Streams as server-sent events (source: html.spec.whatwg.org, "Server-sent events")."""

import asyncio
import random
from contextlib import aclosing
from http import HTTPStatus

from gateway.asgi import Receive, Send
from live.following import Event, Follower, RefusedError
from live.limits import StreamLimits
from live.presence import while_there
from live.resource import State


async def send_events(
    follower: Follower, opened: State, receive: Receive, send: Send, limits: StreamLimits
) -> None:
    """Answer with events until the stream's time is over, or the client goes away."""
    await send({
        "type": "http.response.start",
        "status": HTTPStatus.OK,
        "headers": [
            (b"content-type", b"text/event-stream; charset=utf-8"),
            (b"cache-control", b"no-store"),
            # nginx would keep events back until there are many.
            (b"x-accel-buffering", b"no"),
            *opened.relayed_headers,
        ],
    })
    await while_there(_tell(follower, send, limits), receive, gone="http.disconnect")


async def _tell(follower: Follower, send: Send, limits: StreamLimits) -> None:
    """Send events; a reader that is too slow loses the stream."""

    async def say(text: str) -> None:
        async with asyncio.timeout(limits.send_timeout_s):
            await send({"type": "http.response.body", "body": text.encode(), "more_body": True})

    try:
        await say(f"retry: {random.randint(*limits.retry_ms)}\n\n")  # noqa: S311
        async with aclosing(follower.events()) as events:
            async for event in events:
                await say(": still here\n\n" if event is None else _block(event))
    except TimeoutError:
        # Left unfinished, the server cuts the connection.
        return
    except RefusedError:
        # The client comes back, and is refused with the reason.
        pass
    await send({"type": "http.response.body", "body": b""})


def _block(event: Event) -> str:
    return f"event: {event.name}\nid: {event.id}\ndata: {event.data}\n\n"
