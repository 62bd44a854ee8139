"""The contract's rule for contests without a format, written a second time to compare with."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal

from apps.contests.domain import NO_SCORE, POINT_STEP


@dataclass(frozen=True, slots=True, kw_only=True)
class TestOutcome:
    """Whether a submission passed one test case, and what that test case is worth."""

    __test__ = False

    is_passed: bool
    points: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GradedSubmission:
    """One graded submission of a participant to a problem of the contest."""

    problem_id: int
    score: Decimal
    submitted_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What a participant has reached; `last_improved_at` is `None` while that is nothing."""

    final_score: Decimal
    last_improved_at: datetime | None


def score_of(outcomes: Sequence[TestOutcome], full_points: int | None) -> Decimal:
    """Add up the points of the passed tests, scaled so that all of them make `full_points`.

    Without `full_points` the tests' own points count. Tests that are all worth nothing still make
    full points when every one is passed.
    """
    total = sum(outcome.points for outcome in outcomes)
    reached = sum(outcome.points for outcome in outcomes if outcome.is_passed)
    full = total if full_points is None else full_points
    if outcomes and all(outcome.is_passed for outcome in outcomes):
        return _rounded(Decimal(full))
    return _rounded(Decimal(full * reached) / total) if total else NO_SCORE


def standing_of(submissions: Iterable[GradedSubmission]) -> Standing:
    """Sum the best score of each problem, and find when the sum last grew."""
    best: dict[int, Decimal] = {}
    last_improved_at = None
    for submission in sorted(submissions, key=lambda each: each.submitted_at):
        if submission.score > best.get(submission.problem_id, NO_SCORE):
            best[submission.problem_id] = submission.score
            last_improved_at = submission.submitted_at
    return Standing(
        final_score=sum(best.values(), start=NO_SCORE), last_improved_at=last_improved_at
    )


def ranks_of(standings: Sequence[Standing]) -> list[int]:
    """Rank by score, then by who reached it first; equals share a rank and the next is skipped.

    The ranks are in the order of `standings`.
    """
    keys = [_rank_key(standing) for standing in standings]
    first_rank: dict[tuple[Decimal, float], int] = {}
    for rank, key in enumerate(sorted(keys), start=1):
        first_rank.setdefault(key, rank)
    return [first_rank[key] for key in keys]


def _rank_key(standing: Standing) -> tuple[Decimal, float]:
    improved_at = standing.last_improved_at
    return -standing.final_score, improved_at.timestamp() if improved_at else 0.0


def _rounded(score: Decimal) -> Decimal:
    return score.quantize(POINT_STEP, rounding=ROUND_HALF_UP)
