"""What scoring reads: one submission of one participant, and which of its outcomes are public."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal

from apps.contests.domain import NO_SCORE

ACCEPTED = "AC"
COMPILE_ERROR = "CE"
# The fault is ours: it is judged again, and until then it counts as not judged.
# Source: CCS System Requirements, "Scoring Data Generation" (there: Judging Error),
# https://ccs-specs.icpc.io/draft/ccs_system_requirements
INTERNAL_ERROR = "IE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One submission of a participant to a problem of the contest.

    `at` is the time since the participant's own start, `verdict` is `None` while it is not judged,
    `score` are the points reached, and `group_scores` how they spread over the test groups.
    """

    submission_id: int
    problem_id: int
    at: timedelta
    verdict: str | None = None
    score: Decimal = NO_SCORE
    group_scores: Mapping[str, Decimal] = field(default_factory=dict)

    @property
    def is_judged(self) -> bool:
        """Tell whether there is a verdict that counts."""
        return self.verdict not in {None, INTERNAL_ERROR}

    @property
    def is_accepted(self) -> bool:
        """Tell whether it solves the problem."""
        return self.verdict == ACCEPTED


def in_order(attempts: Iterable[Attempt]) -> list[Attempt]:
    """Sort by time, and what came at the same time by submission."""
    return sorted(attempts, key=lambda each: (each.at, each.submission_id))


def hidden_from(attempts: Iterable[Attempt], freeze_at: timedelta | None) -> list[Attempt]:
    """Give the public view: what was submitted at the freeze or later looks as if not judged.

    `freeze_at` is on the participant's own clock; `None` where nothing is frozen.
    """
    return [
        each
        if freeze_at is None or each.at < freeze_at
        else replace(each, verdict=None, score=NO_SCORE, group_scores={})
        for each in attempts
    ]
