"""What a stream tells about: the application is asked for its state as the caller would ask."""

import json
import re
from http import HTTPStatus

from gateway.asgi import AsgiApplication, Headers, Message, Scope, Send
from gateway.refusals import answer

CHANNEL_HEADER = b"x-live-channel"
# They are about the stream, and not about the resource.
_NOT_ASKED_WITH = frozenset({b"accept", b"if-none-match", b"last-event-id", b"content-length"})
_RELAYED = re.compile(rb"access-control-.+|vary|ratelimit(-policy)?|retry-after|www-authenticate")


class State:
    """What the application answered about a resource."""

    def __init__(self) -> None:
        self.status = 0
        self._headers: Headers = []

    async def take(self, message: Message) -> None:
        """Take a message of the answer."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self._headers = list(message["headers"])

    def header(self, name: bytes) -> str | None:
        """Give a header."""
        return next((value.decode("latin-1") for key, value in self._headers if key == name), None)

    @property
    def relayed_headers(self) -> Headers:
        """The headers that hold for the stream too."""
        return [each for each in self._headers if _RELAYED.fullmatch(each[0])]


async def refuse_like(state: State, resource: bytes, scope: Scope, send: Send) -> None:
    """Refuse the stream as the resource was refused."""
    is_open = state.status == HTTPStatus.OK
    status = HTTPStatus.NOT_FOUND if is_open else state.status
    why = "tells of no changes." if is_open else f"answers {status}."
    path = resource.decode("latin-1")
    body = json.dumps({"detail": f"{path} {why}", "code": "no-stream"}).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        *state.relayed_headers,
    ]
    await answer(status, headers, body, scope, send)


async def ask(application: AsgiApplication, resource: bytes, scope: Scope) -> State:
    """Send a `HEAD` for the resource, whose address is that of the stream without its end."""
    kept = [each for each in scope["headers"] if each[0] not in _NOT_ASKED_WITH]
    request = {
        **scope,
        "method": "HEAD",
        "raw_path": resource,
        "path": scope["path"].rstrip("/").removesuffix("events"),
        "headers": [*kept, (b"accept", b"application/json")],
    }
    state = State()
    await application(request, _no_body, state.take)
    return state


async def _no_body() -> Message:
    return {"type": "http.request", "body": b"", "more_body": False}
