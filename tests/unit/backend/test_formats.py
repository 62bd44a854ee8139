"""What holds for every contest format."""

import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.contests.formats import (
    Attempt,
    Cell,
    ContestFormat,
    cells_of,
    format_of,
    hidden_from,
    standings_of,
)
from tests.support.attempts import (
    ATTEMPTS,
    BOARDS,
    FREEZE_AT,
    MOMENTS,
    PARTS,
    TRIES,
    A,
    B,
    outcomes,
    total_of,
    tried,
)

CONFIGS: list[tuple[str, dict[str, Any]]] = [
    ("icpc", {}),
    ("icpc", {"penalty_minutes": 0, "compile_errors_are_free": False}),
    ("ioi", {}),
    ("ioi", {"tie_break": "last_improvement"}),
    ("ioi", {"max_per_subtask": True}),
    ("atcoder", {}),
    ("last", {}),
]
EVERY_FORMAT = pytest.mark.parametrize(
    "contest_format",
    [format_of(name, config) for name, config in CONFIGS],
    ids=[f"{name}-{json.dumps(config)}" for name, config in CONFIGS],
)
# Of each format.
FEWER = settings(max_examples=40)


@EVERY_FORMAT
@FEWER
@given(data=st.data())
def test_updating_cell_by_cell_equals_computing_from_nothing(
    contest_format: ContestFormat, data: st.DataObject
) -> None:
    final = data.draw(ATTEMPTS)
    known = {
        each.submission_id: replace(each, verdict=None, score=Decimal(0), group_scores={})
        for each in final
    }
    stored = {
        problem: cell.as_json()
        for problem, cell in cells_of(contest_format, known.values()).items()
    }

    # Each verdict may come, or come anew after a rejudge, at any time.
    arrivals = data.draw(st.lists(st.sampled_from(final), max_size=8)) if final else []
    for arrived in [*arrivals, *data.draw(st.permutations(final))]:
        is_final = data.draw(st.booleans())
        outcome = {} if is_final else data.draw(outcomes())
        known[arrived.submission_id] = replace(arrived, **outcome)
        tries = [each for each in known.values() if each.problem_id == arrived.problem_id]
        stored[arrived.problem_id] = json.loads(json.dumps(contest_format.cell(tries).as_json()))

        updated = contest_format.total([Cell.from_json(each) for each in stored.values()])
        assert updated == total_of(contest_format, list(known.values()))


@EVERY_FORMAT
@FEWER
@given(attempts=ATTEMPTS, data=st.data())
def test_the_order_in_which_attempts_are_given_does_not_matter(
    contest_format: ContestFormat, attempts: list[Attempt], data: st.DataObject
) -> None:
    shuffled = data.draw(st.permutations(attempts))

    assert cells_of(contest_format, shuffled) == cells_of(contest_format, attempts)


@EVERY_FORMAT
@FEWER
@given(attempts=TRIES)
def test_a_cell_survives_being_stored(
    contest_format: ContestFormat, attempts: list[Attempt]
) -> None:
    cell = contest_format.cell(attempts)

    assert Cell.from_json(json.loads(json.dumps(cell.as_json()))) == cell


@EVERY_FORMAT
@FEWER
@given(attempts=TRIES, data=st.data())
def test_what_is_not_judged_changes_nothing_but_the_pending_ones(
    contest_format: ContestFormat, attempts: list[Attempt], data: st.DataObject
) -> None:
    waiting = Attempt(
        submission_id=99,
        problem_id=A,
        at=data.draw(MOMENTS),
        verdict=data.draw(st.sampled_from([None, "IE"])),
        score=data.draw(PARTS),
    )
    before = contest_format.cell(attempts)
    after = contest_format.cell([*attempts, waiting])

    assert after == replace(
        before, pending_count=after.pending_count, first_pending_at=after.first_pending_at
    )
    assert before.pending_count <= after.pending_count <= before.pending_count + 1


@EVERY_FORMAT
@FEWER
@given(board=BOARDS)
def test_ranks_follow_score_then_penalty_then_tie_break(
    contest_format: ContestFormat, board: dict[int, list[Attempt]]
) -> None:
    rows = standings_of(contest_format, board)

    for row in rows:
        mine = row.total
        ahead = [
            each
            for each in (other.total for other in rows)
            if each.score > mine.score
            or (each.score == mine.score and each.penalty < mine.penalty)
            or (
                (each.score, each.penalty) == (mine.score, mine.penalty)
                and each.tie_break < mine.tie_break
            )
        ]
        assert row.rank == len(ahead) + 1
    assert [row.rank for row in rows] == sorted(row.rank for row in rows)


@EVERY_FORMAT
@FEWER
@given(attempts=ATTEMPTS, data=st.data())
def test_the_public_view_of_a_frozen_board_tells_nothing_of_what_is_hidden(
    contest_format: ContestFormat, attempts: list[Attempt], data: st.DataObject
) -> None:
    others = [
        each if each.at < FREEZE_AT else replace(each, **data.draw(outcomes())) for each in attempts
    ]

    shown = hidden_from(attempts, FREEZE_AT)

    assert shown == hidden_from(others, FREEZE_AT)
    assert cells_of(contest_format, shown) == cells_of(
        contest_format, hidden_from(others, FREEZE_AT)
    )


@EVERY_FORMAT
@FEWER
@given(attempts=ATTEMPTS)
def test_the_public_view_scores_what_was_submitted_before_the_freeze(
    contest_format: ContestFormat, attempts: list[Attempt]
) -> None:
    before = [each for each in attempts if each.at < FREEZE_AT]

    assert total_of(contest_format, hidden_from(attempts, FREEZE_AT)) == total_of(
        contest_format, before
    )
    assert hidden_from(attempts, None) == attempts


def test_an_attempt_in_the_very_moment_of_the_freeze_is_hidden() -> None:
    attempts = [tried(A, 29.99, "AC"), tried(B, 30, "AC")]

    cells = cells_of(format_of("icpc", {}), hidden_from(attempts, FREEZE_AT))

    assert cells[A].is_solved
    assert (cells[B].is_solved, cells[B].pending_count) == (False, 1)
