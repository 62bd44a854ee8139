"""What a stream tells about: the application is asked for its state as the caller would ask."""

import json
import re
from dataclasses import dataclass
from http import HTTPStatus

from gateway.asgi import AsgiApplication, Headers, Message, Scope, Send
from gateway.refusals import answer

# What the application tells the stream about a resource that has one.
CHANNELS_HEADER = b"x-live-channels"
EMBED_HEADER = b"x-live-embed"
UNTIL_HEADER = b"x-live-until"
CALLER_HEADER = b"x-live-caller"
QUESTION = "live.question"
"""Where a request's environment has its `Question`; no client can put one there."""
# They are about the stream, and not about the resource.
_NOT_ASKED_WITH = re.compile(
    rb"accept|if-none-match|last-event-id|content-length|connection|upgrade|sec-websocket-.+"
)
_RELAYED = re.compile(rb"access-control-.+|vary|ratelimit(-policy)?|retry-after|www-authenticate")


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """How a stream asks; what it has told last goes along as `If-None-Match`.

    `ids` are those in a list that have changed, `None` where that is not known. `is_opening` is
    the one with which a stream begins, `is_resumed` the one of a client that comes back.
    """

    ids: tuple[str, ...] | None = None
    is_opening: bool = False
    is_resumed: bool = False


class State:
    """What the application answered about a resource."""

    def __init__(self) -> None:
        self.status = 0
        self._headers: Headers = []
        self._body: list[bytes] = []

    async def take(self, message: Message) -> None:
        """Take a message of the answer."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self._headers = list(message["headers"])
        else:
            self._body.append(message.get("body", b""))

    @property
    def body(self) -> bytes:
        """The body; empty if the question was for the headers only."""
        return b"".join(self._body)

    @property
    def channels(self) -> list[str]:
        """The channels on which changes are told, the one that names the stream first."""
        return [name for name in (self.header(CHANNELS_HEADER) or "").split(",") if name]

    @property
    def has_stream(self) -> bool:
        """Whether the caller may know of changes, and there are any to know of."""
        return self.status in {HTTPStatus.OK, HTTPStatus.NOT_MODIFIED} and bool(self.channels)

    @property
    def detail(self) -> str:
        """Why there is no stream, in one sentence."""
        if self.status in {HTTPStatus.OK, HTTPStatus.NOT_MODIFIED}:
            return "It tells of no changes."
        return f"It answers {self.status}."

    def header(self, name: bytes) -> str | None:
        """Give a header."""
        return next((value.decode("latin-1") for key, value in self._headers if key == name), None)

    @property
    def relayed_headers(self) -> Headers:
        """The headers that hold for the stream too."""
        return [each for each in self._headers if _RELAYED.fullmatch(each[0])]


async def refuse_like(state: State, scope: Scope, send: Send) -> None:
    """Refuse the stream as the resource was refused."""
    is_open = state.status in {HTTPStatus.OK, HTTPStatus.NOT_MODIFIED}
    status = HTTPStatus.NOT_FOUND if is_open else state.status
    body = json.dumps({"detail": state.detail, "code": "no-stream"}).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        *state.relayed_headers,
    ]
    await answer(status, headers, body, scope, send)


async def ask(
    application: AsgiApplication, scope: Scope, *, method: str, question: Question, told: str | None
) -> State:
    """Ask for the resource, whose address is that of the stream, `scope`, without its end."""
    headers = [each for each in scope["headers"] if not _NOT_ASKED_WITH.fullmatch(each[0])]
    headers.append((b"accept", b"application/json"))
    if told is not None:
        headers.append((b"if-none-match", told.encode("latin-1", errors="replace")))
    request = {
        **scope,
        "type": "http",
        "method": method,
        "scheme": {"ws": "http", "wss": "https"}.get(scope["scheme"], scope["scheme"]),
        "raw_path": scope["raw_path"].rstrip(b"/").removesuffix(b"events"),
        "path": scope["path"].rstrip("/").removesuffix("events"),
        "headers": headers,
        "environ": {QUESTION: question},
    }
    state = State()
    await application(request, _no_body, state.take)
    return state


async def _no_body() -> Message:
    return {"type": "http.request", "body": b"", "more_body": False}
