"""Attempts to score: made by hand, and drawn at random."""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from apps.contests.formats import Attempt, ContestFormat, Total, cells_of

ALICE, BOB, CHARLIE = 1, 2, 3
A, B, C = 1, 2, 3
FREEZE_AT = timedelta(minutes=30)
VERDICTS = (None, "IE", "CE", "WA", "TLE", "AC")
# Few moments, so that several attempts share one.
MOMENTS = st.sampled_from([
    timedelta(0),
    timedelta(seconds=59, microseconds=999_999),
    timedelta(minutes=1),
    FREEZE_AT - timedelta(microseconds=1),
    FREEZE_AT,
    FREEZE_AT + timedelta(seconds=1),
    timedelta(minutes=45),
])
PARTS = st.sampled_from([Decimal(0), Decimal(20), Decimal("33.33"), Decimal(50)])


@st.composite
def outcomes(draw: st.DrawFn) -> dict[str, Any]:
    """Give a verdict with a score that fits it, in groups or not."""
    verdict = draw(st.sampled_from(VERDICTS))
    if verdict in {None, "IE", "CE"}:
        return {"verdict": verdict, "score": Decimal(0), "group_scores": {}}
    groups = draw(st.none() | st.fixed_dictionaries({"one": PARTS, "two": PARTS}))
    score = draw(PARTS) if groups is None else sum(groups.values(), start=Decimal(0))
    return {"verdict": verdict, "score": score, "group_scores": groups or {}}


@st.composite
def attempts_at(draw: st.DrawFn, problems: Sequence[int] = (A, B, C)) -> list[Attempt]:
    """Give one participant's attempts, in any order of time."""
    moments = draw(st.lists(MOMENTS, max_size=8))
    return [
        Attempt(
            submission_id=number,
            problem_id=draw(st.sampled_from(problems)),
            at=at,
            **draw(outcomes()),
        )
        for number, at in enumerate(moments, start=1)
    ]


ATTEMPTS = attempts_at()
TRIES = attempts_at(problems=(A,))
BOARDS = st.dictionaries(st.integers(1, 5), ATTEMPTS, max_size=5)


def tried(
    problem: int, minute: float, verdict: str | None, score: str = "0", **groups: str
) -> Attempt:
    """Make an attempt; its moment is its number too."""
    return Attempt(
        submission_id=int(minute * 60) + 1,
        problem_id=problem,
        at=timedelta(minutes=minute),
        verdict=verdict,
        score=Decimal(score),
        group_scores={name: Decimal(part) for name, part in groups.items()},
    )


def total_of(contest_format: ContestFormat, attempts: Sequence[Attempt]) -> Total:
    """Score one participant's attempts."""
    return contest_format.total(cells_of(contest_format, attempts).values())
