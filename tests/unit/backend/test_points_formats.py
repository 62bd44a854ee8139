"""Scoring by points: IOI, AtCoder, and the last submission."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import example, given

from apps.contests.formats import (
    DEFAULT_CONFIG,
    DEFAULT_FORMAT,
    Attempt,
    format_of,
    standings_of,
)
from tests.support.attempts import ALICE, BOARDS, BOB, TRIES, A, B, C, total_of, tried
from tests.support.contract_scoring import GradedSubmission, ranks_of, standing_of

START = datetime(2026, 1, 1, tzinfo=UTC)
IOI = format_of("ioi", {})
ATCODER = format_of("atcoder", {})
LAST = format_of("last", {})


def test_sums_the_best_of_each_subtask_where_the_contest_says_so() -> None:
    # The example of https://pofinal24.kattis.com/contests/pofinal24/rules: 40 and 60 make 100.
    attempts = [
        tried(A, 1, "WA", "40", one="40", two="0"),
        tried(A, 2, "WA", "60", one="0", two="60"),
    ]

    per_subtask = format_of("ioi", {"max_per_subtask": True}).cell(attempts)
    best = IOI.cell(attempts)

    assert per_subtask.score == 100
    assert per_subtask.group_scores == {"one": Decimal(40), "two": Decimal(60)}
    assert (best.score, best.group_scores) == (Decimal(60), {"one": Decimal(0), "two": Decimal(60)})


def test_a_problem_without_groups_is_one_subtask() -> None:
    attempts = [tried(A, 1, "WA", "40"), tried(A, 2, "WA", "30"), tried(A, 3, "CE")]

    cell = format_of("ioi", {"max_per_subtask": True}).cell(attempts)

    assert (cell.score, cell.improved_at) == (Decimal(40), timedelta(minutes=1))


@given(TRIES)
@example([
    tried(A, 1, "WA", "50"),
    tried(A, 2, "WA", "20", one="20", two="0"),
    tried(A, 3, "WA", "40", one="0", two="40"),
])
def test_a_problem_is_worth_its_best_submission_or_the_best_parts_of_all(
    attempts: list[Attempt],
) -> None:
    judged = [each for each in attempts if each.verdict not in {None, "IE"}]
    best = max((each.score for each in judged), default=Decimal(0))
    parts = sum(
        max((each.group_scores.get(name, Decimal(0)) for each in judged), default=Decimal(0))
        for name in ("one", "two")
    )

    assert IOI.cell(attempts).score == best
    assert format_of("ioi", {"max_per_subtask": True}).cell(attempts).score == max(best, parts)


@pytest.mark.parametrize(("tie_break", "bobs_rank"), [("none", 1), ("last_improvement", 2)])
def test_equal_points_share_a_rank_unless_time_decides(tie_break: str, bobs_rank: int) -> None:
    contest_format = format_of("ioi", {"tie_break": tie_break})

    board = standings_of(
        contest_format,
        {ALICE: [tried(A, 1, "WA", "50")], BOB: [tried(A, 2, "WA", "50"), tried(A, 3, "WA", "50")]},
    )

    assert [row.rank for row in board] == [1, bobs_rank]


@given(BOARDS)
def test_the_default_format_is_the_rule_for_contests_without_one(
    board: dict[int, list[Attempt]],
) -> None:
    old = {
        participant: standing_of(
            GradedSubmission(
                problem_id=each.problem_id, score=each.score, submitted_at=START + each.at
            )
            for each in attempts
        )
        for participant, attempts in board.items()
    }
    old_ranks = dict(zip(old, ranks_of(list(old.values())), strict=True))

    for row in standings_of(format_of(DEFAULT_FORMAT, DEFAULT_CONFIG), board):
        then = row.total.last_improved_at
        assert row.total.score == old[row.participant_id].final_score
        assert (None if then is None else START + then) == old[row.participant_id].last_improved_at
        assert row.rank == old_ranks[row.participant_id]


def test_points_then_time_with_five_minutes_for_each_rejected_attempt() -> None:
    # The rules of https://abc075.contest.atcoder.jp/: time of the current score, 5 minutes each.
    total = total_of(
        ATCODER,
        [
            tried(A, 2, "WA"),
            tried(A, 3, "CE"),
            tried(A, 4.5, "AC", "100"),
            tried(A, 30, "WA"),
            tried(B, 10, "WA"),
            tried(B, 12.25, "AC", "200"),
            tried(C, 40, "WA"),
        ],
    )

    assert total.score == 300
    assert total.penalty == 12 * 60 + 15 + 2 * 5 * 60
    assert total.tie_break == 0


def test_rejected_attempts_cost_only_at_problems_that_gave_points() -> None:
    cell = ATCODER.cell([tried(A, 1, "WA"), tried(A, 2, "WA")])

    assert (cell.rejected_count, cell.penalty, cell.improved_at) == (2, 0, None)


def test_rejected_attempts_before_a_better_score_cost() -> None:
    cell = ATCODER.cell([
        tried(A, 1, "WA", "50"),
        tried(A, 2, "WA"),
        tried(A, 3, "AC", "100"),
        tried(A, 4, "AC", "100"),
    ])

    assert (cell.penalty, cell.submission_id) == (2 * 5 * 60, 181)


def test_the_last_judged_submission_counts_even_if_it_is_worse() -> None:
    cell = LAST.cell([tried(A, 1, "AC", "100"), tried(A, 2, "WA", "30"), tried(A, 3, None)])

    assert (cell.score, cell.is_solved, cell.pending_count) == (Decimal(30), False, 1)


def test_a_last_submission_that_does_not_compile_is_worth_nothing() -> None:
    assert LAST.cell([tried(A, 1, "AC", "100"), tried(A, 2, "CE")]).score == 0
