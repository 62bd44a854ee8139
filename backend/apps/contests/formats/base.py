"""The port that every contest format implements."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar, Literal, Self

from apps.contests.formats.attempts import Attempt
from apps.contests.formats.cells import Cell, Total
from apps.contests.formats.options import Option, read_config


@dataclass(frozen=True, slots=True, kw_only=True)
class ContestFormat(ABC):
    """How attempts become cells and cells a total: pure, and blind to the order of arrival."""

    id: ClassVar[str]
    title: ClassVar[str]
    description: ClassVar[str]
    penalty_unit: ClassVar[Literal["minutes", "seconds"] | None] = None
    options: ClassVar[Sequence[Option]] = ()

    @classmethod
    def from_config(cls, config: object) -> Self:
        """Build the format from its JSON config.

        Raises:
            FormatConfigError: The config does not fit; the text says what to change.
        """
        return cls(**read_config(cls.options, config))

    @abstractmethod
    def cell(self, attempts: Iterable[Attempt]) -> Cell:
        """Judge one participant's attempts at one problem."""

    @abstractmethod
    def total(self, cells: Iterable[Cell]) -> Total:
        """Sum up one participant's cells."""


def first_pending_at(attempts: Iterable[Attempt]) -> timedelta | None:
    """Say when the first attempt without a verdict came."""
    return min((each.at for each in attempts if not each.is_judged), default=None)


def first_accepted_at(attempts: Iterable[Attempt]) -> timedelta | None:
    """Say when the first accepted attempt came."""
    return min((each.at for each in attempts if each.is_accepted), default=None)


def last_improved_at(cells: Iterable[Cell]) -> timedelta | None:
    """Say when the last of the cells reached its score."""
    return max((cell.improved_at for cell in cells if cell.improved_at is not None), default=None)
