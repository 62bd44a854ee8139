"""What is passed on and how, as pure functions."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import ip_address

from gateway.asgi import Headers, Scope, header

# Contract C-01 and its table of ports.
_HTTP = re.compile(
    r"/(run|runall|submit|api/v1/languages|api/v1/auth/(verify|user)|api/v1/executions(/.*)?)/?"
)
_WEBSOCKET = re.compile(r"/(ws/?|api/v1/executions/ws/.+|api/terminal/ws/.+)")
# A later hop may resolve them, and so arrive at a path that is not passed on.
_DOT_SEGMENT = re.compile(r"(^|/)\.{1,2}(/|$)")

# Source: RFC 9110, section 7.6.1; each is between two hops only.
_HOP_BY_HOP = frozenset({
    b"connection",
    b"keep-alive",
    b"proxy-authenticate",
    b"proxy-authorization",
    b"proxy-connection",
    b"te",
    b"trailer",
    b"transfer-encoding",
    b"upgrade",
})
# Whatever `Connection` says: without them the next hop would read the request differently.
_NEVER_HOP_BY_HOP = frozenset({b"host", b"content-length"})
# What a client says about these is hearsay: the gateway tells the service what it knows itself.
_FORWARDING = frozenset({
    b"forwarded",
    b"x-forwarded-for",
    b"x-forwarded-host",
    b"x-forwarded-port",
    b"x-forwarded-prefix",
    b"x-forwarded-proto",
    b"x-real-ip",
})
# The server in front of the gateway answers `Expect`, and writes the other two itself.
_REQUEST_OURS = frozenset({b"expect"})
_ANSWER_OURS = frozenset({b"date", b"server"})
# They belong to one handshake; the client library makes its own for the next hop.
_HANDSHAKE = re.compile(rb"sec-websocket-(key|version|extensions|protocol|accept)|content-length")


def is_passed_on(scope: Scope) -> bool:
    """Tell whether the path, decoded as servers will decode it, is the execution service's."""
    passed_on = _WEBSOCKET if scope["type"] == "websocket" else _HTTP
    path: str = scope["path"]
    return passed_on.fullmatch(path) is not None and _DOT_SEGMENT.search(path) is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """How much of what a request says about its origin is believed.

    `proxies` is how many proxies in front append to `X-Forwarded-For`; `is_scheme_believed` is
    whether they set `X-Forwarded-Proto`.
    """

    proxies: int
    is_scheme_believed: bool

    def client_address(self, scope: Scope) -> str | None:
        """Tell where the request comes from, as far as that can be known."""
        peer: str | None = scope["client"][0] if scope.get("client") else None
        named = (header(scope, b"x-forwarded-for") or "").split(",")
        if not self.proxies or named == [""]:
            return peer
        address = named[-min(self.proxies, len(named))].strip()
        return address if _is_address(address) else peer

    def scheme(self, scope: Scope) -> str:
        """Tell whether the client spoke `https` or `http`."""
        schemes = {"https": "https", "wss": "https"}
        named = header(scope, b"x-forwarded-proto") if self.is_scheme_believed else None
        return schemes.get(named or scope.get("scheme", "http"), "http")


def request_headers(scope: Scope, trust: Trust) -> Headers:
    """Give the headers for the execution service: `Host` as it was, one client address."""
    headers = _end_to_end(scope["headers"], without=_FORWARDING | _REQUEST_OURS)
    if scope["type"] == "websocket":
        headers = [each for each in headers if not _HANDSHAKE.fullmatch(each[0])]
    address = trust.client_address(scope)
    if address is not None:
        headers.append((b"x-forwarded-for", address.encode()))
    headers.append((b"x-forwarded-proto", trust.scheme(scope).encode()))
    return headers


def answer_headers(headers: Iterable[tuple[bytes, bytes]]) -> Headers:
    """Give the headers for the client."""
    lowered = [(name.lower(), value) for name, value in headers]
    return _end_to_end(lowered, without=_ANSWER_OURS)


def _end_to_end(headers: Headers, *, without: frozenset[bytes]) -> Headers:
    named = {
        token.strip().lower()
        for name, value in headers
        if name == b"connection"
        for token in value.split(b",")
    }
    dropped = _HOP_BY_HOP | without | (named - _NEVER_HOP_BY_HOP)
    return [each for each in headers if each[0] not in dropped]


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
