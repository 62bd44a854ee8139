"""The two forms of a log line: for people, and for programs (one JSON object each)."""

import json
import logging
import re
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

from typing_extensions import override

from app.logs.context import NOTHING, facts
from app.logs.redaction import Redactor

MESSAGE_CHARACTERS_MAX = 4000
TRACEBACK_CHARACTERS_MAX = 16_000
FACT_CHARACTERS_MAX = 500

# What ends a line somewhere, or steers a terminal.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_PLAIN = re.compile(r"[\w.:/@+%-]+")
_LINE = "line"


class LineFormatter(logging.Formatter, ABC):
    """Writes a record with what is known of what is served, without secrets, of bounded length.

    A record's own facts are in `extra={"facts": {...}}`.
    """

    def __init__(self, redactor: Redactor) -> None:
        super().__init__()
        self._redactor = redactor

    @override
    def format(self, record: logging.LogRecord) -> str:
        """Write a record once, however many handlers ask for it."""
        written: tuple[object, str] | None = record.__dict__.get(_LINE)
        if written is None or written[0] is not self:
            written = self, self._render(record)
            record.__dict__[_LINE] = written
        return written[1]

    @abstractmethod
    def _render(self, record: logging.LogRecord) -> str: ...

    def _traceback(self, record: logging.LogRecord) -> str:
        parts = [self.formatException(record.exc_info)] if record.exc_info else []
        parts += [self.formatStack(record.stack_info)] if record.stack_info else []
        return self._safe("\n".join(parts), TRACEBACK_CHARACTERS_MAX)

    def _message(self, record: logging.LogRecord) -> str:
        return self._safe(record.getMessage(), MESSAGE_CHARACTERS_MAX)

    def _facts(self, record: logging.LogRecord) -> Mapping[str, object]:
        own: Mapping[str, object] = record.__dict__.get("facts", NOTHING)
        told = {**facts(), **own}
        return {name: self._fact(value) for name, value in told.items() if value is not None}

    def _fact(self, value: object) -> object:
        if isinstance(value, int | float):
            return value
        return self._safe(str(value), FACT_CHARACTERS_MAX)

    def _safe(self, text: str, characters_max: int) -> str:
        # Hidden first: a half of a secret would not be known.
        return shortened(self._redactor.redact(text), characters_max) if text else ""


class TextFormatter(LineFormatter):
    """`time level logger: message name=value`; the lines of a traceback are indented below it."""

    @override
    def _render(self, record: logging.LogRecord) -> str:
        head = f"{_instant(record)} {record.levelname} {record.name}: {self._message(record)}"
        told = "".join(f" {name}={_value(value)}" for name, value in self._facts(record).items())
        below = "".join(
            f"\n    {_escaped(line)}" for line in self._traceback(record).splitlines() if line
        )
        return _escaped(head + told) + below


class JsonFormatter(LineFormatter):
    """An object with `time`, `level`, `logger`, `message`, the facts and `exception`."""

    @override
    def _render(self, record: logging.LogRecord) -> str:
        document: dict[str, Any] = {
            "time": _instant(record),
            "level": record.levelname,
            "logger": record.name,
            "message": self._message(record),
            **self._facts(record),
        }
        if traceback := self._traceback(record):
            document["exception"] = traceback
        return json.dumps(document)  # in ASCII, so that nothing in it can end a line


def shortened(text: str, characters_max: int) -> str:
    """Return the text, or its beginning and its end."""
    if len(text) <= characters_max:
        return text
    half = characters_max // 2
    return f"{text[:half]} [... {len(text) - 2 * half} characters ...] {text[-half:]}"


def _instant(record: logging.LogRecord) -> str:
    second = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
    return f"{second}.{int(record.msecs):03d}Z"


def _value(value: object) -> str:
    text = str(value)
    return text if _PLAIN.fullmatch(text) else json.dumps(text, ensure_ascii=False)


def _escaped(text: str) -> str:
    return _CONTROL.sub(lambda found: found.group().encode("unicode_escape").decode(), text)
