"""Boards of played contests, worked out from what was handed in, apart from the product's scoring.

Nothing here reads a verdict or a score that the product gave: both follow from what the programs
are known to do. Rules of the ICPC's board: ccs-specs.icpc.io, CCS System Requirements, Scoring. Of
points: cms.readthedocs.io, Score types, and Computation of the score ("max_subtask").
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from fractions import Fraction

from tests.support.contest_programs import FAILURES, Kind, output_of

MINUTE_MS = 60_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Test:
    """Two numbers to add, what is expected, and how much the test weighs in its group."""

    __test__ = False

    first: int
    second: int
    expected: int
    weight: int = 0

    def share_of(self, kind: Kind, off_by_one_is_worth: Fraction) -> Fraction:
        """Say what a program earns, from 0 to 1."""
        printed = output_of(kind, self.first, self.second)
        if printed is None:
            return Fraction(0)
        if printed == self.expected:
            return Fraction(1)
        return off_by_one_is_worth if abs(printed - self.expected) == 1 else Fraction(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A subtask: its tests, its points, and how those are earned."""

    name: str
    points: int
    scoring: str
    tests: Sequence[Test]
    requires: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A problem as the test knows it."""

    title: str
    groups: Sequence[Group]
    off_by_one_is_worth: Fraction = Fraction(0)

    @property
    def tests(self) -> list[Test]:
        """All tests in their order."""
        return [test for group in self.groups for test in group.tests]

    def shares_of(self, kind: Kind, group: Group) -> list[Fraction]:
        """Say what a program earns at each test of a group."""
        return [test.share_of(kind, self.off_by_one_is_worth) for test in group.tests]

    def verdict_of(self, kind: Kind) -> str:
        """Say what is judged about a program."""
        if kind in FAILURES:
            return FAILURES[kind]
        shares = [share for group in self.groups for share in self.shares_of(kind, group)]
        return "AC" if all(share == 1 for share in shares) else "WA"

    def points_of(self, kind: Kind) -> dict[str, Fraction]:
        """Say what a program earns by group."""
        full = {
            group.name for group in self.groups if all(x == 1 for x in self.shares_of(kind, group))
        }
        return {
            group.name: self._reached(kind, group)
            if full.issuperset(group.requires)
            else Fraction(0)
            for group in self.groups
        }

    def _reached(self, kind: Kind, group: Group) -> Fraction:
        shares = self.shares_of(kind, group)
        match group.scoring:
            case "all":
                return group.points * Fraction(all(share == 1 for share in shares))
            case "min":
                return group.points * min(shares)
            case "sum":
                weights = [test.weight for test in group.tests]
                reached = sum(map(Fraction.__mul__, shares, map(Fraction, weights)), Fraction(0))
                return group.points * reached / sum(weights)
        raise ValueError(group.scoring)


@dataclass(frozen=True, slots=True, kw_only=True)
class Try:
    """A program that somebody handed in; `at_ms` is on their own clock."""

    id: int
    player: str
    task: str
    kind: Kind
    language: str
    at_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A player's tries at a task, as a board tells of them."""

    score: Fraction = Fraction(0)
    judged: int = 0
    pending: int = 0
    rejected: int = 0
    solved_after_ms: int | None = None
    penalty: int = 0


@dataclass(slots=True, kw_only=True)
class Row:
    """A player's place; `order` decides it."""

    player: str
    rank: int = 0
    score: Fraction = Fraction(0)
    penalty: int = 0
    order: tuple[Fraction | int, ...] = ()
    cells: dict[str, Cell] = field(default_factory=dict)


Board = dict[str, Row]
CellRule = Callable[[Task, Sequence[Try]], Cell]


def icpc_board(
    players: Iterable[str],
    tasks: Mapping[str, Task],
    tries: Iterable[Try],
    *,
    penalty_minutes: int,
    hidden_from: timedelta | None = None,
) -> Board:
    """Rank by solved tasks, penalty, and the minute of the last solution.

    What came at `hidden_from` on its player's clock, or later, is pending.
    """

    def cell(task: Task, tried: Sequence[Try]) -> Cell:
        judged = pending = rejected = 0
        for each in tried:
            if hidden_from is not None and timedelta(milliseconds=each.at_ms) >= hidden_from:
                pending += 1
                continue
            judged += 1
            verdict = task.verdict_of(each.kind)
            if verdict == "AC":
                return Cell(
                    score=Fraction(1),
                    judged=judged,
                    pending=pending,
                    rejected=rejected,
                    solved_after_ms=each.at_ms,
                    penalty=each.at_ms // MINUTE_MS + penalty_minutes * rejected,
                )
            rejected += verdict != "CE"
        return Cell(judged=judged, pending=pending, rejected=rejected)

    rows = _rows(players, tasks, tries, cell)
    for row in rows:
        solved = [each for each in row.cells.values() if each.solved_after_ms is not None]
        row.penalty = sum(each.penalty for each in solved)
        last_minute = max(((each.solved_after_ms or 0) // MINUTE_MS for each in solved), default=0)
        row.order = (-row.score, row.penalty, last_minute)
    return _ranked(rows)


def points_board(
    players: Iterable[str],
    tasks: Mapping[str, Task],
    tries: Iterable[Try],
    *,
    hidden_from: None = None,
) -> Board:
    """Rank by points: of each task the best of every group, from whichever try. Equals share.

    There is no freeze.
    """

    def cell(task: Task, tried: Sequence[Try]) -> Cell:
        best = {group.name: Fraction(0) for group in task.groups}
        for each in tried:
            for name, points in task.points_of(each.kind).items():
                best[name] = max(best[name], points)
        solved = [each.at_ms for each in tried if task.verdict_of(each.kind) == "AC"]
        return Cell(
            score=sum(best.values(), Fraction(0)),
            judged=len(tried),
            solved_after_ms=min(solved, default=None),
        )

    rows = _rows(players, tasks, tries, cell)
    for row in rows:
        row.order = (-row.score,)
    return _ranked(rows)


def first_solvers(board: Board, task: str) -> set[str]:
    """Say who solved a task first.

    What is pending on a frozen board came later than all that is solved there.
    """
    solved = [
        (row.cells[task].solved_after_ms, name)
        for name, row in board.items()
        if task in row.cells and row.cells[task].solved_after_ms is not None
    ]
    return {name for at_ms, name in solved if at_ms == min(solved)[0]}


def _rows(
    players: Iterable[str],
    tasks: Mapping[str, Task],
    tries: Iterable[Try],
    cell: CellRule,
) -> list[Row]:
    tried: defaultdict[tuple[str, str], list[Try]] = defaultdict(list)
    for each in sorted(tries, key=lambda each: (each.at_ms, each.id)):
        tried[each.player, each.task].append(each)
    rows = []
    for player in players:
        cells = {
            label: cell(task, tried[player, label])
            for label, task in tasks.items()
            if tried[player, label]
        }
        score = sum((each.score for each in cells.values()), Fraction(0))
        rows.append(Row(player=player, score=score, cells=cells))
    return rows


def _ranked(rows: list[Row]) -> Board:
    for row in rows:
        row.rank = 1 + sum(other.order < row.order for other in rows)
    return {row.player: row for row in rows}
