"""The last-submission format: what was handed in last counts."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import ClassVar

from typing_extensions import override

from apps.contests.domain import NO_SCORE
from apps.contests.formats.attempts import Attempt, in_order
from apps.contests.formats.base import ContestFormat, first_pending_at, last_improved_at
from apps.contests.formats.cells import Cell, Total


@dataclass(frozen=True, slots=True, kw_only=True)
class LastSubmissionFormat(ContestFormat):
    """Most points: the sum over the problems of the last judged submission, better or not.

    A submission that does not compile counts as any other and is worth nothing; while the last one
    is not judged, the one before it counts. Equal points share a rank.
    """

    id: ClassVar[str] = "last"
    title: ClassVar[str] = "Last submission"
    description: ClassVar[str] = "Points of the last judged submission to each problem count."

    @override
    def cell(self, attempts: Iterable[Attempt]) -> Cell:
        ordered = in_order(attempts)
        judged = [each for each in ordered if each.is_judged]
        unscored = Cell(
            judged_count=len(judged),
            pending_count=len(ordered) - len(judged),
            first_pending_at=first_pending_at(ordered),
        )
        if not judged:
            return unscored
        last = judged[-1]
        return replace(
            unscored,
            score=last.score,
            solved_at=last.at if last.is_accepted else None,
            improved_at=last.at if last.score else None,
            submission_id=last.submission_id,
            group_scores=last.group_scores,
        )

    @override
    def total(self, cells: Iterable[Cell]) -> Total:
        reached = list(cells)
        return Total(
            score=sum((cell.score for cell in reached), start=NO_SCORE),
            last_improved_at=last_improved_at(reached),
        )
