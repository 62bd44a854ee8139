"""Scores, standings and ranks."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.contests.domain import (
    GradedSubmission,
    Standing,
    TestOutcome,
    ranks_of,
    score_of,
    standing_of,
)

START = datetime(2026, 1, 1, tzinfo=UTC)
OUTCOMES = st.lists(
    st.builds(TestOutcome, is_passed=st.booleans(), points=st.integers(0, 1_000_000)), max_size=20
)
FULL_POINTS = st.none() | st.integers(0, 1_000_000)
STANDINGS = st.lists(
    st.builds(
        Standing,
        final_score=st.decimals(0, 300, places=2),
        last_improved_at=st.none() | st.datetimes(timezones=st.just(UTC)),
    ),
    max_size=20,
)


def graded(problem_id: int, score: str, minute: int) -> GradedSubmission:
    return GradedSubmission(
        problem_id=problem_id,
        score=Decimal(score),
        submitted_at=START + timedelta(minutes=minute),
    )


def outcomes(*lines: tuple[bool, int]) -> list[TestOutcome]:
    return [TestOutcome(is_passed=is_passed, points=points) for is_passed, points in lines]


@pytest.mark.parametrize(
    ("lines", "full_points", "score"),
    [
        ([(True, 10), (True, 30)], 100, "100.00"),
        ([(True, 10), (False, 30)], 100, "25.00"),
        ([(True, 1), (False, 2)], 100, "33.33"),
        ([(False, 10), (False, 30)], 100, "0.00"),
        ([(True, 0), (True, 0)], 100, "100.00"),
        ([(True, 0), (False, 0)], 100, "0.00"),
        ([(True, 10), (False, 30)], None, "10.00"),
        ([], 100, "0.00"),
    ],
)
def test_scales_the_points_of_passed_tests(
    lines: list[tuple[bool, int]], full_points: int | None, score: str
) -> None:
    assert score_of(outcomes(*lines), full_points) == Decimal(score)


@given(OUTCOMES, FULL_POINTS)
def test_a_score_is_between_nothing_and_everything(
    results: list[TestOutcome], full_points: int | None
) -> None:
    total = sum(each.points for each in results) if full_points is None else full_points

    assert 0 <= score_of(results, full_points) <= total


@given(OUTCOMES, FULL_POINTS, st.integers(0, 19))
def test_passing_one_more_test_never_costs_points(
    results: list[TestOutcome], full_points: int | None, index: int
) -> None:
    better = [
        TestOutcome(is_passed=each.is_passed or place == index, points=each.points)
        for place, each in enumerate(results)
    ]

    assert score_of(better, full_points) >= score_of(results, full_points)


def test_sums_the_best_score_of_each_problem() -> None:
    standing = standing_of([
        graded(1, "50", minute=1),
        graded(1, "30", minute=2),
        graded(2, "20", minute=3),
        graded(2, "20", minute=4),
    ])

    assert standing.final_score == Decimal(70)
    assert standing.last_improved_at == START + timedelta(minutes=3)


@given(st.permutations([graded(1, "50", 1), graded(2, "20", 3), graded(1, "60", 5)]))
def test_the_order_in_which_results_arrive_does_not_matter(rows: list[GradedSubmission]) -> None:
    assert standing_of(rows) == Standing(
        final_score=Decimal(80), last_improved_at=START + timedelta(minutes=5)
    )


def test_a_score_of_nothing_is_no_improvement() -> None:
    assert standing_of([graded(1, "0", 1)]).last_improved_at is None


def test_equals_share_a_rank_and_the_next_is_skipped() -> None:
    first = Standing(final_score=Decimal(50), last_improved_at=START)
    later = Standing(final_score=Decimal(50), last_improved_at=START + timedelta(seconds=1))
    nothing = Standing(final_score=Decimal(0), last_improved_at=None)

    assert ranks_of([nothing, first, later, first, nothing]) == [4, 1, 3, 1, 4]


@given(STANDINGS)
def test_who_has_more_points_is_never_ranked_behind(standings: list[Standing]) -> None:
    ranks = ranks_of(standings)

    for rank, standing in zip(ranks, standings, strict=True):
        ahead = sum(other.final_score > standing.final_score for other in standings)
        assert ahead < rank <= len(standings)
