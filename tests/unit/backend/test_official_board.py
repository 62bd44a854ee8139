"""The board that tests compare ours with, checked by hand."""

from datetime import timedelta

import pytest

from apps.archives.contest_archive.model import ContestArchive, State
from tests.support.contest_archives import at, judgement, small_contest, submission
from tests.support.official_board import Row, official_board


def contest() -> ContestArchive:
    """One solves A at 59.9 s into minute 29 after a rejected and a compile error; two ties break.

    The freeze starts at minute 240.
    """
    return small_contest(
        state=State(started=at(0)),
        submissions=(
            submission(1, "t1", "apples", 10),
            submission(2, "t1", "apples", 15),
            submission(3, "t1", "apples", 29 + 59.9 / 60),
            submission(4, "t2", "apples", 49),
            submission(5, "t1", "bees", 240),
            submission(6, "t2", "bees", 100),
        ),
        judgements=(
            judgement(1, "WA", 10),
            judgement(2, "CE", 15),
            judgement(3, "AC", 31),
            judgement(4, "AC", 50),
            judgement(5, "AC", 241),
            judgement(6, "WA", 100),
        ),
    )


def lines(rows: list[Row]) -> list[tuple[int, str, int, int]]:
    return [(row.rank, row.team_id, row.solved, row.penalty_minutes) for row in rows]


def test_adds_minutes_rounded_down_and_penalties() -> None:
    assert lines(official_board(contest())) == [(1, "t1", 2, 29 + 20 + 240), (2, "t2", 1, 49)]


def test_a_tie_in_penalty_is_broken_by_the_last_accepted_submission() -> None:
    assert lines(official_board(contest(), until=timedelta(minutes=200))) == [
        (1, "t1", 1, 49),
        (2, "t2", 1, 49),
    ]


def test_the_frozen_board_shows_tries_of_the_freeze_as_pending() -> None:
    rows = official_board(contest(), is_frozen=True)

    assert lines(rows) == [(1, "t1", 1, 49), (2, "t2", 1, 49)]
    assert rows[0].cells["bees"].pending == 1
    assert rows[0].cells["bees"].judged == 0


@pytest.mark.parametrize(("minute", "solved"), [(29, 0), (30, 0), (32, 1)])
def test_knows_at_a_time_what_had_been_judged_by_then(minute: int, solved: int) -> None:
    (row,) = [
        row
        for row in official_board(contest(), until=timedelta(minutes=minute))
        if row.team_id == "t1"
    ]

    assert row.solved == solved
    assert row.cells["apples"].pending == (minute == 30)


def test_equal_results_share_a_rank() -> None:
    archive = small_contest(submissions=(), judgements=())

    assert [row.rank for row in official_board(archive)] == [1, 1]
