"""What the gateway answers by itself."""

import json
from http import HTTPStatus

from gateway.asgi import Headers, Scope, Send

_HANDSHAKE_ANSWER = "websocket.http.response"


class RefusalError(Exception):
    """The request is not passed on, or was and came to nothing; `detail` is safe to show."""

    def __init__(self, status: HTTPStatus, code: str, detail: str) -> None:
        self.status = status
        self.code = code
        self.detail = detail
        super().__init__(detail)


BAD_HOST = RefusalError(HTTPStatus.BAD_REQUEST, "bad-request", "The request can't be read.")
NO_WEBSOCKET = RefusalError(HTTPStatus.NOT_FOUND, "not-found", "There is no WebSocket here.")
STALLED = RefusalError(
    HTTPStatus.REQUEST_TIMEOUT, "request-timeout", "The rest of the request did not come."
)
UNAVAILABLE = RefusalError(
    HTTPStatus.SERVICE_UNAVAILABLE,
    "execution-service-unavailable",
    "The execution service does not answer. Try again in a moment.",
)
BUSY = RefusalError(
    HTTPStatus.SERVICE_UNAVAILABLE,
    "execution-service-busy",
    "All connections to the execution service are in use. Try again in a moment.",
)
BROKEN = RefusalError(
    HTTPStatus.BAD_GATEWAY,
    "execution-service-failed",
    "The execution service broke off before it answered.",
)
LATE = RefusalError(
    HTTPStatus.GATEWAY_TIMEOUT,
    "execution-service-late",
    "The execution service took too long to answer.",
)


async def refuse(refusal: RefusalError, scope: Scope, send: Send) -> None:
    """Answer a request, or a WebSocket's handshake, with `{"detail", "code"}`."""
    body = json.dumps({"detail": refusal.detail, "code": refusal.code}).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        # Pages of other origins may read why; nothing here depends on who asks.
        (b"access-control-allow-origin", b"*"),
        (b"access-control-expose-headers", b"retry-after, x-request-id"),
    ]
    if refusal.status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers.append((b"retry-after", b"1"))
    await answer(refusal.status, headers, body, scope, send)


async def answer(status: int, headers: Headers, body: bytes, scope: Scope, send: Send) -> None:
    """Answer a request, or a WebSocket's handshake, at once."""
    kind = "http.response"
    if scope["type"] == "websocket":
        if _HANDSHAKE_ANSWER not in scope.get("extensions", {}):
            await send({"type": "websocket.close", "code": 1008})
            return
        kind = _HANDSHAKE_ANSWER
    await send({"type": f"{kind}.start", "status": status, "headers": headers})
    await send({"type": f"{kind}.body", "body": body})
