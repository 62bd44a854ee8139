"""Contest formats: worked examples of public rules, and what holds for every format."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from apps.contests.formats import (
    DEFAULT_CONFIG,
    DEFAULT_FORMAT,
    FORMATS,
    Attempt,
    Cell,
    ContestFormat,
    FormatConfigError,
    Total,
    cells_of,
    first_solvers,
    format_of,
    hidden_from,
    ranks,
    standings_of,
)
from tests.support.contract_scoring import GradedSubmission, ranks_of, standing_of

ALICE, BOB, CHARLIE = 1, 2, 3
A, B, C = 1, 2, 3
START = datetime(2026, 1, 1, tzinfo=UTC)
FREEZE_AT = timedelta(minutes=30)
VERDICTS = (None, "IE", "CE", "WA", "TLE", "AC")
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
ICPC = format_of("icpc", {})
IOI = format_of("ioi", {})
ATCODER = format_of("atcoder", {})
LAST = format_of("last", {})
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
    return contest_format.total(cells_of(contest_format, attempts).values())


# ICPC


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


# First to solve


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


# IOI


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


# AtCoder


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


# Last submission


def test_the_last_judged_submission_counts_even_if_it_is_worse() -> None:
    cell = LAST.cell([tried(A, 1, "AC", "100"), tried(A, 2, "WA", "30"), tried(A, 3, None)])

    assert (cell.score, cell.is_solved, cell.pending_count) == (Decimal(30), False, 1)


def test_a_last_submission_that_does_not_compile_is_worth_nothing() -> None:
    assert LAST.cell([tried(A, 1, "AC", "100"), tried(A, 2, "CE")]).score == 0


# Every format


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

    cells = cells_of(ICPC, hidden_from(attempts, FREEZE_AT))

    assert cells[A].is_solved
    assert (cells[B].is_solved, cells[B].pending_count) == (False, 1)


# Configuration


@pytest.mark.parametrize("name", FORMATS)
def test_an_empty_config_means_the_defaults_that_the_schema_names(name: str) -> None:
    built = format_of(name, {})
    schema = FORMATS[name].config_schema()

    named = {key: each["default"] for key, each in schema["properties"].items()}
    assert json.loads(json.dumps(schema)) == schema
    assert format_of(name, named) == built == FORMATS[name]()
    assert {key: getattr(built, key) for key in named} == named


@pytest.mark.parametrize(
    ("name", "config", "advice"),
    [
        ("acm", {}, "Choose one of the formats: icpc, ioi, atcoder, last."),
        ("icpc", None, "Give the format's options as a JSON object"),
        ("icpc", [], "Give the format's options as a JSON object"),
        (
            "icpc",
            {"penalty": 20},
            "Take out 'penalty'; the format's options: penalty_minutes, compile_errors_are_free.",
        ),
        ("last", {"tie_break": "none"}, "Take out 'tie_break'; the format's options: none."),
        ("icpc", {"penalty_minutes": "20"}, "Give penalty_minutes as a whole number."),
        ("icpc", {"penalty_minutes": 20.0}, "Give penalty_minutes as a whole number."),
        ("icpc", {"penalty_minutes": True}, "Give penalty_minutes as a whole number."),
        ("icpc", {"penalty_minutes": -1}, "Give penalty_minutes a number from 0 to 1440."),
        ("atcoder", {"penalty_minutes": 1441}, "Give penalty_minutes a number from 0 to 1440."),
        ("icpc", {"compile_errors_are_free": 1}, "as true or false."),
        ("ioi", {"max_per_subtask": None}, "Give max_per_subtask as true or false."),
        ("ioi", {"tie_break": "time"}, "Give tie_break as one of: none, last_improvement."),
        ("ioi", {"tie_break": ["none"]}, "Give tie_break as one of: none, last_improvement."),
    ],
)
def test_refuses_a_config_that_does_not_fit_and_says_what_to_change(
    name: str, config: object, advice: str
) -> None:
    with pytest.raises(FormatConfigError) as refused:
        format_of(name, config)

    assert advice in str(refused.value)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=4,
)
KEYS = st.sampled_from([
    "penalty_minutes",
    "compile_errors_are_free",
    "max_per_subtask",
    "tie_break",
])


@given(st.sampled_from(list(FORMATS)), JSON | st.dictionaries(KEYS, JSON))
def test_any_config_builds_a_format_or_is_refused(name: str, config: Mapping[str, Any]) -> None:
    try:
        built = format_of(name, config)
    except FormatConfigError:
        return
    assert all(getattr(built, key) == value for key, value in config.items())
