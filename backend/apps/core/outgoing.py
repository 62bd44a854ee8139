"""HTTP to addresses that users name: the only way there, so that nobody looks inside through us.

A name is resolved once, every address that it has is checked, and the connection goes to one of
these and no other. TLS is verified for the name. Redirects are not followed, no proxy is used,
and one deadline holds for all of it.
Sources: IANA special-purpose address registries; OWASP, Server-Side Request Forgery Prevention.
"""

import re
import socket
import ssl
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from typing import Final

import httpcore
import httpx
from django.conf import settings
from typing_extensions import override

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
Resolver = Callable[[str], Sequence[str]]

URL_CHARS_MAX = 2000
BODY_BYTES_MAX = 1024
ADDRESSES_MAX = 4
PORTS = frozenset({80, 443})
FIRST_FREE_PORT, LAST_PORT = 1024, 65535
DEFAULT_PORTS = {"http": 80, "https": 443}
ERROR_CHARS_MAX = 200
_NUMERIC_LABEL = re.compile(r"(0x[0-9a-f]*|[0-9]+)")
_HOST = re.compile(r"[a-z0-9_]([a-z0-9_.-]{0,251}[a-z0-9_])?")
# What `is_global` says yes to in some versions of Python, or what is public and still inside.
_REFUSED: Final[tuple[Network, ...]] = tuple(
    ip_network(each)
    for each in (
        "0.0.0.0/8",
        "100.64.0.0/10",
        "168.63.129.16/32",  # Azure's metadata, from every machine there
        "192.0.0.0/24",
        "192.88.99.0/24",
        "198.18.0.0/15",
        "240.0.0.0/4",
        "::/96",
        "64:ff9b:1::/48",
        "100::/64",
        "2001::/23",
        "2001:db8::/32",
        "3fff::/20",
        "5f00::/16",
        "fec0::/10",
    )
)
_NAT64 = IPv6Network("64:ff9b::/96")


class AddressRefusedError(Exception):
    """Nothing is sent to this address; the text says why, and is for whoever named it."""


class OutgoingError(Exception):
    """No answer came; the text says why, and is for whoever named the address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """A URL in parts, which are used instead of it: nobody can read them in another way."""

    scheme: str
    host: str
    port: int
    target: bytes

    @property
    def origin(self) -> str:
        """Where it is, without the path, which may hold a secret."""
        return f"{self.scheme}://{self.authority}"

    @property
    def authority(self) -> str:
        """The host as HTTP names it, with the port unless it is the usual one."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back; the body is cut off after `BODY_BYTES_MAX`."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def system_addresses(host: str) -> list[str]:
    """Ask the system's resolver for the addresses of a name.

    Raises:
        OutgoingError: It has none.
    """
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise OutgoingError(f"The name {host} does not resolve.") from error
    return list(dict.fromkeys(str(each[4][0]) for each in found))


