"""The ICPC format: problems solved, then penalty time."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from typing import ClassVar, Literal

from typing_extensions import override

from apps.contests.formats.attempts import COMPILE_ERROR, Attempt, in_order
from apps.contests.formats.base import ContestFormat, first_pending_at, last_improved_at
from apps.contests.formats.cells import Cell, Total
from apps.contests.formats.options import BooleanOption, IntegerOption, Option

MINUTE = timedelta(minutes=1)
PENALTY_MINUTES_MAX = 24 * 60
SOLVED = Decimal(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class IcpcFormat(ContestFormat):
    """Most problems solved, then least penalty time, then the earliest last accepted attempt.

    A solved problem costs the minute of its first accepted attempt, rounded down, plus
    `penalty_minutes` for each attempt rejected before it; an unsolved one costs nothing. Who is
    equal in solved problems, penalty and the minute of the last accepted attempt shares a rank.

    Source: CCS System Requirements, "Scoring Data Generation",
    https://ccs-specs.icpc.io/draft/ccs_system_requirements. Its ranking by solved problems alone
    below the medals is left out: it is the World Finals' own.
    """

    id: ClassVar[str] = "icpc"
    title: ClassVar[str] = "ICPC"
    description: ClassVar[str] = (
        "Solved problems count; ties are broken by penalty time, then by the time of the last "
        "accepted submission."
    )
    penalty_unit: ClassVar[Literal["minutes", "seconds"] | None] = "minutes"
    options: ClassVar[Sequence[Option]] = (
        IntegerOption(
            name="penalty_minutes",
            title="Minutes that a rejected submission costs",
            default=20,
            minimum=0,
            maximum=PENALTY_MINUTES_MAX,
        ),
        BooleanOption(
            name="compile_errors_are_free",
            title="A submission that does not compile costs nothing",
            default=True,
        ),
    )

    penalty_minutes: int = 20
    compile_errors_are_free: bool = True

    @override
    def cell(self, attempts: Iterable[Attempt]) -> Cell:
        ordered = in_order(attempts)
        first = next((place for place, each in enumerate(ordered) if each.is_accepted), None)
        # What comes after the first accepted attempt changes nothing any more.
        before = ordered if first is None else ordered[:first]
        judged = [each for each in before if each.is_judged]
        unsolved = Cell(
            judged_count=len(judged),
            rejected_count=sum(self._costs(each) for each in judged),
            pending_count=len(before) - len(judged),
            first_pending_at=first_pending_at(before),
        )
        return unsolved if first is None else self._solved(unsolved, ordered[first])

    @override
    def total(self, cells: Iterable[Cell]) -> Total:
        solved = [cell for cell in cells if cell.is_solved]
        last_solved_at = last_improved_at(solved)
        return Total(
            score=SOLVED * len(solved),
            penalty=sum(cell.penalty for cell in solved),
            tie_break=0 if last_solved_at is None else _minute_of(last_solved_at),
            last_improved_at=last_solved_at,
        )

    def _costs(self, attempt: Attempt) -> bool:
        return not (self.compile_errors_are_free and attempt.verdict == COMPILE_ERROR)

    def _solved(self, unsolved: Cell, accepted: Attempt) -> Cell:
        return replace(
            unsolved,
            judged_count=unsolved.judged_count + 1,
            score=SOLVED,
            penalty=_minute_of(accepted.at) + self.penalty_minutes * unsolved.rejected_count,
            solved_at=accepted.at,
            improved_at=accepted.at,
            submission_id=accepted.submission_id,
        )


def _minute_of(moment: timedelta) -> int:
    return moment // MINUTE
