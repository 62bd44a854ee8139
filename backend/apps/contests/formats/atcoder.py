"""The AtCoder format: points, then time with a penalty."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar, Literal

from typing_extensions import override

from apps.contests.domain import NO_SCORE
from apps.contests.formats.attempts import ACCEPTED, COMPILE_ERROR, Attempt, in_order
from apps.contests.formats.base import (
    ContestFormat,
    first_accepted_at,
    first_pending_at,
    last_improved_at,
)
from apps.contests.formats.cells import Cell, Total
from apps.contests.formats.options import IntegerOption, Option

SECOND = timedelta(seconds=1)
MINUTE_SECONDS = 60
PENALTY_MINUTES_MAX = 24 * 60
FREE_VERDICTS = (ACCEPTED, COMPILE_ERROR)


@dataclass(frozen=True, slots=True, kw_only=True)
class AtCoderFormat(ContestFormat):
    """Most points, then the least time: when the points were reached, plus the penalties.

    A problem gives the points of its best submission. The time is that of the last improvement,
    rounded down to seconds, plus `penalty_minutes` for each attempt rejected before the best one,
    at problems that gave points. What does not compile costs nothing. Who is equal in points and
    time shares a rank.

    Source: the rules on a contest's page, https://abc075.contest.atcoder.jp/
    """

    id: ClassVar[str] = "atcoder"
    title: ClassVar[str] = "AtCoder"
    description: ClassVar[str] = (
        "Points of the best submissions count; ties are broken by the time of the last "
        "improvement plus penalties."
    )
    penalty_unit: ClassVar[Literal["minutes", "seconds"] | None] = "seconds"
    options: ClassVar[Sequence[Option]] = (
        IntegerOption(
            name="penalty_minutes",
            title="Minutes that a rejected submission costs",
            default=5,
            minimum=0,
            maximum=PENALTY_MINUTES_MAX,
        ),
    )

    penalty_minutes: int = 5

    @override
    def cell(self, attempts: Iterable[Attempt]) -> Cell:
        ordered = in_order(attempts)
        judged = [each for each in ordered if each.is_judged]
        score = max((each.score for each in judged), default=NO_SCORE)
        best = next((each for each in judged if score and each.score == score), None)
        before = judged if best is None else judged[: judged.index(best)]
        rejected_count = sum(each.verdict not in FREE_VERDICTS for each in before)
        return Cell(
            judged_count=len(judged),
            rejected_count=rejected_count,
            pending_count=len(ordered) - len(judged),
            first_pending_at=first_pending_at(ordered),
            score=score,
            penalty=self.penalty_minutes * MINUTE_SECONDS * rejected_count if best else 0,
            solved_at=first_accepted_at(judged),
            improved_at=best.at if best else None,
            submission_id=best.submission_id if best else None,
            group_scores=best.group_scores if best else {},
        )

    @override
    def total(self, cells: Iterable[Cell]) -> Total:
        reached = list(cells)
        improved_at = last_improved_at(reached)
        time_s = 0 if improved_at is None else improved_at // SECOND
        return Total(
            score=sum((cell.score for cell in reached), start=NO_SCORE),
            penalty=time_s + sum(cell.penalty for cell in reached),
            last_improved_at=improved_at,
        )
