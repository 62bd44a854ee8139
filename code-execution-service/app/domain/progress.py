"""How far the judging of a submission is."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


class JudgingStage(StrEnum):
    """What a judge is busy with."""

    COMPILING = "compiling"
    TESTING = "testing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a judging is; tests that are skipped are done too."""

    stage: JudgingStage
    tests_done: int
    tests_total: int


ProgressListener = Callable[[Progress], None]
"""Is told whenever a judging has come further."""
