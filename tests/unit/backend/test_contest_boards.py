"""The calculation that played contests are held against, on boards worked out by hand."""

from datetime import timedelta
from fractions import Fraction

from tests.support.contest_boards import (
    MINUTE_MS,
    Group,
    Task,
    Test,
    Try,
    first_solvers,
    icpc_board,
    points_board,
)
from tests.support.contest_programs import Kind

SMALL = Test(first=1, second=2, expected=3, weight=2)
LARGE = Test(first=5000, second=7000, expected=12_000, weight=1)
PASS_FAIL = Task(
    title="Sums", groups=[Group(name="all", points=100, scoring="all", tests=[SMALL, LARGE])]
)
POINTS = Task(
    title="About the sum",
    groups=[
        Group(name="least", points=40, scoring="min", tests=[SMALL, LARGE]),
        Group(name="each", points=30, scoring="sum", tests=[SMALL, LARGE]),
        Group(name="last", points=30, scoring="sum", tests=[SMALL], requires=["least"]),
    ],
    off_by_one_is_worth=Fraction(1, 2),
)


def tried(player: str, kind: Kind, minute: float, *, number: int = 1) -> Try:
    at_ms = int(minute * MINUTE_MS)
    return Try(id=number, player=player, task="A", kind=kind, language="c", at_ms=at_ms)


ICPC_TRIES = [
    tried("alice", Kind.MODULAR, 5.5),
    tried("alice", Kind.BROKEN, 6),
    tried("alice", Kind.RIGHT, 10.9),
    tried("alice", Kind.SLOW, 12),
    tried("dana", Kind.RIGHT, 30),
    tried("heidi", Kind.CRASHING, 1),
]


def test_equal_penalties_are_told_apart_by_the_last_solution() -> None:
    board = icpc_board(
        ["alice", "dana", "heidi", "oscar"], {"A": PASS_FAIL}, ICPC_TRIES, penalty_minutes=20
    )

    places = [(row.player, row.rank, float(row.score), row.penalty) for row in board.values()]
    assert places == [
        ("alice", 1, 1, 30),
        ("dana", 2, 1, 30),
        ("heidi", 3, 0, 0),
        ("oscar", 3, 0, 0),
    ]
    assert (board["alice"].cells["A"].judged, board["alice"].cells["A"].rejected) == (3, 1)
    assert first_solvers(board, "A") == {"alice"}


def test_what_comes_at_the_freeze_or_later_is_pending() -> None:
    board = icpc_board(
        ["alice", "dana"],
        {"A": PASS_FAIL},
        ICPC_TRIES,
        penalty_minutes=20,
        hidden_from=timedelta(minutes=30),
    )

    assert [(row.rank, float(row.score)) for row in board.values()] == [(1, 1), (2, 0)]
    assert (board["dana"].cells["A"].judged, board["dana"].cells["A"].pending) == (0, 1)


def test_the_best_of_each_group_counts_from_whichever_try() -> None:
    tries = [
        tried("alice", Kind.ONE_OFF, 1),
        tried("alice", Kind.MODULAR, 2, number=2),
        tried("dana", Kind.RIGHT, 3, number=3),
        tried("heidi", Kind.ONE_OFF, 4, number=4),
        tried("oscar", Kind.ONE_OFF, 5, number=5),
    ]

    board = points_board(["alice", "dana", "heidi", "oscar"], {"A": POINTS}, tries)

    # One off: 20 + 15; modular: 0 + 20; neither has passed what the last group requires.
    places = [(row.player, row.rank, float(row.score)) for row in board.values()]
    assert places == [("alice", 2, 40), ("dana", 1, 100), ("heidi", 3, 35), ("oscar", 3, 35)]
