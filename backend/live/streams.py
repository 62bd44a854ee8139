"""Server-sent events (source: html.spec.whatwg.org, "Server-sent events").

`GET <resource>/events` tells whenever `GET <resource>` would answer something new. A `HEAD` of the
resource by the same caller decides whether they may know: its `X-Live-Channel` names the channel,
its `ETag` is the state.
"""

import asyncio
import json
import random
import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus

from gateway.asgi import AsgiApplication, Message, Receive, Scope, Send, header
from gateway.refusals import RefusalError, refuse
from live.hub import Hub, Subscription
from live.relay import RedisRelay
from live.resource import CHANNEL_HEADER, ask, refuse_like

_STREAM = re.compile(rb"(/api/.+/)events/?")

FULL = RefusalError(
    HTTPStatus.SERVICE_UNAVAILABLE,
    "too-many-streams",
    "Too many streams are open. Ask for the resource itself every now and then.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamLimits:
    """How many streams there may be at a time, and how they live."""

    streams_max: int = 2000
    streams_per_address_max: int = 500
    """A whole contest hall may come from one address."""
    heartbeat_s: float = 15.0
    pause_s: float = 0.25
    lifetime_s: float = 3600.0
    send_timeout_s: float = 10.0
    retry_ms: tuple[int, int] = (2000, 6000)
    """From when to when clients come back that have lost theirs; spread, as all may have."""


class LiveStreams:
    """Answers the addresses of streams, and passes everything else on to the application."""

    def __init__(
        self,
        *,
        application: AsgiApplication,
        hub: Hub,
        relay: RedisRelay | None,
        address_of: Callable[[Scope], str | None],
        limits: StreamLimits,
    ) -> None:
        self._application = application
        self._hub = hub
        self._relay = relay
        self._address_of = address_of
        self._limits = limits
        self._open: Counter[str | None] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        stream = _STREAM.fullmatch(scope["raw_path"])
        if stream is None or scope["method"] != "GET":
            await self._application(scope, receive, _without_channel(send))
            return
        address = self._address_of(scope)
        if self._is_full(address):
            await refuse(FULL, scope, send)
            return
        with self._counted(address), self._hub.subscribed() as subscription:
            await self._serve(stream[1], subscription, scope, receive, send)

    async def _serve(
        self,
        resource: bytes,
        subscription: Subscription,
        scope: Scope,
        receive: Receive,
        send: Send,
    ) -> None:
        if self._relay is not None:
            await self._relay.be_ready()
        state = await ask(self._application, resource, scope)
        channel = state.header(CHANNEL_HEADER)
        if state.status != HTTPStatus.OK or channel is None:
            await refuse_like(state, resource, scope, send)
            return
        subscription.narrow(channel)
        await send({
            "type": "http.response.start",
            "status": HTTPStatus.OK,
            "headers": [
                (b"content-type", b"text/event-stream; charset=utf-8"),
                (b"cache-control", b"no-store"),
                # nginx would keep events back until there are many.
                (b"x-accel-buffering", b"no"),
                *state.relayed_headers,
            ],
        })
        name = channel.partition("/")[0]
        telling = asyncio.create_task(
            self._tell(name, state.header(b"etag") or "", subscription, scope, send)
        )
        watching = asyncio.create_task(_wait_for_disconnect(receive))
        try:
            await asyncio.wait({telling, watching}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            telling.cancel()
            watching.cancel()
            await asyncio.wait({telling, watching})
        if not telling.cancelled():
            telling.result()

    async def _tell(
        self, name: str, current: str, subscription: Subscription, scope: Scope, send: Send
    ) -> None:
        """Send events until the stream's time is over; a reader that is too slow loses it."""
        limits = self._limits
        clock = asyncio.get_running_loop().time
        ends_at_s = clock() + limits.lifetime_s
        told = header(scope, b"last-event-id")
        try:
            await self._send(send, f"retry: {random.randint(*limits.retry_ms)}\n\n")  # noqa: S311
            tag: str | None = current
            while True:
                if tag is None:
                    await self._send(send, ": still here\n\n")
                elif tag != told:
                    await self._send(send, _event(name, tag))
                    told = tag
                    await asyncio.sleep(limits.pause_s)
                wait_s = min(limits.heartbeat_s, ends_at_s - clock())
                if subscription.has_ended or wait_s <= 0:
                    break
                tag = await subscription.next_tag(within_s=wait_s)
        except TimeoutError:
            # Left unfinished, the server cuts the connection.
            return
        await send({"type": "http.response.body", "body": b""})

    async def _send(self, send: Send, text: str) -> None:
        async with asyncio.timeout(self._limits.send_timeout_s):
            await send({"type": "http.response.body", "body": text.encode(), "more_body": True})

    def _is_full(self, address: str | None) -> bool:
        limits = self._limits
        is_full = self._open.total() >= limits.streams_max
        return is_full or self._open[address] >= limits.streams_per_address_max

    @contextmanager
    def _counted(self, address: str | None) -> Iterator[None]:
        self._open[address] += 1
        try:
            yield
        finally:
            self._open[address] -= 1
            if not self._open[address]:
                del self._open[address]


def _event(name: str, tag: str) -> str:
    data = json.dumps({"etag": tag})
    return f"event: {name}\nid: {tag}\ndata: {data}\n\n"


def _without_channel(send: Send) -> Send:
    """Keep the channel's name inside."""

    async def send_on(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = [each for each in message["headers"] if each[0] != CHANNEL_HEADER]
            message = {**message, "headers": headers}
        await send(message)

    return send_on


async def _wait_for_disconnect(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
