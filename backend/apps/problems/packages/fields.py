"""One mapping of a YAML document, taken key by key; what is wrong goes into the report."""

from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any, TypeVar

from apps.problems.packages.report import Report

TEXT_CHARS_MAX = 1_000
FLAGS_MAX = 64
DECIMAL_PLACES_MAX = 9
_TRUTH = {"true": True, "yes": True, "false": False, "no": False}

Choice = TypeVar("Choice", bound=StrEnum)


class Fields:
    """Reads typed values by key; a missing or a wrong one gives the default."""

    def __init__(
        self, values: Mapping[str, Any], *, path: str, report: Report, prefix: str = ""
    ) -> None:
        self._values = values
        self._path = path
        self._report = report
        self._prefix = prefix
        self._taken: set[str] = set()

    def has(self, key: str) -> bool:
        """Tell whether the key is there, be it empty."""
        return key in self._values

    def __iter__(self) -> Iterator[str]:
        """Give the keys, in order."""
        return iter(self._values)

    def error(self, key: str, message: str) -> None:
        """Note what is wrong with a key's value."""
        self._report.error(self._path, f"{self._prefix}{key}: {message}")

    def raw(self, key: str) -> Any:
        """Give the value as it was parsed."""
        self._taken.add(key)
        return self._values.get(key, "")

    def text(self, key: str, *, chars_max: int = TEXT_CHARS_MAX) -> str:
        """Give a line of text, each run of blanks as one space."""
        return self.line(key, self.raw(key), chars_max=chars_max)

    def line(self, key: str, value: object, *, chars_max: int = TEXT_CHARS_MAX) -> str:
        """Check a value that has to be a line of text."""
        line = " ".join(value.split()) if isinstance(value, str) else None
        if line is None or not line.isprintable():
            self.error(key, "Give a text without control characters.")
            return ""
        if len(line) > chars_max:
            self.error(key, f"It has {len(line)} characters; make it at most {chars_max}.")
            return ""
        return line

    def words(self, key: str) -> tuple[str, ...]:
        """Give the words of a text, or of a list of texts."""
        value = self.raw(key)
        if isinstance(value, list) and all(isinstance(each, str) for each in value):
            value = " ".join(value)
        words = tuple(self.line(key, value).split())
        if len(words) > FLAGS_MAX:
            self.error(key, f"It has {len(words)} words; make it at most {FLAGS_MAX}.")
            return ()
        return words

    def choice(self, key: str, choices: type[Choice], default: Choice) -> Choice:
        """Give one of the named values."""
        text = self.text(key)
        try:
            return choices(text) if text else default
        except ValueError:
            known = ", ".join(f"'{each.value}'" for each in choices)
            self.error(key, f"'{text[:50]}' is not known; use one of {known}.")
            return default

    def truth(self, key: str) -> bool:
        """Give a truth value; without one it is false."""
        text = self.text(key)
        if text and text.lower() not in _TRUTH:
            self.error(key, "Use true or false.")
        return _TRUTH.get(text.lower(), False)

    def decimal(self, key: str, *, low: int, high: int) -> Decimal | None:
        """Give a number; `None` without one."""
        text = self.text(key)
        return self.number(key, text, low=low, high=high) if text else None

    def number(self, key: str, text: str, *, low: int, high: int) -> Decimal | None:
        """Check a text that has to be a number."""
        value = decimal_of(text)
        if value is None or not low <= value <= high:
            self.error(
                key,
                f"Use a number from {low} to {high}, at most {DECIMAL_PLACES_MAX} digits after"
                " the point.",
            )
            return None
        return value

    def whole(self, key: str, *, low: int, high: int) -> int | None:
        """Give a whole number; `None` without one."""
        value = self.decimal(key, low=low, high=high)
        if value is not None and value != int(value):
            self.error(key, "Use a whole number.")
            return None
        return None if value is None else int(value)

    def section(self, key: str) -> "Fields":
        """Give the mapping below a key; an empty one when there is none."""
        value = self.raw(key)
        if not isinstance(value, Mapping):
            if value:
                self.error(key, "Give keys with values.")
            value = {}
        return Fields(value, path=self._path, report=self._report, prefix=f"{self._prefix}{key}.")

    def warn_of_the_rest(self) -> None:
        """Note the keys that nothing has asked for."""
        for key in self._values:
            if key not in self._taken:
                self._report.warning(self._path, f"{self._prefix}{key[:50]} is not known: ignored.")


def decimal_of(text: str) -> Decimal | None:
    """Give a finite number of a sane size; `None` for anything else."""
    try:
        value = Decimal(text)
    except InvalidOperation:
        return None
    if not value.is_finite() or value.adjusted() > FLAGS_MAX:
        return None
    exponent = value.normalize().as_tuple().exponent
    return value if isinstance(exponent, int) and exponent >= -DECIMAL_PLACES_MAX else None
