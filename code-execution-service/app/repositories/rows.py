"""Single rows, written as they are.

A session's unit of work would sort what is new, look for changes, and load rows before it changes
them; that costs several times what the statements cost. Each statement is built once, as building
it costs about as much as sending it.
"""

from collections import ChainMap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import (
    CTE,
    JSON,
    CursorResult,
    Delete,
    Insert,
    RowMapping,
    Select,
    Table,
    bindparam,
    column,
    delete,
    exists,
    func,
    insert,
    select,
    true,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql.dml import ReturningInsert, ReturningUpdate
from sqlalchemy.sql.schema import ScalarElementColumnDefault

from app.database import Base

Kind = TypeVar("Kind", bound=Base)
ROW_ID = "row_id"
PARTS = "parts"


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


async def insert_new_rows(
    session: AsyncSession, rows: Sequence[Base], *, told_apart_by: str
) -> Mapping[Any, int]:
    """Store rows of one table by one statement, but for those whose value is taken in that column.

    Returns the ids of those that were stored, by that value.
    """
    if not rows:
        return {}
    dialect = session.get_bind().dialect.name
    statement = _insert_unless_taken(type(rows[0]), told_apart_by, dialect)
    stored = await session.execute(statement, [_values_of(row) for row in rows])
    return {value: row_id for row_id, value in stored}


async def insert_rows(session: AsyncSession, rows: Sequence[Base]) -> None:
    """Store new rows of one table, if there are any, by one statement; nobody learns their ids."""
    if rows:
        await session.execute(_insert_without_id(type(rows[0])), [_values_of(row) for row in rows])


@dataclass(frozen=True, slots=True)
class Parts:
    """New rows of one table, of what JSON knows, with the column that says what they belong to."""

    column: str
    rows: Sequence[Base]


@dataclass(frozen=True, slots=True)
class Change:
    """Columns of a row that change; without an id, those of a new row, with its parts if any."""

    kind: type[Base]
    values: Mapping[str, object]
    row_id: int | None = None
    parts: Parts | None = None


@dataclass(frozen=True, slots=True)
class Removal:
    """A row that goes, if it has these values."""

    kind: type[Base]
    row_id: int
    expected: Mapping[str, object]


def addition(row: Base, parts: Parts | None = None) -> Change:
    """Make the change that stores a new row."""
    return Change(type(row), _whole_values_of(row), parts=parts if parts and parts.rows else None)


async def write_together(
    session: AsyncSession, *changes: Change, in_place_of: Removal | None = None
) -> list[int | None]:
    """Make changes of which none needs what another has written.

    One statement where the database has such, as each costs a round trip, else one after the other.
    Nothing is done where the row to be removed does not exist. Returns the ids of the rows, `None`
    for one that was not written.

    Raises:
        IntegrityError: one clashes with another row, or refers to one that does not exist.
    """
    shapes = tuple(_shape_of(each) for each in changes)
    if session.get_bind().dialect.name == "postgresql":
        removed = in_place_of and (in_place_of.kind, tuple(in_place_of.expected))
        parameters = [_parameters_of(number, each) for number, each in enumerate(changes)]
        if in_place_of:
            parameters.append(_parameters_to_find(in_place_of))
        ids = await session.execute(_together(shapes, removed), dict(ChainMap(*parameters)))
        return list(ids.one())
    if in_place_of and not await _remove(session, in_place_of):
        return [None for _ in changes]
    return [await _write(session, shape, each) for shape, each in zip(shapes, changes, strict=True)]


async def _write(session: AsyncSession, shape: "_Shape", change: Change) -> int | None:
    alone = _parameters_of(0, replace(change, parts=None))
    row_id: int | None = await session.scalar(_written(0, shape, None), alone)
    if change.parts:
        for row in change.parts.rows:
            setattr(row, change.parts.column, row_id)
        await insert_rows(session, change.parts.rows)
    return row_id


async def _remove(session: AsyncSession, removal: Removal) -> bool:
    statement = _delete_of(removal.kind, tuple(removal.expected))
    removed = await session.execute(statement, _parameters_to_find(removal))
    assert isinstance(removed, CursorResult)  # noqa: S101  # what a deletion gives
    return removed.rowcount == 1


def table_of(kind: type[Base]) -> Table:
    """Return the table that rows of a kind are in."""
    return Base.metadata.tables[kind.__tablename__]


def row_of(kind: type[Kind], values: RowMapping, *, prefix: str = "") -> Kind:
    """Make a row that no session knows from its columns, and pass over what else there is."""
    return kind(**{each.name: values[prefix + each.name] for each in table_of(kind).columns})


@cache
def _insert_of(kind: type[Base]) -> Insert:
    """Make a statement that takes its columns from the names of the parameters."""
    return insert(table_of(kind))


@cache
def _insert_unless_taken(kind: type[Base], name: str, dialect: str) -> ReturningInsert[Any]:
    table = table_of(kind)
    if dialect == "postgresql":
        on_server = postgresql.insert(table).on_conflict_do_nothing(index_elements=[name])
        return on_server.returning(table.c.id, table.c[name])
    in_file = sqlite.insert(table).on_conflict_do_nothing(index_elements=[name])
    return in_file.returning(table.c.id, table.c[name])


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
    parts: tuple[type[Base], str, tuple[str, ...]] | None
    """Their kind, the column that says what they belong to, and the others."""


def _shape_of(change: Change) -> _Shape:
    parts = None
    if change.parts:
        first = change.parts.rows[0]
        parts = (type(first), change.parts.column, tuple(_whole_values_of(first)))
    return _Shape(change.kind, tuple(change.values), change.row_id is None, parts)


@cache
def _together(
    shapes: tuple[_Shape, ...], removed: tuple[type[Base], tuple[str, ...]] | None
) -> Select[Any]:
    condition = None
    if removed:
        kind, expected = removed
        condition = _delete_of(kind, expected).returning(table_of(kind).c.id).cte()
    written = [_written(number, shape, condition).cte() for number, shape in enumerate(shapes)]
    parts = [
        _written_parts(number, shape.parts, whole).cte()
        for number, (shape, whole) in enumerate(zip(shapes, written, strict=True))
        if shape.parts
    ]
    return select(*(select(each.c.id).scalar_subquery() for each in written)).add_cte(*parts)


@cache
def _written(
    number: int, shape: _Shape, condition: CTE | None
) -> ReturningInsert[Any] | ReturningUpdate[Any]:
    """Make a statement that returns an id; the number tells its parameters from those of others.

    It writes nothing where the condition has found no row.
    """
    table = table_of(shape.kind)
    values = {
        name: bindparam(_parameter(number, name), type_=table.c[name].type) for name in shape.names
    }
    if shape.is_addition:
        adding = insert(table)
        if condition is None:
            return adding.values(values).returning(table.c.id)
        given = select(*values.values()).where(exists(select(condition.c.id)))
        return adding.from_select(list(values), given, include_defaults=False).returning(table.c.id)
    row_id = bindparam(_parameter(number, ROW_ID), type_=table.c.id.type)
    changing = update(table).where(table.c.id == row_id).values(values).returning(table.c.id)
    return changing if condition is None else changing.where(exists(select(condition.c.id)))


def _written_parts(
    number: int, parts: tuple[type[Base], str, tuple[str, ...]], whole: CTE
) -> ReturningInsert[Any]:
    kind, belonging, names = parts
    table = table_of(kind)
    given = (
        func
        .json_to_recordset(bindparam(_parameter(number, PARTS), type_=JSON))
        .table_valued(*(column(name, table.c[name].type) for name in names), name="given")
        .render_derived(with_types=True)
    )
    rows = select(whole.c.id, *(given.c[name] for name in names)).select_from(
        whole.join(given, true())
    )
    adding = insert(table).from_select([belonging, *names], rows, include_defaults=False)
    return adding.returning(table.c.id)


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


def _parameters_of(number: int, change: Change) -> dict[str, object]:
    parameters = {_parameter(number, name): value for name, value in change.values.items()}
    if change.row_id is not None:
        parameters[_parameter(number, ROW_ID)] = change.row_id
    if change.parts:
        rows = [_whole_values_of(row) for row in change.parts.rows]
        parameters[_parameter(number, PARTS)] = rows
    return parameters


def _parameters_to_find(removal: Removal) -> dict[str, object]:
    return {ROW_ID: removal.row_id, **removal.expected}


def _whole_values_of(row: Base) -> dict[str, Any]:
    """Give its columns with what a statement by itself would fill in."""
    return {**_defaults_of(type(row)), **_values_of(row)}


def _values_of(row: Base) -> dict[str, Any]:
    columns = table_of(type(row)).columns
    return {name: value for name, value in vars(row).items() if name in columns}