class Outgoing:
    """Calls to addresses that users name; safe to share between threads.

    `allowed_networks` are the operator's own: plain HTTP and private addresses are good there.
    """

    def __init__(
        self,
        *,
        allowed_networks: Sequence[Network] = (),
        resolve: Resolver = system_addresses,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._allowed_networks = tuple(allowed_networks)
        self._resolve = resolve
        self._tls = tls or httpx.create_ssl_context(trust_env=False)

    def destination_of(self, url: str) -> Destination:
        """Read a URL, and refuse what can be seen without resolving a name.

        Raises:
            AddressRefusedError: It can't be used.
        """
        destination = parse(url)
        if destination.scheme == "http" and not self._allowed_networks:
            raise AddressRefusedError("Use https.")
        literal = _literal(destination.host)
        if literal is not None:
            self._check(destination, literal)
        return destination

    def post(
        self, url: str, *, body: bytes, headers: Mapping[str, str], timeout_s: float
    ) -> Answer:
        """Send a body, and give what is answered, whatever its status.

        Raises:
            AddressRefusedError: The URL, or an address that its name has, is refused.
            OutgoingError: No answer came in time.
        """
        deadline_s = time.monotonic() + timeout_s
        destination = self.destination_of(url)
        addresses = self._addresses_of(destination)
        backend = _CheckedBackend(addresses, deadline_s)
        with httpcore.ConnectionPool(
            ssl_context=self._tls, network_backend=backend, max_connections=1, retries=0
        ) as connections:
            try:
                return _exchange(connections, destination, body, headers, timeout_s)
            except httpcore.TimeoutException as error:
                text = f"{destination.origin} did not answer within {timeout_s:g} s."
                raise OutgoingError(text) from error
            except (httpcore.NetworkError, httpcore.ProtocolError) as error:
                kind = type(error).__name__
                raise OutgoingError(f"{kind}: {error}"[:ERROR_CHARS_MAX]) from error

    def _addresses_of(self, destination: Destination) -> list[Address]:
        """Resolve once; a name that has any address which is refused is refused as a whole.

        Raises:
            AddressRefusedError: It has such an address.
            OutgoingError: It has none at all.
        """
        literal = _literal(destination.host)
        if literal is not None:
            return [literal]
        addresses = [ip_address(each) for each in self._resolve(destination.host)]
        if not addresses:
            raise OutgoingError(f"The name {destination.host} does not resolve.")
        for address in addresses:
            self._check(destination, address)
        return addresses[:ADDRESSES_MAX]

    def _check(self, destination: Destination, address: Address) -> None:
        plain = _unmapped(address)
        if any(plain in network for network in self._allowed_networks):
            return
        if destination.scheme == "http":
            raise AddressRefusedError("Use https.")
        if not is_public(address):
            raise AddressRefusedError(
                f"{destination.host} is a private or reserved address; use one that is public."
            )


def parse(url: str) -> Destination:
    """Take a URL to pieces.

    Raises:
        AddressRefusedError: It is no absolute http(s) URL of a host, or has what is not allowed.
    """
    if len(url) > URL_CHARS_MAX:
        raise AddressRefusedError(f"The URL may have {URL_CHARS_MAX} characters.")
    if "\\" in url or any(character.isspace() for character in url):
        raise AddressRefusedError("The URL has a space or a backslash.")
    try:
        read = httpx.URL(url)
        host = read.raw_host.decode().lower().removesuffix(".")
    except (httpx.InvalidURL, ValueError, UnicodeError):
        raise AddressRefusedError("This is not a URL.") from None
    if read.scheme not in DEFAULT_PORTS:
        raise AddressRefusedError("The URL has to begin with https://.")
    if "@" in url.partition("://")[2].partition("/")[0] or read.userinfo:
        raise AddressRefusedError("The URL must not hold a name or a password.")
    if read.fragment or "#" in url:
        raise AddressRefusedError("The URL must not have a fragment.")
    _check_host(host)
    port = DEFAULT_PORTS[read.scheme] if read.port is None else read.port
    if port not in PORTS and not FIRST_FREE_PORT <= port <= LAST_PORT:
        raise AddressRefusedError(f"Use port 443, or one from {FIRST_FREE_PORT} to {LAST_PORT}.")
    return Destination(scheme=read.scheme, host=host, port=port, target=read.raw_path)


def is_public(address: Address) -> bool:
    """Tell whether everybody on the internet means the same machine by it, and may reach it."""
    inner = _embedded(address)
    if inner is not None:
        return is_public(inner)
    if any(address in network for network in _REFUSED):
        return False
    is_special = address.is_multicast or address.is_reserved or address.is_unspecified
    return address.is_global and not is_special


def get_outgoing() -> Outgoing:
    """Give the calls with the settings' networks."""
    return _outgoing(tuple(settings.OUTGOING_ALLOWED_NETWORKS))


@cache
def _outgoing(allowed_networks: tuple[Network, ...]) -> Outgoing:
    return Outgoing(allowed_networks=allowed_networks)


def _check_host(host: str) -> None:
    if _literal(host) is not None:
        return
    if not _HOST.fullmatch(host) or ".." in host:
        raise AddressRefusedError("The URL has no host, or one that can't be.")
    # Resolvers take 0x7f.1, 2130706433 and the like for IPv4 addresses.
    if _NUMERIC_LABEL.fullmatch(host.rpartition(".")[2]):
        raise AddressRefusedError("Write an IPv4 address as four decimal numbers.")


def _literal(host: str) -> Address | None:
    if "%" in host:
        return None
    try:
        return ip_address(host)
    except ValueError:
        return None


def _unmapped(address: Address) -> Address:
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return address if mapped is None else mapped


def _embedded(address: Address) -> IPv4Address | None:
    """Give the IPv4 address that packets to an IPv6 address end at."""
    if not isinstance(address, IPv6Address):
        return None
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour


def _exchange(
    connections: httpcore.ConnectionPool,
    destination: Destination,
    body: bytes,
    headers: Mapping[str, str],
    timeout_s: float,
) -> Answer:
    url = httpcore.URL(
        scheme=destination.scheme.encode(),
        host=destination.host.encode(),
        port=destination.port,
        target=destination.target,
    )
    sent = {
        "Host": destination.authority,
        **headers,
        "Content-Length": str(len(body)),
        "Connection": "close",
    }
    # The backend's deadline is what holds; without any here, it would not be asked.
    timeouts = dict.fromkeys(("connect", "read", "write", "pool"), timeout_s)
    with connections.stream(
        "POST", url, headers=list(sent.items()), content=body, extensions={"timeout": timeouts}
    ) as response:
        received = {
            name.decode("latin-1").lower(): value.decode("latin-1")
            for name, value in response.headers
        }
        return Answer(
            status=response.status, headers=received, body=_beginning(response.iter_stream())
        )


def _beginning(chunks: Iterable[bytes]) -> bytes:
    body = b""
    for chunk in chunks:
        body += chunk
        if len(body) >= BODY_BYTES_MAX:
            break
    return body[:BODY_BYTES_MAX]


class _CheckedBackend(httpcore.NetworkBackend):
    """Connects to the addresses that were checked, whatever host it is asked for."""

    def __init__(self, addresses: Sequence[Address], deadline_s: float) -> None:
        self._addresses = addresses
        self._deadline_s = deadline_s
        self._sockets = httpcore.SyncBackend()

    @override
    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect to the first address that answers.

        Raises:
            ConnectError: None does.
        """
        failure: Exception = httpcore.ConnectError("There is no address.")
        for address in self._addresses:
            try:
                stream = self._sockets.connect_tcp(
                    str(address),
                    port,
                    timeout=_left_s(self._deadline_s, httpcore.ConnectTimeout),
                    socket_options=socket_options,
                )
            except httpcore.ConnectError as error:
                failure = error
            else:
                return _DeadlineStream(stream, self._deadline_s)
        raise failure


class _DeadlineStream(httpcore.NetworkStream):
    """A connection whose reads and writes end with one deadline, however many there are."""

    def __init__(self, stream: httpcore.NetworkStream, deadline_s: float) -> None:
        self._stream = stream
        self._deadline_s = deadline_s

    @override
    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Read what has come."""
        return self._stream.read(max_bytes, _left_s(self._deadline_s, httpcore.ReadTimeout))

    @override
    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Send."""
        self._stream.write(buffer, _left_s(self._deadline_s, httpcore.WriteTimeout))

    @override
    def close(self) -> None:
        """Close."""
        self._stream.close()

    @override
    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        """Go on with TLS."""
        left_s = _left_s(self._deadline_s, httpcore.ConnectTimeout)
        stream = self._stream.start_tls(ssl_context, server_hostname, left_s)
        return _DeadlineStream(stream, self._deadline_s)

    @override
    def get_extra_info(self, info: str) -> object:
        """Give what is known of the connection."""
        return self._stream.get_extra_info(info)


def _left_s(deadline_s: float, expired: type[httpcore.TimeoutException]) -> float:
    left_s = deadline_s - time.monotonic()
    if left_s <= 0:
        raise expired("The time is over.")
    return left_s
