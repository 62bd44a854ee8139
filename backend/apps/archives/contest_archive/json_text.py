"""JSON from outside with the line where each value stands; numbers keep their digits."""

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, NoReturn

_SPACE = re.compile(r"[ \t\r\n]*")


class JsonError(ValueError):
    """It is no JSON; the text says why, `line` counts from 1."""

    def __init__(self, message: str, *, line: int) -> None:
        self.line = line
        super().__init__(message)


def decode_text(content: bytes) -> str:
    """Take UTF-8, with or without a byte order mark.

    Raises:
        JsonError: It is something else.
    """
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise JsonError("is not UTF-8; save it as UTF-8", line=line) from error


def read_value(text: str, *, line: int = 1) -> Any:
    """Read one value and nothing after it.

    Raises:
        JsonError: It is something else.
    """
    value, end = _value_at(text, _after_space(text, 0), line)
    if _after_space(text, end) != len(text):
        raise JsonError(
            "has something after the end of its JSON", line=line + text.count("\n", 0, end)
        )
    return value


def items_of(text: str) -> Iterator[tuple[int, Any]]:
    """Give each item of a list with its line.

    Raises:
        JsonError: It is something else.
    """
    line = 1
    position = _after_space(text, 0)
    if text[position : position + 1] != "[":
        raise JsonError("is no JSON list", line=1)
    line += text.count("\n", 0, position)
    start, position = position, _after_space(text, position + 1)
    is_at_end = text[position : position + 1] == "]"
    while not is_at_end:
        line += text.count("\n", start, position)
        start = position
        value, position = _value_at(text, position, line)
        yield line, value
        position = _after_space(text, position)
        is_at_end = text[position : position + 1] == "]"
        if not is_at_end and text[position : position + 1] != ",":
            line += text.count("\n", start, position)
            raise JsonError("needs a ',' or ']' after an item of the list", line=line)
        position = position if is_at_end else _after_space(text, position + 1)
    if _after_space(text, position + 1) != len(text):
        line += text.count("\n", start, position)
        raise JsonError("has something after the end of its list", line=line)


def _after_space(text: str, position: int) -> int:
    match = _SPACE.match(text, position)
    return match.end() if match else position


def _value_at(text: str, position: int, line: int) -> tuple[Any, int]:
    try:
        return _DECODER.raw_decode(text, position)
    except json.JSONDecodeError as error:
        error_line = line + text.count("\n", position, error.pos)
        raise JsonError(f"is no JSON: {error.msg}", line=error_line) from error
    except RecursionError as error:
        raise JsonError("is nested too deeply", line=line) from error
    except (ValueError, ArithmeticError) as error:
        raise JsonError(f"has a number that can't be read: {error}", line=line) from error


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number in JSON")


_DECODER = json.JSONDecoder(parse_float=Decimal, parse_constant=_refuse_constant)
