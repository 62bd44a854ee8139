"""Measuring how long requests take, by the template of their path."""

import time
from http import HTTPStatus

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app import metrics

UNKNOWN = "unknown"
METHODS = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})


class MeasuredRequests:
    """Counts every answer; what clients choose freely, as paths and methods, is no label."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status = int(HTTPStatus.INTERNAL_SERVER_ERROR)

        async def note_status(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        started_s = time.perf_counter()
        try:
            await self._app(scope, receive, note_status)
        finally:
            metrics.request_ended(
                method=scope["method"] if scope["method"] in METHODS else UNKNOWN,
                route=template_of(scope),
                status=status,
                seconds=time.perf_counter() - started_s,
            )


def template_of(scope: Scope) -> str:
    """Return the template of the path that a request was for, once it has been found."""
    path: str = getattr(scope.get("route"), "path", UNKNOWN)
    return path.rstrip("/") or "/"
