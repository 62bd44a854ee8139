"""Verdicts: what a run or a judgement is worth."""

from enum import StrEnum
from typing import assert_never

from app.domain.runs import RunStatus


class Verdict(StrEnum):
    """Judgement types by their ICPC Contest API ids where one exists; `IE` is what ICPC calls `JE`.

    Source: ICPC Contest API 2023-06, known judgement types.
    """

    AC = "AC"
    WA = "WA"
    TLE = "TLE"
    MLE = "MLE"
    OLE = "OLE"
    RTE = "RTE"
    CE = "CE"
    IE = "IE"


def verdict_of(status: RunStatus, *, is_output_right: bool) -> Verdict:
    """Judge one run: a limit or a crash decides before the output is looked at."""
    match status:
        case RunStatus.OK:
            return Verdict.AC if is_output_right else Verdict.WA
        case RunStatus.TIME_LIMIT | RunStatus.WALL_LIMIT:
            return Verdict.TLE
        case RunStatus.MEMORY_LIMIT:
            return Verdict.MLE
        case RunStatus.OUTPUT_LIMIT:
            return Verdict.OLE
        case RunStatus.NONZERO_EXIT | RunStatus.SIGNALED:
            return Verdict.RTE
        case _:
            assert_never(status)
