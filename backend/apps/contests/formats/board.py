"""A board from attempts, computed from nothing: cells, totals, ranks, first solvers."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from apps.contests.formats.attempts import Attempt
from apps.contests.formats.base import ContestFormat
from apps.contests.formats.cells import Cell, Total


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One row of a board: a participant's place, total, and cells by problem."""

    participant_id: int
    rank: int
    total: Total
    cells: Mapping[int, Cell]


def cells_of(contest_format: ContestFormat, attempts: Iterable[Attempt]) -> dict[int, Cell]:
    """Judge one participant's attempts; the cells are by problem."""
    by_problem: defaultdict[int, list[Attempt]] = defaultdict(list)
    for each in attempts:
        by_problem[each.problem_id].append(each)
    return {problem: contest_format.cell(tried) for problem, tried in by_problem.items()}


def ranks(totals: Sequence[Total]) -> list[int]:
    """Rank the totals; equals share a rank and the next is skipped.

    The ranks are in the order of `totals`.
    """
    orders = [total.order for total in totals]
    first_rank: dict[tuple[Decimal, int, int], int] = {}
    for rank, order in enumerate(sorted(orders), start=1):
        first_rank.setdefault(order, rank)
    return [first_rank[order] for order in orders]


def standings_of(
    contest_format: ContestFormat, attempts: Mapping[int, Iterable[Attempt]]
) -> list[Standing]:
    """Compute the whole board from each participant's attempts, best first."""
    cells = {
        participant: cells_of(contest_format, tried) for participant, tried in attempts.items()
    }
    totals = [contest_format.total(reached.values()) for reached in cells.values()]
    rows = [
        Standing(participant_id=participant, rank=rank, total=total, cells=reached)
        for (participant, reached), total, rank in zip(
            cells.items(), totals, ranks(totals), strict=True
        )
    ]
    return sorted(rows, key=lambda row: (row.rank, row.participant_id))


def first_solvers(cells: Mapping[int, Mapping[int, Cell]]) -> dict[int, set[int]]:
    """Say by problem which participants solved it first; `cells` are by participant and problem.

    A problem that nobody is sure to have solved first is left out.
    """
    solved: defaultdict[int, dict[int, timedelta]] = defaultdict(dict)
    pending: defaultdict[int, list[timedelta]] = defaultdict(list)
    for participant, reached in cells.items():
        for problem, cell in reached.items():
            if cell.solved_at is not None:
                solved[problem][participant] = cell.solved_at
            if cell.first_pending_at is not None:
                pending[problem].append(cell.first_pending_at)
    found = {problem: first_to_solve(solved[problem], pending[problem]) for problem in solved}
    return {problem: participants for problem, participants in found.items() if participants}


def first_to_solve(solved: Mapping[int, timedelta], pending: Iterable[timedelta]) -> set[int]:
    """Say which participants solved one problem first; the same moment makes several.

    `solved` is when each participant did, `pending` when attempts came that are not judged: with an
    earlier one there is nobody yet, as it might turn out to be the first.
    """
    first = min(solved.values(), default=None)
    if first is None or first > min(pending, default=first):
        return set()
    return {participant for participant, moment in solved.items() if moment == first}
