"""Passwords in the addresses of servers."""

from urllib.parse import quote, urlsplit, urlunsplit

# What examples, images and habits publish.
_KNOWN = frozenset({
    *("", "change-me", "guest", "password", "postgres", "postgres123", "rabbitmq", "redis"),
    *("admin", "root", "secret", "test"),
})
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def with_password(url: str, password: str) -> str:
    """Put a password into an address of a server; one that has a password, or no server, stays."""
    parts = urlsplit(url)
    if not password or not parts.hostname or parts.password is not None:
        return url
    user, _, host = parts.netloc.rpartition("@")
    return urlunsplit(parts._replace(netloc=f"{user}:{quote(password, safe='')}@{host}"))


def password_in(url: str) -> str:
    """Give the password of an address, as it is spelled there; empty: it has none."""
    return urlsplit(url).password or ""


def has_known_password(url: str) -> bool:
    """Tell whether an address has a password that everybody knows, or says that there is none."""
    parts = urlsplit(url)
    # RabbitMQ lets `guest` in from its own machine only.
    is_local_guest = parts.password == "guest" and parts.hostname in _LOOPBACK  # noqa: S105
    return parts.password in _KNOWN and not is_local_guest
