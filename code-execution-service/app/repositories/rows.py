"""Single rows, written as they are.

A session's unit of work would sort what is new, look for changes, and load rows before it changes
them; that costs several times what the statements cost. Each statement is built once, as building
it costs about as much as sending it.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import (
    CursorResult,
    Delete,
    Insert,
    Table,
    Update,
    bindparam,
    delete,
    insert,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession

from app.database import Base

Kind = TypeVar("Kind", bound=Base)


class IdempotencyKeyTakenError(Exception):
    """Another transaction has stored a row under the same key in the meantime."""


async def insert_row(session: AsyncSession, row: Base) -> int:
    """Store a new row and return its id.

    Raises:
        IntegrityError: it clashes with another one.
    """
    result = await session.execute(_insert_of(type(row)), _values_of(row))
    assert isinstance(result, CursorResult)  # noqa: S101  # what an insert gives
    key = result.inserted_primary_key
    assert key is not None  # noqa: S101  # of a single row it is known
    row_id: int = key[0]
    return row_id


async def insert_rows(session: AsyncSession, rows: Sequence[Base]) -> None:
    """Store new rows of one table, if there are any, by one statement; nobody learns their ids."""
    if rows:
        await session.execute(_insert_without_id(type(rows[0])), [_values_of(row) for row in rows])


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
    statement = _delete_of(kind, tuple(expected))
    result = await session.execute(statement, {"row_id": row_id, **expected})
    assert isinstance(result, CursorResult)  # noqa: S101  # what a deletion gives
    return result.rowcount == 1


def table_of(kind: type[Base]) -> Table:
    """Return the table that rows of a kind are in."""
    return Base.metadata.tables[kind.__tablename__]


def row_of(kind: type[Kind], values: Mapping[str, Any]) -> Kind:
    """Make a row that no session knows from its columns, and pass over what else there is."""
    return kind(**{column.name: values[column.name] for column in table_of(kind).columns})


@cache
def _insert_of(kind: type[Base]) -> Insert:
    """Make a statement that takes its columns from the names of the parameters."""
    return insert(table_of(kind))


@cache
def _insert_without_id(kind: type[Base]) -> Insert:
    """Make one that gives back nothing."""
    return _insert_of(kind).inline()


@cache
def _delete_of(kind: type[Base], expected: tuple[str, ...]) -> Delete:
    """Make a statement whose parameters are `row_id` and the values of these columns."""
    table = table_of(kind)
    conditions = [table.c[name] == bindparam(name) for name in expected]
    return delete(table).where(table.c.id == bindparam("row_id"), *conditions)


@cache
def _update_of(kind: type[Base]) -> Update:
    """Make a statement that takes its columns from the names of the parameters."""
    table = table_of(kind)
    return update(table).where(table.c.id == bindparam("row_id"))


def _values_of(row: Base) -> dict[str, Any]:
    columns = table_of(type(row)).columns
    return {name: value for name, value in vars(row).items() if name in columns}
