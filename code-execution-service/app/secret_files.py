"""Secrets in files that the environment names, as container platforms hand them over."""

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

SECRETS = (
    "BACKEND_WEBHOOK_SECRET",
    "CODE_EXECUTION_WEBHOOK_SECRET",
    "CODE_EXECUTION_API_KEY",
    "DATABASE_URL",
    "DATABASE_PASSWORD",
    "REDIS_URL",
    "REDIS_PASSWORD",
    "CODE_EXECUTION_QUEUE_URL",
    "CODE_EXECUTION_QUEUE_PASSWORD",
)
"""Each may be given as `NAME_FILE`, the path of a file, in place of `NAME`."""
KNOWN_PASSWORDS = frozenset({
    *("", "change-me", "guest", "password", "postgres", "postgres123", "rabbitmq", "redis"),
    *("admin", "root", "secret", "test"),
})
"""What examples, images and habits publish; a password in an address may be none of them."""
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_BYTES_MAX = 16 * 1024


class SecretFileError(Exception):
    """A file can't be used; the text is one sentence for the operator."""


def read_secret_files(variables: Mapping[str, str | None], base: Path) -> dict[str, str]:
    """Read the files that `NAME_FILE` names; `variables` are by names in lower case.

    Relative paths start at `base`.

    Raises:
        SecretFileError: a file can't be read, is empty, or its secret is also given directly.
    """
    found = {}
    for name in SECRETS:
        path = variables.get(f"{name.lower()}_file")
        if not path:
            continue
        if variables.get(name.lower()):
            raise SecretFileError(f"{name} and {name}_FILE are both set; keep one of them")
        found[name] = _read(f"{name}_FILE", base / path)
    return found


def with_password(url: str, password: str) -> str:
    """Put a password into an address of a server; one that has a password, or no server, stays."""
    parts = urlsplit(url)
    if not password or not parts.hostname or parts.password is not None:
        return url
    user, _, host = parts.netloc.rpartition("@")
    return urlunsplit(parts._replace(netloc=f"{user}:{quote(password, safe='')}@{host}"))


def with_user(url: str, user: str) -> str:
    """Put a user into an address of a server in place of the one it has, and of the password."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{quote(user, safe='')}@{host}"))


def has_known_password(url: str) -> bool:
    """Tell whether an address has a password that everybody knows, or says that there is none."""
    parts = urlsplit(url)
    # RabbitMQ lets `guest` in from its own machine only.
    is_local_guest = parts.password == "guest" and parts.hostname in _LOOPBACK  # noqa: S105
    return parts.password in KNOWN_PASSWORDS and not is_local_guest


def _read(name: str, path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(_BYTES_MAX + 1)
        text = content.decode().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SecretFileError(f"{name}: {path} can't be read as text: {error}") from None
    if len(content) > _BYTES_MAX or len(text.splitlines()) != 1:
        raise SecretFileError(f"{name}: {path} must hold the secret on one line, and nothing else")
    return text
