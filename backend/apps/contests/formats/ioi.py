"""The IOI format: points of the best submission, or of the best per subtask."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import ClassVar

from typing_extensions import override

from apps.contests.domain import NO_SCORE
from apps.contests.formats.attempts import Attempt, in_order
from apps.contests.formats.base import (
    ContestFormat,
    first_accepted_at,
    first_pending_at,
    last_improved_at,
)
from apps.contests.formats.cells import MICROSECOND, Cell, Total
from apps.contests.formats.options import BooleanOption, ChoiceOption, Option

NO_TIE_BREAK = "none"
LAST_IMPROVEMENT = "last_improvement"


@dataclass(frozen=True, slots=True, kw_only=True)
class IoiFormat(ContestFormat):
    """Most points: the sum over the problems of the best submission, or of the best per subtask.

    Equal points share a rank, as at the IOI. With `tie_break` "last_improvement" whoever reached
    them first is ahead, to the microsecond.

    With `max_per_subtask` a problem is worth the sum of the best scores of its test groups, each
    from whichever submission, and at least its best submission: one without groups counts as one
    subtask.
    Source: CMS, score modes "max" (IOI 2013-2016) and "max_subtask" (since 2017),
    https://cms.readthedocs.io/en/v1.4/Configuring%20a%20contest.html#computation-of-the-score
    """

    id: ClassVar[str] = "ioi"
    title: ClassVar[str] = "IOI"
    description: ClassVar[str] = "Points count: of the best submission, or of the best per subtask."
    options: ClassVar[Sequence[Option]] = (
        BooleanOption(
            name="max_per_subtask",
            title="Sum the best score of each subtask over all submissions",
            default=False,
        ),
        ChoiceOption(
            name="tie_break",
            title="What decides between equal points",
            default=NO_TIE_BREAK,
            choices=(NO_TIE_BREAK, LAST_IMPROVEMENT),
        ),
    )

    max_per_subtask: bool = False
    tie_break: str = NO_TIE_BREAK

    @override
    def cell(self, attempts: Iterable[Attempt]) -> Cell:
        ordered = in_order(attempts)
        judged = [each for each in ordered if each.is_judged]
        return replace(
            self._best(judged),
            judged_count=len(judged),
            pending_count=len(ordered) - len(judged),
            first_pending_at=first_pending_at(ordered),
            solved_at=first_accepted_at(judged),
        )

    @override
    def total(self, cells: Iterable[Cell]) -> Total:
        reached = list(cells)
        improved_at = last_improved_at(reached)
        is_broken = self.tie_break == LAST_IMPROVEMENT
        return Total(
            score=sum((cell.score for cell in reached), start=NO_SCORE),
            tie_break=improved_at // MICROSECOND if is_broken and improved_at is not None else 0,
            last_improved_at=improved_at,
        )

    def _best(self, judged: Sequence[Attempt]) -> Cell:
        best = Cell()
        best_parts: Mapping[str, Decimal] = {}
        for each in judged:
            score, parts = each.score, each.group_scores
            if self.max_per_subtask:
                best_parts = parts = _best_of_each(best_parts, parts)
                score = max(score, sum(parts.values(), start=NO_SCORE))
            if score > best.score:
                best = Cell(
                    score=score,
                    improved_at=each.at,
                    submission_id=each.submission_id,
                    group_scores=parts,
                )
        return replace(best, group_scores=best_parts) if self.max_per_subtask else best


def _best_of_each(
    first: Mapping[str, Decimal], second: Mapping[str, Decimal]
) -> Mapping[str, Decimal]:
    return {
        name: max(first.get(name, NO_SCORE), second.get(name, NO_SCORE))
        for name in {**first, **second}
    }
