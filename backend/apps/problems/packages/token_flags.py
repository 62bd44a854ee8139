"""The arguments of the format's default output validator, and the options they mean.

Source: Problem Package Format (legacy), default output validator.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

CASE_SENSITIVE = "case_sensitive"
SPACE_SENSITIVE = "space_change_sensitive"
FLOAT_ABSOLUTE = "float_absolute_tolerance"
FLOAT_RELATIVE = "float_relative_tolerance"
FLOAT_BOTH = "float_tolerance"
_WITH_NUMBER = {
    FLOAT_ABSOLUTE: ("float_absolute",),
    FLOAT_RELATIVE: ("float_relative",),
    FLOAT_BOTH: ("float_absolute", "float_relative"),
}


class FlagsError(Exception):
    """The arguments are not those of the default validator; the message says which."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenOptions:
    """How tokens are compared; without tolerances numbers are compared as text."""

    case_sensitive: bool = False
    space_sensitive: bool = False
    float_absolute: Decimal | None = None
    float_relative: Decimal | None = None


def options_of(flags: Sequence[str]) -> TokenOptions:
    """Give what the arguments mean; of two that contradict the last one holds.

    Raises:
        FlagsError: An argument is unknown, or a tolerance is no number from 0 to 1e9.
    """
    tolerances: dict[str, Decimal] = {}
    rest = list(reversed(flags))
    seen = set()
    while rest:
        flag = rest.pop()
        if flag in _WITH_NUMBER:
            number = _tolerance(flag, rest.pop() if rest else "")
            tolerances.update(dict.fromkeys(_WITH_NUMBER[flag], number))
        elif flag in {CASE_SENSITIVE, SPACE_SENSITIVE}:
            seen.add(flag)
        else:
            known = ", ".join((CASE_SENSITIVE, SPACE_SENSITIVE, *_WITH_NUMBER))
            raise FlagsError(f"'{flag[:50]}' is not known; use {known}.")
    return TokenOptions(
        case_sensitive=CASE_SENSITIVE in seen,
        space_sensitive=SPACE_SENSITIVE in seen,
        float_absolute=tolerances.get("float_absolute"),
        float_relative=tolerances.get("float_relative"),
    )


def flags_of(options: TokenOptions) -> tuple[str, ...]:
    """Give the arguments that mean the options."""
    flags = []
    if options.case_sensitive:
        flags.append(CASE_SENSITIVE)
    if options.space_sensitive:
        flags.append(SPACE_SENSITIVE)
    if options.float_absolute is not None:
        flags += [FLOAT_ABSOLUTE, str(options.float_absolute)]
    if options.float_relative is not None:
        flags += [FLOAT_RELATIVE, str(options.float_relative)]
    return tuple(flags)


def _tolerance(flag: str, text: str) -> Decimal:
    try:
        number = Decimal(text)
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or not 0 <= number <= 10**9:
        raise FlagsError(f"{flag} needs a number from 0 to 1e9, not '{text[:50]}'.")
    return number
