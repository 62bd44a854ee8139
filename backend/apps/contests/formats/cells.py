"""What scoring keeps: a cell per participant and problem, and a total per participant."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any, Self

from apps.contests.domain import NO_SCORE

MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """What a participant has reached at one problem; totals need nothing but cells.

    `judged_count` counts the judged attempts that were looked at, `rejected_count` those of them
    that cost something once the problem gives points, `pending_count` those without a verdict that
    may still change the cell, `first_pending_at` being the earliest. `penalty` is what the problem
    adds to the total's, in the format's unit. `improved_at` is when the score was reached, `None`
    while it is nothing; `solved_at` when the problem was. `submission_id` is the attempt that
    counts; with best scores per subtask it is the last that improved one.
    """

    judged_count: int = 0
    rejected_count: int = 0
    pending_count: int = 0
    first_pending_at: timedelta | None = None
    score: Decimal = NO_SCORE
    penalty: int = 0
    solved_at: timedelta | None = None
    improved_at: timedelta | None = None
    submission_id: int | None = None
    group_scores: Mapping[str, Decimal] = field(default_factory=dict)

    @property
    def is_solved(self) -> bool:
        """Tell whether an accepted attempt counts."""
        return self.solved_at is not None

    def as_json(self) -> dict[str, Any]:
        """Give a JSON object without what is zero or absent; times are whole microseconds."""
        document = {
            "judged": self.judged_count,
            "rejected": self.rejected_count,
            "pending": self.pending_count,
            "pending_us": _microseconds(self.first_pending_at),
            "score": str(self.score) if self.score else None,
            "penalty": self.penalty,
            "solved_us": _microseconds(self.solved_at),
            "improved_us": _microseconds(self.improved_at),
            "submission": self.submission_id,
            "groups": {name: str(score) for name, score in self.group_scores.items()} or None,
        }
        # A moment of 0 is a moment, unlike a count of 0.
        return {
            key: value
            for key, value in document.items()
            if value is not None and (value != 0 or key.endswith("_us"))
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """Read what `as_json` gave."""
        return cls(
            judged_count=document.get("judged", 0),
            rejected_count=document.get("rejected", 0),
            pending_count=document.get("pending", 0),
            first_pending_at=_duration(document.get("pending_us")),
            score=Decimal(document.get("score", NO_SCORE)),
            penalty=document.get("penalty", 0),
            solved_at=_duration(document.get("solved_us")),
            improved_at=_duration(document.get("improved_us")),
            submission_id=document.get("submission"),
            group_scores={
                name: Decimal(score) for name, score in document.get("groups", {}).items()
            },
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Total:
    """What a participant has reached in the contest.

    A board is ordered by `score` from high to low, then `penalty`, then `tie_break` from low to
    high; whoever is equal in all three shares a rank. `last_improved_at` decides nothing.
    """

    score: Decimal = NO_SCORE
    penalty: int = 0
    tie_break: int = 0
    last_improved_at: timedelta | None = None

    @property
    def order(self) -> tuple[Decimal, int, int]:
        """Give what the board is sorted by, from low to high."""
        return -self.score, self.penalty, self.tie_break


def _microseconds(duration: timedelta | None) -> int | None:
    return None if duration is None else duration // MICROSECOND


def _duration(microseconds: int | None) -> timedelta | None:
    return None if microseconds is None else timedelta(microseconds=microseconds)
