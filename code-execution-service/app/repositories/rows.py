"""Single rows, written as they are.

A session's unit of work would sort what is new, look for changes, and load rows before it changes
them; that costs several times what the statements cost. Each statement is built once, as building
it costs about as much as sending it.
"""

from collections import ChainMap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import (
    CursorResult,
    Delete,
    Insert,
    Select,
    Table,
    bindparam,
    delete,
    insert,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql.dml import ReturningInsert, ReturningUpdate
from sqlalchemy.sql.schema import ScalarElementColumnDefault

from app.database import Base

Kind = TypeVar("Kind", bound=Base)
ROW_ID = "row_id"


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


@dataclass(frozen=True, slots=True)
class Change:
    """Columns of a row that change; without an id, those of a new row."""

    kind: type[Base]
    values: Mapping[str, object]
    row_id: int | None = None


def addition(row: Base) -> Change:
    """Make the change that stores a new row."""
    return Change(type(row), {**_defaults_of(type(row)), **_values_of(row)})


async def write_together(session: AsyncSession, *changes: Change) -> list[int | None]:
    """Make changes of which none needs what another has written.

    One statement where the database has such, as each costs a round trip, else one after the other.
    Returns the ids of the rows, `None` for one that was to be changed and does not exist.

    Raises:
        IntegrityError: one clashes with another row, or refers to one that does not exist.
    """
    shapes = tuple(_Shape(each.kind, tuple(each.values), each.row_id is None) for each in changes)
    parameters = [
        {_parameter(number, name): value for name, value in _parameters_of(each).items()}
        for number, each in enumerate(changes)
    ]
    if session.get_bind().dialect.name == "postgresql":
        ids = await session.execute(_together(shapes), dict(ChainMap(*parameters)))
        return list(ids.one())
    return [
        await session.scalar(_written(number, shape), parameters[number])
        for number, shape in enumerate(shapes)
    ]


async def delete_row(
    session: AsyncSession, kind: type[Base], row_id: int, **expected: object
) -> bool:
    """Delete a row if it has these values; tell whether there was one."""
    statement = _delete_of(kind, tuple(expected))
    result = await session.execute(statement, {ROW_ID: row_id, **expected})
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
    return delete(table).where(table.c.id == bindparam(ROW_ID), *conditions)


class _Shape(NamedTuple):
    """What all changes have in common that one statement can make, whatever they write."""

    kind: type[Base]
    names: tuple[str, ...]
    is_addition: bool


@cache
def _together(shapes: tuple[_Shape, ...]) -> Select[Any]:
    written = [_written(number, shape).cte() for number, shape in enumerate(shapes)]
    return select(*(select(each.c.id).scalar_subquery() for each in written))


@cache
def _written(number: int, shape: _Shape) -> ReturningInsert[Any] | ReturningUpdate[Any]:
    """Make a statement that returns an id; the number tells its parameters from those of others."""
    table = table_of(shape.kind)
    values = {
        name: bindparam(_parameter(number, name), type_=table.c[name].type) for name in shape.names
    }
    if shape.is_addition:
        return insert(table).values(values).returning(table.c.id)
    row_id = bindparam(_parameter(number, ROW_ID), type_=table.c.id.type)
    return update(table).where(table.c.id == row_id).values(values).returning(table.c.id)


@cache
def _defaults_of(kind: type[Base]) -> Mapping[str, object]:
    """Give what a statement by itself would fill in, but not one that is a part of another."""
    return {
        column.name: column.default.arg
        for column in table_of(kind).columns
        if isinstance(column.default, ScalarElementColumnDefault)
    }


def _parameter(number: int, name: str) -> str:
    return f"{name}_{number}"


def _parameters_of(change: Change) -> Mapping[str, object]:
    return change.values if change.row_id is None else {**change.values, ROW_ID: change.row_id}


def _values_of(row: Base) -> dict[str, Any]:
    columns = table_of(type(row)).columns
    return {name: value for name, value in vars(row).items() if name in columns}
