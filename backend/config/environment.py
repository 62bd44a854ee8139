"""Reading settings from the environment and a `.env` file, with errors a person can act on."""

import re
from collections.abc import Callable
from ipaddress import IPv4Network, IPv6Network, ip_network
from math import inf
from pathlib import Path
from typing import TypeVar

import environ
from django.core.exceptions import ImproperlyConfigured

from config.passwords import has_known_password, password_in, with_password

# Values that are published: in the examples, and in the integration guide.
PLACEHOLDERS = frozenset({"change-me", "your-secret", "your-webhook-secret-key"})
_ENTRY = re.compile(r"(export )?[A-Za-z_][A-Za-z0-9_]*=.*")
_DATABASE_SCHEMES = ("sqlite", "postgres", "postgresql")
_SECRET_BYTES_MAX = 16 * 1024
_REDIS_SCHEMES = {
    "redis": "redis",
    "rediss": "rediss",
    "redis+socket": "unix",
    "redis+unix": "unix",
    "valkey": "redis",
}

PORT_MAX = 65535

T = TypeVar("T")


class Environment:
    """Variables of the process, completed by a `.env` file; the process wins."""

    def __init__(self, env_file: Path) -> None:
        self._file = env_file
        self._check_lines()
        environ.Env.read_env(env_file)
        self._env = environ.Env()
        self.secrets_read: set[str] = set()
        """What no line of the log may show: secrets, and passwords in addresses."""

    def text(self, name: str, default: str) -> str:
        """Read a text."""
        return str(self._env.str(name, default=default)).strip()

    def texts(self, name: str, default: list[str]) -> list[str]:
        """Read texts that are separated by commas."""
        return [part.strip() for part in self._env.list(name, default=default) if part.strip()]

    def flag(self, name: str, *, default: bool) -> bool:
        """Read `true` or `false` (also 1, 0, yes, no, on, off).

        Raises:
            ImproperlyConfigured: The value is neither.
        """
        value = self.text(name, str(default)).lower()
        if value in {"1", "true", "yes", "on"}:
            return True
        if value in {"0", "false", "no", "off", ""}:
            return False
        raise self.problem(name, f"must be true or false, not '{value}'")

    def number(self, name: str, default: float, *, unit: str) -> float:
        """Read a number that is greater than zero."""
        what = f"a number of {unit} greater than zero"
        return self.checked(name, str(default), _positive_number, expected=what)

    def integer(self, name: str, default: int, *, of: str) -> int:
        """Read an integer that is not negative.

        Raises:
            ImproperlyConfigured: The value is something else.
        """
        value = self.text(name, str(default))
        if not re.fullmatch(r"[0-9]{1,9}", value):
            raise self.problem(name, f"must be a number of {of}, not '{value}'")
        return int(value)

    def port(self, name: str) -> int | None:
        """Read a port; `None` if there is none.

        Raises:
            ImproperlyConfigured: The value is something else.
        """
        value = self.text(name, "")
        if not value:
            return None
        if not re.fullmatch(r"[0-9]{1,5}", value) or not 0 < int(value) <= PORT_MAX:
            raise self.problem(name, f"must be a port from 1 to {PORT_MAX}, not '{value}'")
        return int(value)

    def path(self, name: str, default: str, *, base: Path) -> Path:
        """Read a path; a relative one starts at `base`."""
        return base / self.text(name, default)

    def sensitive(self, name: str, default: str) -> str:
        """Read a text that may also stand in a file, which `NAME_FILE` then names.

        Raises:
            ImproperlyConfigured: Both are set, or the file does not hold one line of text.
        """
        value, file = self.text(name, ""), self.text(f"{name}_FILE", "")
        if value and file:
            raise self.problem(name, f"and {name}_FILE are both set; keep one of them")
        value = self._content(f"{name}_FILE", Path(file)) if file else value or default
        password = password_in(value) if "://" in value else value
        self.secrets_read |= {part.strip() for part in [password, *password.split(",")]}
        return value

    def secret(self, name: str, *names: str, may_be_placeholder: bool) -> str:
        """Read the first of these variables that is set, or named by a `NAME_FILE`.

        Raises:
            ImproperlyConfigured: None is, or its value is one that everybody knows.
        """
        values = [self.sensitive(each, "") for each in (name, *names)]
        value = next((each for each in values if each), "")
        is_published = not PLACEHOLDERS.isdisjoint(part.strip() for part in value.split(","))
        if not value or (is_published and not may_be_placeholder):
            raise self.problem(name, "must be set to a secret of your own")
        return value

    def server(
        self,
        name: str,
        default: str,
        *,
        password: str,
        may_be_known: bool,
        schemes: tuple[str, ...],
    ) -> str:
        """Read the address of a server that asks for a password; variable `password` may hold it.

        Raises:
            ImproperlyConfigured: It has another scheme, or a password that everybody knows.
        """
        value = self._with_scheme(name, self.sensitive(name, default), schemes)
        url = with_password(value, self.sensitive(password, ""))
        if not may_be_known and has_known_password(url):
            raise self.problem(
                name, "has no password or one that everybody knows; set one of your own"
            )
        return url

    def database(
        self, name: str, default: str, *, password: str, may_be_known: bool
    ) -> dict[str, object]:
        """Read a database address, as a server's, as Django's dictionary.

        Raises:
            ImproperlyConfigured: It is not an address of a SQLite or PostgreSQL database.
        """
        value = self.server(
            name, default, password=password, may_be_known=may_be_known, schemes=_DATABASE_SCHEMES
        )
        try:
            config = dict(environ.Env.db_url_config(value))
        except (ValueError, KeyError):
            config = {}
        if not config.get("NAME"):
            raise self.problem(name, "is not the address of a database")
        return config

    def url(self, name: str, default: str, *, schemes: tuple[str, ...]) -> str:
        """Read an address with one of these schemes.

        Raises:
            ImproperlyConfigured: It has another one, or none.
        """
        return self._with_scheme(name, self.text(name, default), schemes)

    def _with_scheme(self, name: str, value: str, schemes: tuple[str, ...]) -> str:
        if value and not value.startswith(tuple(f"{scheme}://" for scheme in schemes)):
            raise self.problem(name, f"must start with {' or '.join(schemes)}://")
        return value

    def choice(self, name: str, default: str, *, choices: tuple[str, ...]) -> str:
        """Read one of the choices.

        Raises:
            ImproperlyConfigured: It is none of them.
        """
        value = self.text(name, default)
        if value not in choices:
            raise self.problem(name, f"must be one of {', '.join(choices)}, not '{value}'")
        return value

    def checked(self, name: str, default: str, check: Callable[[str], T], *, expected: str) -> T:
        """Read a text through `check`, which raises `ValueError` for a bad one.

        Raises:
            ImproperlyConfigured: The check failed.
        """
        value = self.text(name, default)
        try:
            return check(value)
        except ValueError:
            raise self.problem(name, f"must be {expected}, not '{value}'") from None

    def problem(self, name: str, what: str) -> ImproperlyConfigured:
        """Make the error for a variable, naming the file where it is best set."""
        return ImproperlyConfigured(f"{name} {what} (see {self._file}).")

    def _content(self, name: str, path: Path) -> str:
        try:
            with path.open("rb") as file:
                content = file.read(_SECRET_BYTES_MAX + 1)
            text = content.decode().strip()
        except (OSError, UnicodeDecodeError) as error:
            raise self.problem(
                name, f"names {path}, which can't be read as text: {error}"
            ) from None
        if len(content) > _SECRET_BYTES_MAX or len(text.splitlines()) != 1:
            raise self.problem(
                name, f"names {path}, which must hold the secret on one line, and nothing else"
            )
        return text

    def _check_lines(self) -> None:
        try:
            lines = self._file.read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return
        except (OSError, UnicodeDecodeError) as error:
            raise ImproperlyConfigured(f"{self._file} can't be read: {error}.") from None
        for number, line in enumerate(lines, start=1):
            if line and not line.startswith("#") and not _ENTRY.fullmatch(line):
                raise ImproperlyConfigured(f"{self._file}, line {number}: expected NAME=value.")


def read_networks(text: str) -> tuple[IPv4Network | IPv6Network, ...]:
    """Read networks that are separated by commas.

    Raises:
        ValueError: One is none.
    """
    return tuple(ip_network(each.strip()) for each in text.split(",") if each.strip())


def redis_url_of(url: str) -> str:
    """Spell an address, such as that of a broker, as the client of Redis does; empty: it is none.

    Celery writes `redis+socket` and `valkey`, and several addresses with semicolons between them.
    """
    scheme, _, rest = url.partition(";")[0].partition(":")
    return f"{_REDIS_SCHEMES[scheme]}:{rest}" if scheme in _REDIS_SCHEMES else ""


def _positive_number(value: str) -> float:
    number = float(value)
    if not 0 < number < inf:
        raise ValueError(value)
    return number
