"""Single rows, written as they are.

A session's unit of work would sort what is new, look for changes, and load rows before it changes
them; that costs several times what the statements cost.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import CursorResult, Table, Update, bindparam, delete, insert, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.database import Base


class IdempotencyKeyTakenError(Exception):
    """Another transaction has stored a row under the same key in the meantime."""


async def insert_row(session: AsyncSession, row: Base) -> int:
    """Store a new row and return its id.

    Raises:
        IntegrityError: it clashes with another one.
    """
    result = await session.execute(insert(_table_of(type(row))), _values_of(row))
    assert isinstance(result, CursorResult)  # noqa: S101  # what an insert gives
    key = result.inserted_primary_key
    assert key is not None  # noqa: S101  # of a single row it is known
    row_id: int = key[0]
    return row_id


async def insert_rows(session: AsyncSession, rows: Sequence[Base]) -> None:
    """Store new rows of one table, if there are any, by one statement."""
    if rows:
        await session.execute(insert(_table_of(type(rows[0]))), [_values_of(row) for row in rows])


async def update_row(
    session: AsyncSession, kind: type[Base], row_id: int, **values: object
) -> bool:
    """Change a row; tell whether there is one."""
    result = await session.execute(_update_of(kind), {"row_id": row_id, **values})
    assert isinstance(result, CursorResult)  # noqa: S101  # what an update gives
    return result.rowcount == 1


async def delete_row(
    session: AsyncSession, kind: type[Base], row_id: int, **expected: object
) -> bool:
    """Delete a row if it has these values; tell whether there was one."""
    table = _table_of(kind)
    conditions = [table.c[name] == value for name, value in expected.items()]
    result = await session.execute(delete(table).where(table.c.id == row_id, *conditions))
    assert isinstance(result, CursorResult)  # noqa: S101  # what a deletion gives
    return result.rowcount == 1


@cache
def _update_of(kind: type[Base]) -> Update:
    """Make a statement that takes its columns from the names of the parameters."""
    table = _table_of(kind)
    return update(table).where(table.c.id == bindparam("row_id"))


def _table_of(kind: type[Base]) -> Table:
    return Base.metadata.tables[kind.__tablename__]


def _values_of(row: Base) -> dict[str, Any]:
    columns = _table_of(type(row)).columns
    return {name: value for name, value in vars(row).items() if name in columns}
