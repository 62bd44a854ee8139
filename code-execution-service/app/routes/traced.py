"""A span for each request, named by the template of its path."""

from http import HTTPStatus

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app import tracing
from app.logs.context import request_id
from app.routes.envelope import PROBES
from app.routes.measured import METHODS, UNKNOWN, template_of


class TracedRequests:
    """Goes on with the trace that a request comes with, or begins one."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http" or scope["path"].rstrip("/") in PROBES:
            await self._app(scope, receive, send)
            return
        method = scope["method"] if scope["method"] in METHODS else UNKNOWN
        status = int(HTTPStatus.INTERNAL_SERVER_ERROR)

        async def note_status(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        told = Headers(scope=scope).get(tracing.HEADER)
        with tracing.request(method=method, told=told, request_id=request_id()):
            try:
                await self._app(scope, receive, note_status)
            finally:
                tracing.request_answered(method=method, route=template_of(scope), status=status)
