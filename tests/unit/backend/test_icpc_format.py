"""ICPC scoring: worked examples of its public rules, and who solved first."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from apps.contests.formats import (
    Attempt,
    Total,
    cells_of,
    first_solvers,
    format_of,
    ranks,
    standings_of,
)
from tests.support.attempts import ALICE, BOB, CHARLIE, MOMENTS, TRIES, A, B, C, total_of, tried

ICPC = format_of("icpc", {})


def test_only_solved_problems_cost_penalty_time() -> None:
    # The example of https://open.kattis.com/contests/wdjzoj/rules: 2 hours and 15 minutes.
    total = total_of(
        ICPC,
        [
            *[tried(A, minute, "WA") for minute in (10, 20)],
            tried(A, 30, "AC"),
            *[tried(B, minute, "WA") for minute in (35, 36, 37)],
            tried(C, 40, "TLE"),
            tried(C, 45, "AC"),
        ],
    )

    assert (total.score, total.penalty, total.tie_break) == (Decimal(2), 2 * 60 + 15, 45)


def test_neither_a_compile_error_nor_anything_after_the_first_accepted_attempt_costs() -> None:
    # The example of https://sppcontests.org/technical-specifications: 67 and 72 minutes.
    attempts = [
        tried(A, 8, "TLE"),
        tried(A, 23, "WA"),
        tried(A, 27, "AC"),
        tried(B, 42, "CE"),
        tried(B, 43, "RTE"),
        tried(B, 52, "AC"),
        tried(C, 58, "TLE"),
        tried(A, 59, "WA"),
    ]

    cells = cells_of(ICPC, attempts)

    assert {problem: cell.penalty for problem, cell in cells.items()} == {A: 67, B: 72, C: 0}
    assert (cells[A].judged_count, cells[A].rejected_count, cells[A].submission_id) == (3, 2, 1621)
    assert (cells[B].judged_count, cells[B].rejected_count) == (3, 1)
    assert ICPC.total(cells.values()) == Total(
        score=Decimal(2), penalty=139, tie_break=52, last_improved_at=timedelta(minutes=52)
    )


def test_a_compile_error_costs_as_any_other_where_the_contest_says_so() -> None:
    strict = format_of("icpc", {"compile_errors_are_free": False})

    assert total_of(strict, [tried(A, 1, "CE"), tried(A, 2, "AC")]).penalty == 22


def test_a_rejected_attempt_costs_what_the_contest_says() -> None:
    attempts = [tried(A, 1, "WA"), tried(A, 2, "AC", "100")]

    assert total_of(format_of("icpc", {"penalty_minutes": 7}), attempts).penalty == 2 + 7
    assert total_of(format_of("atcoder", {"penalty_minutes": 7}), attempts).penalty == (2 + 7) * 60


def test_minutes_are_rounded_down() -> None:
    # CCS System Requirements, "Scoring Data Generation": 59.99 seconds is 0 minutes.
    late = replace(tried(A, 0, "AC"), at=timedelta(seconds=59, milliseconds=990))

    assert ICPC.cell([late]).penalty == 0


def test_equal_penalty_is_broken_by_the_minute_of_the_last_accepted_attempt() -> None:
    early = [tried(A, 40, "AC"), tried(B, 60, "AC")]
    late = [tried(A, 30, "AC"), tried(B, 70, "AC")]
    as_late = [tried(B, 30, "AC"), tried(A, 70.9, "AC")]

    board = standings_of(ICPC, {ALICE: late, BOB: early, CHARLIE: as_late})

    assert [(row.participant_id, row.rank) for row in board] == [(BOB, 1), (ALICE, 2), (CHARLIE, 2)]


def test_teams_that_tie_leave_the_places_behind_them_empty() -> None:
    # CCS System Requirements, "Scoring Data Generation": four teams tied for place 17.
    totals = [Total(score=Decimal(100 - place)) for place in range(16)]
    totals += [Total(score=Decimal(10), penalty=5)] * 4 + [Total(score=Decimal(10), penalty=6)]

    assert ranks(totals)[16:] == [17, 17, 17, 17, 21]


def test_more_score_comes_before_less_penalty_and_that_before_the_tie_break() -> None:
    totals = [
        Total(score=Decimal(1), penalty=0, tie_break=0),
        Total(score=Decimal(2), penalty=9, tie_break=1),
        Total(score=Decimal(2), penalty=8, tie_break=3),
        Total(score=Decimal(2), penalty=8, tie_break=2),
    ]

    assert ranks(totals) == [4, 3, 2, 1]


def test_a_fault_of_ours_is_pending_and_costs_nothing() -> None:
    cell = ICPC.cell([tried(A, 1, "IE"), tried(A, 2, None), tried(A, 3, "AC"), tried(A, 4, None)])

    assert (cell.penalty, cell.judged_count, cell.pending_count) == (3, 1, 2)
    assert cell.first_pending_at == timedelta(minutes=1)


@given(TRIES, MOMENTS)
def test_an_accepted_attempt_never_makes_an_icpc_result_worse(
    attempts: list[Attempt], at: timedelta
) -> None:
    accepted = Attempt(submission_id=99, problem_id=A, at=at, verdict="AC")

    assert total_of(ICPC, [*attempts, accepted]).order <= total_of(ICPC, attempts).order


@given(TRIES, MOMENTS, st.sampled_from(["WA", "CE"]))
def test_a_rejected_attempt_never_makes_an_icpc_result_better(
    attempts: list[Attempt], at: timedelta, verdict: str
) -> None:
    rejected = Attempt(submission_id=99, problem_id=A, at=at, verdict=verdict)

    assert total_of(ICPC, [*attempts, rejected]).order >= total_of(ICPC, attempts).order


def test_names_who_solved_a_problem_first() -> None:
    board = {
        ALICE: cells_of(ICPC, [tried(A, 10, "AC"), tried(B, 5, "WA")]),
        BOB: cells_of(ICPC, [tried(A, 10, "AC"), tried(B, 20, "AC")]),
        CHARLIE: cells_of(ICPC, [tried(A, 11, "AC"), tried(C, 12, "WA")]),
    }

    assert first_solvers(board) == {A: {ALICE, BOB}, B: {BOB}}


def test_nobody_is_first_while_an_earlier_attempt_is_not_judged() -> None:
    board = {
        ALICE: cells_of(ICPC, [tried(A, 10, "AC"), tried(B, 10, "AC")]),
        BOB: cells_of(ICPC, [tried(A, 9, None), tried(B, 11, None)]),
    }

    assert first_solvers(board) == {B: {ALICE}}
