"""Rows of the stored boards: what cells make of one, and storing many at a time."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db import connection

from apps.contests.formats import Attempt, Cell, ContestFormat, cells_of
from apps.contests.models import BoardRow, ContestParticipant, PublicStanding

BATCH_ROWS = 500
ROW_FIELDS = (
    "final_score",
    "penalty",
    "tie_break",
    "last_improved_at",
    "cells",
    "version",
)
_META = ContestParticipant._meta  # noqa: SLF001 - Django documents it
PARTICIPANTS = _META.db_table
STORED = [each for each in _META.concrete_fields if each.name in ROW_FIELDS]


def public_row(participant: ContestParticipant) -> PublicStanding:
    """Give the participant's row on the public board, new ones included."""
    try:
        return participant.public_standing
    except PublicStanding.DoesNotExist:
        return PublicStanding(participant=participant, contest_id=participant.contest_id)


def set_cell(
    row: BoardRow,
    rules: ContestFormat,
    problem_id: int,
    attempts: Sequence[Attempt],
    start: datetime,
) -> bool:
    """Set one cell and what follows from it; tell whether that changed anything.

    Without attempts, as the only one was deleted, there is none.
    """
    cells = dict(row.cells)
    if attempts:
        cells[str(problem_id)] = rules.cell(attempts).as_json()
    else:
        cells.pop(str(problem_id), None)
    if cells == row.cells:
        return False
    _set_row(row, rules, cells, start)
    return True


def set_cells(
    row: BoardRow, rules: ContestFormat, attempts: Sequence[Attempt], start: datetime
) -> None:
    """Set all cells of a row anew, and what follows from them."""
    cells = cells_of(rules, attempts)
    _set_row(row, rules, {str(key): cell.as_json() for key, cell in cells.items()}, start)


def store_rows(rows: Iterable[ContestParticipant], *, version: int) -> None:
    """Store rows of the true board with its new version."""
    # Django's bulk_update builds a CASE of every row and column, which takes far longer.
    values = []
    for row in rows:
        row.version = version
        stored = (each.get_db_prep_save(getattr(row, each.attname), connection) for each in STORED)
        values.append([*stored, row.pk])
    if values:
        columns = ", ".join(f"{each.column} = %s" for each in STORED)
        with connection.cursor() as cursor:
            # No value stands in this text.
            cursor.executemany(f"UPDATE {PARTICIPANTS} SET {columns} WHERE id = %s", values)  # noqa: S608


def store_public_rows(rows: Iterable[PublicStanding], *, version: int) -> None:
    """Store rows of the public board, new ones included, with its new version."""
    known = list(rows)
    for row in known:
        row.version = version
    PublicStanding.objects.bulk_create(
        known,
        update_conflicts=True,
        unique_fields=["participant"],
        update_fields=ROW_FIELDS,
        batch_size=BATCH_ROWS,
    )


def _set_row(row: BoardRow, rules: ContestFormat, cells: dict[str, Any], start: datetime) -> None:
    total = rules.total(Cell.from_json(cell) for cell in cells.values())
    improved_at = total.last_improved_at
    row.cells = cells
    row.final_score = total.score
    row.penalty = total.penalty
    row.tie_break = total.tie_break
    row.last_improved_at = None if improved_at is None else start + improved_at
