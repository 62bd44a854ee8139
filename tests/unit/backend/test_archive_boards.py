"""Our boards of archives against an independent calculation and against official ones."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.archives.boards import board_of, differences, format_choice
from apps.archives.contest_archive.model import (
    BoardRow,
    Contest,
    ContestArchive,
    Group,
    JudgementType,
    Problem,
    State,
    Team,
)
from apps.archives.verdicts import judgement_types, verdict_of
from apps.code_execution.domain import Verdict
from tests.support.contest_archives import START, at, judgement, small_contest, submission
from tests.support.official_board import Row, official_board
from tests.support.played_contests import played_contests

FREEZE = timedelta(minutes=240)
MOMENTS = st.none() | st.sampled_from([0, 5, 30, 100, 240, 245, 300]).map(
    lambda minutes: timedelta(minutes=minutes)
)


def as_ours(row: Row) -> tuple[object, ...]:
    cells = {
        problem: (cell.judged, cell.pending, cell.solved_minute)
        for problem, cell in row.cells.items()
    }
    last = row.last_minute if row.solved else None
    return row.team_id, row.rank, row.solved, row.penalty_minutes, last, cells


def as_official(row: BoardRow) -> tuple[object, ...]:
    minute = timedelta(minutes=1)
    cells = {
        each.problem_id: (
            each.num_judged,
            each.num_pending,
            None if each.time is None else each.time // minute,
        )
        for each in row.problems
    }
    assert row.score.total_time is not None
    last = None if row.score.time is None else row.score.time // minute
    return (
        row.team_id,
        row.rank,
        row.score.num_solved,
        row.score.total_time // minute,
        last,
        cells,
    )


@settings(max_examples=300, deadline=None)
@given(played_contests(), MOMENTS, st.booleans())
def test_our_board_is_the_official_one_at_any_time(
    archive: ContestArchive, until: timedelta | None, is_frozen: bool
) -> None:
    ours = [as_official(row) for row in board_of(archive, until=until, is_frozen=is_frozen).rows]
    official = [as_ours(row) for row in official_board(archive, until=until, is_frozen=is_frozen)]

    assert sorted(ours) == sorted(official)


def played() -> ContestArchive:
    return small_contest(
        submissions=(
            submission(1, "t1", "apples", 10),
            submission(2, "t2", "apples", 100),
            submission(3, "t2", "bees", 250),
        ),
        judgements=(judgement(1, "AC", 10), judgement(2, "AC", 100), judgement(3, "AC", 250)),
    )


BEFORE = State(started=START)
DURING = State(started=START, frozen=at(240))
ENDED = State(started=START, frozen=at(240), ended=at(300))
AFTER = State(started=START, frozen=at(240), ended=at(300), thawed=at(310))


@pytest.mark.parametrize(
    ("state", "minute", "solved"),
    [(BEFORE, 50, 0), (BEFORE, 200, 1), (DURING, 270, 1), (ENDED, 300, 1), (AFTER, 300, 2)],
)
def test_compares_with_an_official_board_before_during_and_after_the_freeze(
    state: State, minute: int, solved: int
) -> None:
    archive = played()
    until = timedelta(minutes=minute)
    view = board_of(
        archive,
        until=until if state.ended is None else None,
        is_frozen=state in {DURING, ENDED},
    )
    official = replace(view, state=state, contest_time=until)

    assert differences(archive, official) == []
    scores = {row.team_id: row.score.num_solved for row in official.rows}
    assert scores["t2"] == solved


def test_says_what_differs() -> None:
    archive = played()
    official = replace(board_of(archive), state=AFTER)
    first = official.rows[0]
    changed = replace(
        official,
        rows=(
            replace(
                first,
                score=replace(first.score, total_time=timedelta(minutes=7)),
                problems=(replace(first.problems[0], num_judged=5), first.problems[1]),
            ),
        ),
    )

    assert [each.as_text() for each in differences(archive, changed)] == [
        "team t2: total_time is 0:07:00 officially, 5:50:00 here",
        "team t2: apples num_judged is 5 officially, 1 here",
        "team t1: the board is not on it officially, on it here",
    ]


def test_seconds_of_the_official_board_make_no_difference() -> None:
    archive = played()
    official = replace(board_of(archive), state=AFTER)
    first = official.rows[0]
    assert first.score.time is not None
    shifted = replace(first.score, time=first.score.time + timedelta(seconds=59))
    rows = (replace(first, score=shifted), *official.rows[1:])

    assert differences(archive, replace(official, rows=rows)) == []


@pytest.mark.parametrize("main_group", [None, "main"])
def test_hidden_teams_are_on_no_board(main_group: str | None) -> None:
    groups = (Group(id="main", name="Main"), Group(id="staff", name="Staff", is_hidden=True))
    teams = (
        Team(id="seen", name="Seen", group_ids=("main",)),
        Team(id="hidden", name="Hidden", group_ids=("main",), is_hidden=True),
        Team(id="staff", name="Staff", group_ids=("staff",)),
        Team(id="other", name="Other"),
    )
    archive = small_contest(groups=groups, teams=teams, submissions=(), judgements=())
    contest = replace(archive.contest, main_scoreboard_group_id=main_group)

    rows = board_of(replace(archive, contest=contest)).rows

    assert [row.team_id for row in rows] == (["seen"] if main_group else ["other", "seen"])


def test_scores_points_where_the_contest_does() -> None:
    archive = small_contest(
        contest=Contest(
            id="points", name="P", start_time=START, duration=FREEZE, scoreboard_type="score"
        ),
        problems=(
            Problem(id="apples", label="A", name="A", ordinal=1, max_score=Decimal(100)),
            Problem(id="bees", label="B", name="B", ordinal=2, max_score=Decimal(100)),
        ),
        judgements=(
            judgement(1, "WA", 10, score=Decimal("33.5")),
            judgement(2, "AC", 21, score=Decimal(100)),
        ),
    )

    rows = board_of(archive).rows

    assert format_choice(archive)[0] == "ioi"
    assert [(row.team_id, row.score.score, row.score.num_solved) for row in rows] == [
        ("t2", Decimal(100), None),
        ("t1", Decimal("33.5"), None),
    ]


def test_compile_errors_cost_where_the_archive_says_so() -> None:
    costly = JudgementType(id="CE", name="Compile Error", is_penalised=True, is_solved=False)

    assert format_choice(small_contest())[1]["compile_errors_are_free"] is True
    assert format_choice(small_contest(judgement_types=(costly,)))[1] == {
        "penalty_minutes": 20,
        "compile_errors_are_free": False,
    }


@pytest.mark.parametrize("verdict", list(Verdict))
@pytest.mark.parametrize("is_free", [True, False])
def test_every_verdict_has_a_judgement_type_that_means_it(
    verdict: Verdict, *, is_free: bool
) -> None:
    types = list(judgement_types(compile_errors_are_free=is_free))

    assert [verdict_of(each) for each in types] == list(Verdict)
    assert [each.is_penalised for each in types if verdict_of(each) is Verdict.CE] == [not is_free]


@pytest.mark.parametrize(
    ("type_id", "is_penalised", "verdict"),
    [("XYZ", True, Verdict.WA), ("XYZ", False, Verdict.CE), ("JE", False, Verdict.IE)],
)
def test_a_type_counts_as_it_costs(type_id: str, is_penalised: bool, verdict: Verdict) -> None:
    unknown = JudgementType(id=type_id, name="?", is_penalised=is_penalised, is_solved=False)

    assert verdict_of(unknown) is verdict
