"""What every request comes and goes with: an id, a line in the log, and rules for browsers."""

import logging
import time
from collections.abc import Awaitable, Callable
from functools import partial
from http import HTTPStatus
from typing import Any

from gateway.asgi import AsgiApplication, Headers, Message, Receive, Scope, Send, header
from logbook.context import REQUEST_FACTS, bind
from logbook.request_ids import HEADER, request_id_of

logger = logging.getLogger(__name__)

_ID = HEADER.lower().encode()
_RULES: Headers = [
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    (b"referrer-policy", b"same-origin"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
]
PROBES = frozenset({"/health", "/api/health", "/api/health/live", "/api/health/ready", "/metrics"})


class Envelope:
    """The outermost layer of the front door; what is in it can count on the id.

    Rules for browsers are for answers that have none of their own; with `hsts_s` browsers are told
    to come over HTTPS only for so many seconds.
    """

    def __init__(
        self,
        application: AsgiApplication,
        *,
        hsts_s: int,
        address_of: Callable[[Scope], str | None],
    ) -> None:
        self._application = application
        self._address_of = address_of
        self._rules = _RULES
        if hsts_s:
            self._rules = [*_RULES, (b"strict-transport-security", b"max-age=%d" % hsts_s)]

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Serve one connection, or the lifespan."""
        if scope["type"] == "lifespan":
            return self._application(scope, receive, send)
        request_id = request_id_of(header(scope, _ID))
        bind(request_id=request_id)
        facts: dict[str, Any] = {
            "method": scope.get("method", "WEBSOCKET"),
            "path": scope["path"],
            "status": None,
            "client": self._address_of(scope),
        }
        scope = {
            **scope,
            "headers": _with_id(scope["headers"], request_id),
            "environ": {REQUEST_FACTS: facts},
        }
        if scope["type"] == "websocket":
            # No frame of ours stays in memory with it; its line is written when it is open.
            return self._application(scope, receive, partial(_open_socket, send, facts, request_id))
        return self._serve_request(scope, receive, send, facts, request_id)

    async def _serve_request(
        self, scope: Scope, receive: Receive, send: Send, facts: dict[str, Any], request_id: str
    ) -> None:
        started_s = time.perf_counter()

        async def send_with_rules(message: Message) -> None:
            if message["type"] == "http.response.start":
                facts["status"] = message["status"]
                message = self._complete(message, request_id)
            await send(message)

        try:
            await self._application(scope, receive, send_with_rules)
        finally:
            facts["duration_ms"] = round((time.perf_counter() - started_s) * 1000, 1)
            level = logging.DEBUG if scope["path"].rstrip("/") in PROBES else logging.INFO
            logger.log(level, "request", extra={"facts": facts})

    def _complete(self, start: Message, request_id: str) -> Message:
        headers = _with_id(start["headers"], request_id)
        # After a 304 the browser goes by the rules that came with the whole.
        if start["status"] != HTTPStatus.NOT_MODIFIED:
            names = {name for name, _ in headers}
            headers += [each for each in self._rules if each[0] not in names]
        return {**start, "headers": headers}


def _with_id(headers: Headers, request_id: str) -> Headers:
    return [*(each for each in headers if each[0] != _ID), (_ID, request_id.encode())]


async def _open_socket(
    send: Send, facts: dict[str, Any], request_id: str, message: Message
) -> None:
    kind = message["type"]
    if kind in {"websocket.accept", "websocket.http.response.start"}:
        facts["status"] = message.get("status", HTTPStatus.SWITCHING_PROTOCOLS.value)
        message = {**message, "headers": _with_id(list(message.get("headers", [])), request_id)}
        logger.info("request", extra={"facts": facts})
    elif kind == "websocket.close" and facts["status"] is None:
        facts["status"] = HTTPStatus.FORBIDDEN.value  # which is what the server answers then
        logger.info("request", extra={"facts": facts})
    await send(message)
