"""What every request comes and goes with: an id, a line in the log, and rules for browsers."""

import logging
import time
from collections.abc import Awaitable
from functools import partial
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.domain.request_ids import HEADER, request_id_of
from app.logs.context import REQUEST_FACTS, bind
from app.routes.errors import render_crash

logger = logging.getLogger(__name__)

DATA_POLICY = "default-src 'none'; frame-ancestors 'none'"
_HEADERS = {
    "content-security-policy": DATA_POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
PROBES = frozenset({"/health", "/health/live", "/health/ready", "/metrics"})


class Envelope:
    """The outermost layer: what is in it can count on the id, and a crash leaves as JSON."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        """Serve one connection."""
        if scope["type"] == "http":
            return self._serve_request(scope, receive, send)
        if scope["type"] == "websocket":
            # No frame of ours stays in memory with it.
            request_id = request_id_of(Headers(scope=scope).get(HEADER))
            bind(request_id=request_id)
            return self._app(scope, receive, partial(_accept, send, request_id))
        return self._app(scope, receive, send)

    async def _serve_request(self, scope: Scope, receive: Receive, send: Send) -> None:
        started_s = time.perf_counter()
        request_id = request_id_of(Headers(scope=scope).get(HEADER))
        bind(request_id=request_id)
        facts: dict[str, Any] = {"method": scope["method"], "path": scope["path"], "status": None}
        scope[REQUEST_FACTS] = facts

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                facts["status"] = message["status"]
                headers = MutableHeaders(scope=message)
                headers[HEADER] = request_id
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        try:
            await self._app(scope, receive, send_with_headers)
        except Exception:
            # The outermost place of a request: without this the client would learn nothing.
            logger.exception("crash in %s %s", scope["method"], scope["path"])
            if facts["status"] is not None:
                raise  # half of an answer is sent: the server cuts the connection
            await render_crash()(scope, receive, send_with_headers)
        finally:
            facts["duration_ms"] = round((time.perf_counter() - started_s) * 1000, 1)
            level = logging.DEBUG if scope["path"].rstrip("/") in PROBES else logging.INFO
            logger.log(level, "request", extra={"facts": facts})


async def _accept(send: Send, request_id: str, message: Message) -> None:
    if message["type"] in {"websocket.accept", "websocket.http.response.start"}:
        MutableHeaders(scope=message)[HEADER] = request_id
    await send(message)
