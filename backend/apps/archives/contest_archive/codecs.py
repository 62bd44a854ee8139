"""How one property of an object stands in JSON: read with a reason against it, and written."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from apps.archives.contest_archive.times import (
    format_relative_time,
    format_time,
    parse_relative_time,
    parse_time,
)

TEXT_CHARS_MAX = 1000
LONG_TEXT_CHARS_MAX = 64 * 1024
ID_CHARS_MAX = 36
# "first-to-solve-" and "organization-winner-" stand before an id of 36 characters.
AWARD_ID_CHARS_MAX = 64
INTEGER_MAX = 2**31 - 1
SECONDS_MAX = 1_000_000
SCORE_MAX = 1_000_000_000
_SCORE_STEP = Decimal("0.0001")
_ID = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_-])?")
_RGB = re.compile(r"#?(?:[0-9A-Fa-f]{3}|[0-9A-Fa-f]{6})")
_MINUTE = timedelta(minutes=1)
_SHOWN_CHARS_MAX = 60


class ValueRefusedError(ValueError):
    """The value can't be taken; the text goes on after the property's name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Codec:
    """Reads a JSON value, raising ValueError with what to change, and writes it.

    `refers_to` names the collection that the value is an id of; a loose reference may dangle and
    is then dropped with a warning.
    """

    read: Callable[[Any], Any]
    write: Callable[[Any], Any] = lambda value: value
    refers_to: str | None = None
    is_loose: bool = False


@dataclass(frozen=True, slots=True)
class Key:
    """The property's name in JSON where it differs."""

    name: str


def reference(collection: str, *, is_loose: bool = False) -> Codec:
    """Make the codec of an id of something in another collection."""
    return Codec(read=_read_id, refers_to=collection, is_loose=is_loose)


def choice(*values: str) -> Codec:
    """Make the codec of a text that is one of a few."""

    def read(value: object) -> str:
        if value not in values:
            raise ValueRefusedError(f"is not one of {', '.join(values)}")
        return str(value)

    return Codec(read=read)


def _text_reader(chars_max: int) -> Callable[[object], str]:
    def read(value: object) -> str:
        if not isinstance(value, str):
            raise ValueRefusedError(f"is {_shown(value)}, not a text")
        if len(value) > chars_max:
            raise ValueRefusedError(f"has {len(value)} characters; make it at most {chars_max}")
        if "\x00" in value or not _is_unicode(value):
            raise ValueRefusedError("has NUL or half a surrogate pair, which no text may have")
        return value

    return read


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _id_reader(chars_max: int) -> Callable[[object], str]:
    def read(value: object) -> str:
        if not isinstance(value, str):
            raise ValueRefusedError(f"is {_shown(value)}; write ids as texts in quotes")
        if len(value) > chars_max or _ID.fullmatch(value) is None:
            raise ValueRefusedError(
                f"is {_shown(value)}; an id has at most {chars_max} letters, digits, '_', '-' and"
                " '.', with no '-' or '.' first and no '.' last"
            )
        return value

    return read


_read_id = _id_reader(ID_CHARS_MAX)


def _read_boolean(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueRefusedError(f"is {_shown(value)}, not true or false")
    return value


def _read_integer(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= INTEGER_MAX:
        raise ValueRefusedError(f"is {_shown(value)}, not a whole number from 0 to {INTEGER_MAX}")
    return value


def _read_number(value: object, maximum: int) -> Decimal:
    is_number = isinstance(value, int | Decimal) and not isinstance(value, bool)
    number = Decimal(value) if is_number else Decimal(-1)  # type: ignore[arg-type]
    if not number.is_finite() or not 0 <= number <= maximum:
        raise ValueRefusedError(f"is {_shown(value)}, not a number from 0 to {maximum}")
    return number


def _read_seconds_as_ms(value: object) -> int:
    return round(_read_number(value, SECONDS_MAX) * 1000)


def _read_score(value: object) -> Decimal:
    return _read_number(value, SCORE_MAX).quantize(_SCORE_STEP)


def _read_minutes_or_relative_time(value: object) -> timedelta:
    if isinstance(value, str):
        return parse_relative_time(value)
    return _read_integer(value) * _MINUTE


def _write_minutes_or_relative_time(length: timedelta) -> int | str:
    # Up to 2023-06 these are whole minutes, afterwards relative times.
    return format_relative_time(length) if length % _MINUTE else length // _MINUTE


def _write_number(number: Decimal) -> int | float:
    return int(number) if number == number.to_integral_value() else float(number)


def _read_file_name(value: object) -> str:
    name = TEXT.read(value)
    if not name or "/" in name or "\\" in name or name in {".", ".."}:
        raise ValueRefusedError(f"is {_shown(value)}, not the name of a file without folders")
    return str(name)


def _read_rgb(value: object) -> str:
    text = TEXT.read(value)
    if _RGB.fullmatch(text) is None:
        raise ValueRefusedError(f"is {_shown(value)}, not a colour such as #AC00FF")
    return str(text)


def _relative_time(value: object) -> timedelta:
    return parse_relative_time(TEXT.read(value))


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN_CHARS_MAX else f"{text[:_SHOWN_CHARS_MAX]}..."


TEXT = Codec(read=_text_reader(TEXT_CHARS_MAX))
LONG_TEXT = Codec(read=_text_reader(LONG_TEXT_CHARS_MAX))
ID = Codec(read=_read_id)
AWARD_ID = Codec(read=_id_reader(AWARD_ID_CHARS_MAX))
BOOLEAN = Codec(read=_read_boolean)
INTEGER = Codec(read=_read_integer)
SECONDS_AS_MS = Codec(read=_read_seconds_as_ms, write=lambda ms: _write_number(Decimal(ms) / 1000))
SCORE = Codec(read=_read_score, write=_write_number)
TIME = Codec(read=lambda value: parse_time(TEXT.read(value)), write=format_time)
RELATIVE_TIME = Codec(read=_relative_time, write=format_relative_time)
MINUTES = Codec(read=_read_minutes_or_relative_time, write=_write_minutes_or_relative_time)
FILE_NAME = Codec(read=_read_file_name)
RGB = Codec(read=_read_rgb)
