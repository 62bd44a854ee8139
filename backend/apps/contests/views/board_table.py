"""A board's rows as a person reads them; a row is rendered anew only when it changed."""

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe

from apps.contests.services.board import BoardDocument

TABLES_MAX = 32
MINUTE_MS = 60_000
MINUTE_S = 60
HOUR_S = 3600
ICPC = "icpc"


@dataclass(frozen=True, slots=True, kw_only=True)
class CellView:
    """A cell: `kind` gives its colour, `symbol` the same for who does not see colours."""

    kind: str
    symbol: str = ""
    main: str = ""
    small: str = ""
    spoken: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardView:
    """What the page's template shows of a board."""

    problems: list[dict[str, Any]]
    rows: SafeString
    row_count: int
    is_icpc: bool
    has_penalty: bool


@dataclass(slots=True)
class _Table:
    """The rows that a process has rendered of one board, by participant."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    etag: str = ""
    layout: object = None
    rendered: dict[int, tuple[object, str]] = field(default_factory=dict)
    view: BoardView | None = None


def board_view(contest_id: int, document: BoardDocument, *, is_true: bool) -> BoardView:
    """Render a board's rows, or give them as they were rendered before."""
    table = _table(contest_id, is_true)
    with table.lock:
        if table.view is None or table.etag != document.etag:
            table.view = _view(table, json.loads(document.body))
            table.etag = document.etag
        return table.view


@lru_cache(maxsize=TABLES_MAX)
def _table(contest_id: int, is_true: bool) -> _Table:  # noqa: FBT001 - a key of the cache
    return _Table()


def _view(table: _Table, board: Mapping[str, Any]) -> BoardView:
    problems = board["problems"]
    layout = (
        board["format"],
        [(each["problem"], each["label"], each["points"]) for each in problems],
    )
    if table.layout != layout:
        table.rendered.clear()
        table.layout = layout
    first = {each["problem"]: frozenset(each["first_solvers"]) for each in problems}
    lines = [_line(table, board, row, first) for row in board["rows"]]
    return BoardView(
        problems=problems,
        # Every line comes from a template, which has escaped what it shows.
        rows=mark_safe("".join(lines)),  # noqa: S308
        row_count=len(lines),
        is_icpc=board["format"] == ICPC,
        has_penalty=board["penalty_unit"] is not None,
    )


def _line(
    table: _Table,
    board: Mapping[str, Any],
    row: dict[str, Any],
    first: Mapping[int, frozenset[int]],
) -> str:
    """Give a row's line, whose rank may change without the rest."""
    rank = row.pop("rank")
    participant = row["participant"]
    first_at = {problem for problem, solvers in first.items() if participant in solvers}
    key = (row, first_at)
    known = table.rendered.get(participant)
    if known is None or known[0] != key:
        known = (key, _render(board, row, first_at))
        table.rendered[participant] = known
    shown = "&ndash;" if rank is None else str(rank)
    return f'<tr data-participant="{participant:d}"><td class="rank">{shown}</td>{known[1]}</tr>\n'


def _render(board: Mapping[str, Any], row: Mapping[str, Any], first_at: set[int]) -> str:
    cells = {each["problem"]: each for each in row["cells"]}
    show = _icpc_cell if board["format"] == ICPC else _points_cell
    penalty = row["penalty"]
    return render_to_string(
        "contests/scoreboard_row.html",
        {
            "row": row,
            "score": _number(row["score"]),
            "penalty": _clock(penalty) if board["penalty_unit"] == "seconds" else penalty,
            "has_penalty": board["penalty_unit"] is not None,
            "cells": [
                show(cells.get(each["problem"]), each, is_first=each["problem"] in first_at)
                for each in board["problems"]
            ],
        },
    )


def _icpc_cell(
    cell: Mapping[str, Any] | None, problem: Mapping[str, Any], *, is_first: bool
) -> CellView:
    if cell is None:
        return CellView(kind="untried", spoken="not tried")
    judged, pending = cell["judged"], cell["pending"]
    if cell["is_solved"]:
        minute = cell["solved_after_ms"] // MINUTE_MS
        return CellView(
            kind="first" if is_first else "solved",
            symbol="★" if is_first else "✓",
            main=str(minute),
            small=_tries(judged),
            spoken=f"solved{' first of all' if is_first else ''} in minute {minute}",
        )
    if pending:
        return CellView(
            kind="pending",
            symbol="?",
            small=f"{judged} + {_tries(pending)}",
            spoken=f"{pending} pending after {judged} wrong:",
        )
    return CellView(kind="wrong", symbol="✗", small=_tries(judged), spoken="not solved")


def _points_cell(
    cell: Mapping[str, Any] | None, problem: Mapping[str, Any], *, is_first: bool
) -> CellView:
    if cell is None:
        return CellView(kind="untried", spoken="not tried")
    score, pending = cell["score"], cell["pending"]
    tries = _tries(cell["judged"] + pending)
    marks = "?" if pending else ""
    said = f" points, {pending} pending" if pending else " points"
    if cell["is_solved"]:
        kind, symbol = ("first", "★") if is_first else ("solved", "✓")
        said = f"{said}, first to solve it" if is_first else f"{said}, solved"
    elif pending and not score:
        kind, symbol, marks = "pending", "?", ""
    elif score:
        kind, symbol = "partial", "◐"
    else:
        kind, symbol = "wrong", "✗"
    return CellView(
        kind=kind, symbol=symbol + marks, main=_number(score), small=tries, spoken=f"{said},"
    )


def _tries(count: int) -> str:
    return "1 try" if count == 1 else f"{count} tries"


def _number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _clock(seconds: int) -> str:
    return f"{seconds // HOUR_S}:{seconds % HOUR_S // MINUTE_S:02}:{seconds % MINUTE_S:02}"
