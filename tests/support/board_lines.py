"""Boards in one form for comparing: the API's, and those that are worked out in tests."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from tests.support.contest_boards import Board, Cell

SCORE_STEP = Fraction(1, 100)
# A player's line: rank, score, penalty, and by task
# score, judged, rejected, pending, and when it was solved.
Line = tuple[int, Fraction, int, dict[str, tuple[Fraction, int, int, int, int | None]]]


def lines_told(board: Mapping[str, Any]) -> dict[str, Line]:
    """Give the lines of the product's board by player."""
    labels = {each["problem"]: each["label"] for each in board["problems"]}
    return {
        row["username"]: (
            row["rank"],
            as_shown(row["score"]),
            row["penalty"],
            {labels[each["problem"]]: _told_cell(each) for each in row["cells"]},
        )
        for row in board["rows"]
    }


def lines_of(board: Board) -> dict[str, Line]:
    """Write a board that was worked out as `lines_told` gives the product's."""
    return {
        name: (
            row.rank,
            as_shown(row.score),
            row.penalty,
            {label: _worked_out_cell(cell) for label, cell in row.cells.items()},
        )
        for name, row in board.items()
    }


def as_shown(score: float | Fraction) -> Fraction:
    """Round a score to what boards show."""
    return round(Fraction(score) / SCORE_STEP) * SCORE_STEP


def _told_cell(cell: Mapping[str, Any]) -> tuple[Fraction, int, int, int, int | None]:
    assert cell["is_solved"] == (cell["solved_after_ms"] is not None)
    counts = cell["judged"], cell["rejected"], cell["pending"]
    return (as_shown(cell["score"]), *counts, cell["solved_after_ms"])


def _worked_out_cell(cell: Cell) -> tuple[Fraction, int, int, int, int | None]:
    counts = cell.judged, cell.rejected, cell.pending
    return (as_shown(cell.score), *counts, cell.solved_after_ms)
