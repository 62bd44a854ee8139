"""What the provider says, in its own words: one answer or one callback.

Source: https://onlinecompiler.io/docs (read 2026-11): `POST /api/run-code-sync/` answers `output`,
`error` (stderr or the compiler's messages), `status` (`success` or `error`), `exit_code`, `signal`,
`time`, `total` and `memory`; `POST /api/run-code/` answers 202 and posts the same to the URL that
is registered with the API key, with `extra_params` as they were sent.
The provider's Python package `onlinecompiler` 0.4.0: `time` and `total` are seconds and `memory` is
KB (1024 bytes, as in /proc), all three decimal texts; newer answers have `truncated` too.
The older interface at /api/v2/run-code/ answers a plain `Ok`; its callbacks have `cpu` where newer
ones have `time`, and neither `exit_code` nor `signal`.
"""

import json
import signal
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from http import HTTPStatus
from typing import Any

KIB = 1024
_MAX_NUMBER = 10**7
"""More than ten million seconds or KiB is no measurement."""
_MAX_EXIT_CODE = 2**31 - 1
_MAX_SIGNAL = 64
_SUCCESS = "success"


class MalformedAnswerError(Exception):
    """The provider answered something that its documentation does not know."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteRun:
    """One run as the provider tells it; `None` where it tells nothing."""

    stdout: bytes
    stderr: bytes
    is_success: bool
    exit_code: int | None
    signal: int | None
    cpu_time_ms: int | None
    time_ms: int | None
    """The program's time; whether CPU or wall is not documented."""
    total_ms: int | None
    """The time of everything, maybe with compiling and start."""
    memory_bytes: int | None
    is_truncated: bool


@dataclass(frozen=True, slots=True)
class Queued:
    """The provider has taken the program and will call back."""


def parse_answer(status_code: int, content: bytes) -> RemoteRun | Queued:
    """Read the body of an answer that is a success by its status.

    Raises:
        MalformedAnswerError: it is none of the three documented forms.
    """
    if content.strip().lower() in {b"ok", b'"ok"'}:
        return Queued()
    if status_code == HTTPStatus.ACCEPTED and not content.strip():
        return Queued()
    document = parse_document(content)
    if status_code == HTTPStatus.ACCEPTED and "output" not in document:
        return Queued()
    return parse_run(document)


def parse_document(content: bytes) -> dict[str, Any]:
    """Read a JSON object.

    Raises:
        MalformedAnswerError: it is none.
    """
    try:
        document = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise MalformedAnswerError("no JSON") from error
    if not isinstance(document, dict):
        raise MalformedAnswerError("no JSON object")
    return document


def parse_run(document: dict[str, Any]) -> RemoteRun:
    """Read a result, from an answer or from a callback.

    Raises:
        MalformedAnswerError: a field is missing or has a value that can't be.
    """
    status = document.get("status")
    if not isinstance(status, str) or "output" not in document:
        raise MalformedAnswerError("status or output is missing")
    return RemoteRun(
        stdout=_bytes(document, "output"),
        stderr=_bytes(document, "error"),
        is_success=status.lower() == _SUCCESS,
        exit_code=_exit_code(document),
        signal=_signal(document),
        cpu_time_ms=_scaled(document, "cpu" if "cpu" in document else "cpuTime", 1000),
        time_ms=_scaled(document, "time", 1000),
        total_ms=_scaled(document, "total", 1000),
        memory_bytes=_scaled(document, "memory", KIB),
        is_truncated=document.get("truncated") is True,
    )


def parse_token(document: dict[str, Any]) -> str | None:
    """Read the token that we sent along, from a callback; it may come as JSON inside a text.

    It is named `token` or `execution_id`.
    """
    extra = document.get("extra_params")
    if isinstance(extra, str):
        try:
            extra = json.loads(extra)
        except (ValueError, RecursionError):
            return None
    if not isinstance(extra, dict):
        return None
    token = extra.get("token", extra.get("execution_id"))
    return token if isinstance(token, str) else None


def _bytes(document: dict[str, Any], key: str) -> bytes:
    text = document.get(key)
    if text is None:
        return b""
    if not isinstance(text, str):
        raise MalformedAnswerError(f"{key} is no text")
    # JSON can hold half of a surrogate pair; as bytes it is no UTF-8, which every reader replaces.
    return text.encode(errors="surrogatepass")


def _number(document: dict[str, Any], key: str) -> Decimal | None:
    value = document.get(key)
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise MalformedAnswerError(f"{key} is no number")
    try:
        number = Decimal(str(value))
    except InvalidOperation as error:
        raise MalformedAnswerError(f"{key} is no number") from error
    if not number.is_finite():
        raise MalformedAnswerError(f"{key} is no number")
    return number


def _scaled(document: dict[str, Any], key: str, factor: int) -> int | None:
    number = _number(document, key)
    if number is None:
        return None
    if not 0 <= number <= _MAX_NUMBER:
        raise MalformedAnswerError(f"{key} is out of range")
    return round(number * factor)


def _whole(document: dict[str, Any], key: str) -> int | None:
    number = _number(document, key)
    if number is None:
        return None
    if abs(number) > _MAX_EXIT_CODE or number != number.to_integral_value():
        raise MalformedAnswerError(f"{key} is no integer of 32 bits")
    return int(number)


def _exit_code(document: dict[str, Any]) -> int | None:
    return _whole(document, "exit_code")


def _signal(document: dict[str, Any]) -> int | None:
    name = document.get("signal")
    if isinstance(name, str) and name in signal.Signals.__members__:
        return int(signal.Signals[name])
    number = _whole(document, "signal")
    if number is not None and not 0 <= number <= _MAX_SIGNAL:
        raise MalformedAnswerError("signal is out of range")
    return number or None
