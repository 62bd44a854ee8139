"""The options of a contest format: read from JSON without guessing, described for a form."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


class FormatConfigError(ValueError):
    """A contest format can't be built from this config; the text says what to change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IntegerOption:
    """A whole number within bounds."""

    name: str
    title: str
    default: int
    minimum: int
    maximum: int

    def read(self, value: object) -> int:
        """Give the value.

        Raises:
            FormatConfigError: It is no whole number or out of bounds.
        """
        # JSON's true is an int to Python.
        if isinstance(value, bool) or not isinstance(value, int):
            raise FormatConfigError(f"Give {self.name} as a whole number.")
        if not self.minimum <= value <= self.maximum:
            raise FormatConfigError(f"Give {self.name} {self.values}.")
        return value

    @property
    def values(self) -> str:
        """What it may be."""
        return f"a number from {self.minimum} to {self.maximum}"


@dataclass(frozen=True, slots=True, kw_only=True)
class BooleanOption:
    """A switch."""

    name: str
    title: str
    default: bool

    def read(self, value: object) -> bool:
        """Give the value.

        Raises:
            FormatConfigError: It is neither true nor false.
        """
        if not isinstance(value, bool):
            raise FormatConfigError(f"Give {self.name} as {self.values}.")
        return value

    @property
    def values(self) -> str:
        """What it may be."""
        return "true or false"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoiceOption:
    """One of a few words."""

    name: str
    title: str
    default: str
    choices: Sequence[str]

    def read(self, value: object) -> str:
        """Give the value.

        Raises:
            FormatConfigError: It is none of the choices.
        """
        if not isinstance(value, str) or value not in self.choices:
            raise FormatConfigError(f"Give {self.name} as {self.values}.")
        return value

    @property
    def values(self) -> str:
        """What it may be."""
        return f"one of: {', '.join(self.choices)}"


Option = IntegerOption | BooleanOption | ChoiceOption


def read_config(options: Sequence[Option], config: object) -> dict[str, Any]:
    """Give the value of every option; what the config leaves out has its default.

    Raises:
        FormatConfigError: The config is no object, has an unknown key or a value that does not fit.
    """
    if not isinstance(config, Mapping):
        raise FormatConfigError("Give the format's options as a JSON object; {} takes the usual.")
    by_name = {option.name: option for option in options}
    for key in config:
        if key not in by_name:
            known = ", ".join(by_name) or "none"
            raise FormatConfigError(f"Take out {str(key)[:50]!r}; the format's options: {known}.")
    return {
        name: option.read(config[name]) if name in config else option.default
        for name, option in by_name.items()
    }


def describe(options: Sequence[Option]) -> str:
    """Say what a config may hold and what is usual, for whoever writes one."""
    described = (
        f"{json.dumps(each.name)}: {json.dumps(each.default)} ({each.title}; {each.values})"
        for each in options
    )
    return f"{{{', '.join(described)}}}"
