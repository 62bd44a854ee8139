"""Checkers and interactors that are programs: what a problem brings along to decide itself."""

from dataclasses import dataclass
from enum import StrEnum

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
