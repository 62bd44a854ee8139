"""ASGI as this package uses it (source: asgi.readthedocs.io, specs/www)."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
AsgiApplication = Callable[[Scope, Receive, Send], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]


class ClientGoneError(Exception):
    """Nobody waits for the answer any more."""


def header(scope: Scope, name: bytes) -> str | None:
    """Give the header's value, several joined by commas; `None` if the request does not have it."""
    values = [value for each, value in scope["headers"] if each == name]
    return b",".join(values).decode("latin-1") if values else None
