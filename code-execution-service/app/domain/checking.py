"""Checkers and interactors that are programs: what a problem brings along to decide itself."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from app.domain.files import SourceFile
from app.domain.language import Language
from app.domain.limits import Limits


class Protocol(StrEnum):
    """How such a program is called and how it answers.

    Source: Problem Package Format (legacy), output validators; testlib.h, exit codes.
    """

    ICPC = "icpc"
    TESTLIB = "testlib"


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckOutcome:
    """What a checker says of one output; `message` is for judges, whole.

    `is_accepted` goes with a `score` of 1.0. A score between 0.0 and 1.0 is partial credit: the
    output is not accepted, and still no failure that ends a group of tests.
    """

    is_accepted: bool
    score: float
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgramChecker:
    """A checker or interactor; `limits` hold for each of its runs, multipliers applied."""

    protocol: Protocol
    language: Language
    source: bytes
    files: tuple[SourceFile, ...]
    arguments: tuple[str, ...]
    limits: Limits


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFile:
    """A file whose content is kept as test data."""

    name: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredProgram:
    """A checker or interactor whose source and files are kept as test data.

    Limits that are `None` are the service's defaults, multipliers that are `None` the language's.
    """

    kind: Literal["program"] = "program"
    protocol: Protocol
    language: str
    source_sha256: str
    files: tuple[StoredFile, ...] = ()
    arguments: tuple[str, ...] = ()
    cpu_time_ms: int | None = None
    memory_bytes: int | None = None
    time_multiplier: float | None = None
    memory_multiplier: float | None = None

    @property
    def hashes(self) -> tuple[str, ...]:
        """What of the kept test data it consists of."""
        return (self.source_sha256, *(file.sha256 for file in self.files))
