"""The addresses of streams: `<resource>/events` tells of every change of `<resource>`.

A `HEAD` of the resource by the same caller decides whether they may know, and on which channels
changes are told. Each event is asked for anew as the caller, so the policy decides every time.
"""

import re
from collections.abc import Callable
from contextlib import ExitStack

from gateway.asgi import AsgiApplication, Receive, Scope, Send, header
from gateway.refusals import RefusalError, refuse
from live.following import Asker, Follower, RefusedError
from live.hub import Hub
from live.limits import Places, StreamLimits
from live.relay import RedisRelay
from live.resource import State, refuse_like
from live.server_sent_events import send_events
from live.sockets import as_request, refuse_socket, send_messages

_STREAM = re.compile(rb"/api/.+/events/?")


class LiveStreams:
    """Answers the addresses of streams, and passes everything else on to the application."""

    def __init__(
        self,
        *,
        application: AsgiApplication,
        hub: Hub,
        relay: RedisRelay | None,
        address_of: Callable[[Scope], str | None],
        is_origin_ours: Callable[[Scope], bool],
        limits: StreamLimits,
    ) -> None:
        self._application = application
        self._hub = hub
        self._relay = relay
        self._address_of = address_of
        self._is_origin_ours = is_origin_ours
        self._limits = limits
        self._places = Places(limits)
        self._asker = Asker(application, at_once_max=limits.asks_at_once_max)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or WebSocket."""
        is_stream = _STREAM.fullmatch(scope["raw_path"]) is not None
        if is_stream and scope["type"] == "websocket":
            await self._serve_socket(scope, receive, send)
        elif is_stream and scope["method"] == "GET":
            await self._serve_events(scope, receive, send)
        else:
            await self._application(scope, receive, send)

    async def _serve_events(self, scope: Scope, receive: Receive, send: Send) -> None:
        with ExitStack() as places:
            try:
                follower, opened = await self._open(
                    scope, scope, header(scope, b"last-event-id"), places
                )
            except RefusedError as refused:
                await refuse_like(refused.state, scope, send)
            except RefusalError as refusal:
                await refuse(refusal, scope, send)
            else:
                await send_events(follower, opened, receive, send, self._limits)

    async def _serve_socket(self, scope: Scope, receive: Receive, send: Send) -> None:
        await receive()  # websocket.connect
        request, told = as_request(scope, is_origin_ours=self._is_origin_ours)
        with ExitStack() as places:
            try:
                follower, _opened = await self._open(scope, request, told, places)
            except RefusedError as refused:
                await refuse_socket(refused.state, receive, send)
            except RefusalError as refusal:
                await refuse_socket(refusal, receive, send)
            else:
                await send_messages(follower, receive, send, self._limits)

    async def _open(
        self, scope: Scope, request: Scope, told: str | None, places: ExitStack
    ) -> tuple[Follower, State]:
        """Open a stream, which ends with `places`.

        Raises:
            RefusedError: The caller may not follow the resource.
            RefusalError: Too many streams are open.
        """
        places.enter_context(self._places.taken_by_address(self._address_of(scope)))
        subscription = places.enter_context(self._hub.subscribed())
        if self._relay is not None:
            await self._relay.be_ready()
        follower = Follower(
            asker=self._asker,
            hub=self._hub,
            subscription=subscription,
            scope=request,
            told=told,
            limits=self._limits,
        )
        opened, caller = await follower.open()
        places.enter_context(self._places.taken_by_caller(caller))
        return follower, opened
