"""Checkers compare a program's output with the expected one.

All take any bytes whatever their size. They go through both texts by pieces and end at the first
difference, so that their memory stays a small multiple of the output, which is limited.
"""

import math
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest
from typing import Literal, assert_never

from app.domain.checking import CheckOutcome
from app.domain.text import readable

PIECE_BYTES = 64 * 1024
SHOWN_BYTES = 100
"""How much of a token a message repeats."""

_WORD = re.compile(rb"[^ \t\n\v\f\r]+")
_WORD_OR_SPACE = re.compile(rb"[^ \t\n\v\f\r]+|[ \t\n\v\f\r]+")
_SPACE = re.compile(rb"[ \t\n\v\f\r]+")
_NEWLINE = re.compile(rb"\n")
# Possessive, as going back would take quadratic time on a long token.
_NUMBER = re.compile(rb"[+-]?(?:[0-9]++\.?+[0-9]*+|\.[0-9]++)(?:[eE][+-]?+[0-9]++)?+")
_ACCEPTED = CheckOutcome(is_accepted=True, score=1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExactChecker:
    """Equal, but for white space at the very end of either text."""

    kind: Literal["exact"] = "exact"


@dataclass(frozen=True, slots=True, kw_only=True)
class TokensChecker:
    """The same tokens, separated by white space.

    Where a tolerance is given and the expected token is a number, decimal or scientific, the one in
    its place must be a number as well, and within either tolerance. `inf`, `nan`, what is too large
    for a double, and hexadecimal numbers are no numbers, but text.

    Source: Problem Package Format (legacy), flags of the default output validator; whose default is
    to ignore case, which here has to be said.
    """

    kind: Literal["tokens"] = "tokens"
    case_sensitive: bool = True
    space_sensitive: bool = False
    float_absolute: float | None = None
    float_relative: float | None = None

    @property
    def has_tolerance(self) -> bool:
        """Whether numbers are compared as such."""
        return self.float_absolute is not None or self.float_relative is not None

    def is_same(self, output: bytes, expected: bytes) -> bool:
        """Compare two tokens."""
        if output == expected:
            return True
        number = _number(expected) if self.has_tolerance else None
        if number is not None:
            given = _number(output)
            return given is not None and self._is_near(abs(number - given), abs(number))
        return not self.case_sensitive and output.lower() == expected.lower()

    def _is_near(self, difference: float, size: float) -> bool:
        return (self.float_absolute is not None and difference <= self.float_absolute) or (
            self.float_relative is not None and difference <= self.float_relative * size
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SortedLinesChecker:
    """The same lines in any order; white space at the end of lines and of the text aside."""

    kind: Literal["sorted_lines"] = "sorted_lines"


Checker = ExactChecker | TokensChecker | SortedLinesChecker


def check(checker: Checker, output: bytes, expected: bytes) -> CheckOutcome:
    """Say whether the output is right."""
    if output == expected:
        return _ACCEPTED
    match checker:
        case ExactChecker():
            return _ACCEPTED if is_same_output(output, expected) else _refused("")
        case TokensChecker():
            return _check_tokens(checker, output, expected)
        case SortedLinesChecker():
            return _check_lines(output, expected)
        case _:
            assert_never(checker)


def is_same_output(actual: bytes, expected: bytes) -> bool:
    """Compare exactly, but for white space at the very end of either text.

    Source: contract S000-V01.
    """
    return actual == expected or actual.rstrip() == expected.rstrip()


def _check_tokens(checker: TokensChecker, output: bytes, expected: bytes) -> CheckOutcome:
    pattern = _WORD_OR_SPACE if checker.space_sensitive else _WORD
    pairs = zip_longest(_parts(pattern, output), _parts(pattern, expected))
    for number, (given, wanted) in enumerate(pairs, start=1):
        if given == wanted:
            continue
        if given is None or wanted is None or not checker.is_same(given, wanted):
            return _refused(f"Token {number}: expected {_shown(wanted)}, got {_shown(given)}")
    return _ACCEPTED


def _check_lines(output: bytes, expected: bytes) -> CheckOutcome:
    left = Counter(_lines(output))
    for line in _lines(expected):
        if not left[line]:
            return _refused(f"Expected one more line {_shown(line)}")
        left[line] -= 1
    for line in left.elements():
        return _refused(f"Unexpected line {_shown(line)}")
    return _ACCEPTED


def _parts(pattern: re.Pattern[bytes], text: bytes) -> Iterator[bytes]:
    for piece in _pieces(_SPACE, text):
        yield from pattern.findall(piece)


def _lines(text: bytes) -> Iterator[bytes]:
    for piece in _pieces(_NEWLINE, text.rstrip()):
        for line in piece.removesuffix(b"\n").split(b"\n"):
            yield line.rstrip()


def _pieces(end: re.Pattern[bytes], text: bytes) -> Iterator[bytes]:
    """Cut the text, but only where the pattern matches and what it matches ends."""
    start = 0
    while start < len(text):
        match = end.search(text, start + PIECE_BYTES)
        stop = match.end() if match else len(text)
        yield text[start:stop]
        start = stop


def _number(token: bytes) -> float | None:
    if not _NUMBER.fullmatch(token):
        return None
    number = float(token)
    return number if math.isfinite(number) else None


def _refused(message: str) -> CheckOutcome:
    return CheckOutcome(is_accepted=False, score=0.0, message=message)


def _shown(token: bytes | None) -> str:
    if token is None:
        return "the end"
    shown = repr(readable(token[:SHOWN_BYTES], max_bytes=SHOWN_BYTES))
    return shown if len(token) <= SHOWN_BYTES else f"{shown}..."
