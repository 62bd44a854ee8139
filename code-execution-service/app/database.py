"""Connections to the service's database, SQLite or PostgreSQL."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import BigInteger, DateTime, Dialect, Integer, MetaData, TypeDecorator, event
from sqlalchemy.engine import URL, Connection, make_url
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import (
    AsyncEngine,
    AsyncSession,
    async_sessionmaker,
    create_async_engine,
)
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.pool import ConnectionPoolEntry
from typing_extensions import override

from app import sqlite

CONNECT_TIMEOUT_S = 5
PING_AFTER_S = 1.0
"""A connection that was in use since then is believed to be open: asking costs a round trip."""
USED_AT = "used_at"

Id = BigInteger().with_variant(Integer(), "sqlite")
"""Type of row ids: 64 bits everywhere; SQLite numbers rows by itself only under this name."""


class Base(DeclarativeBase):
    """Base of all tables; the naming rules keep migrations the same on both databases."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC instant; SQLite would forget the zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    @override
    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.astimezone(UTC)

    @override
    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class ZonelessUtcDateTime(UtcDateTime):
    """An aware UTC instant in a column without a zone, as a table of others may prescribe it."""

    impl = DateTime()
    cache_ok = True

    @override
    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.astimezone(UTC).replace(tzinfo=None)


def driver_url(database_url: str, *, base_directory: Path) -> URL:
    """Turn the operator's URL into one that names our async driver and an absolute SQLite path."""
    url = make_url(database_url)
    if url.get_backend_name() == "sqlite":
        path = base_directory / (url.database or "")
        return url.set(drivername="sqlite+aiosqlite", database=str(path))
    return url.set(drivername="postgresql+psycopg")


def create_database(url: URL) -> AsyncEngine:
    """Open a pool of connections; an SQLite file and its folder are made when missing."""
    if url.get_backend_name() != "sqlite":
        engine = create_async_engine(
            url,
            hide_parameters=True,  # a traceback would repeat them, programs among them
            pool_size=10,
            max_overflow=10,
            pool_timeout=CONNECT_TIMEOUT_S,
            connect_args={"connect_timeout": CONNECT_TIMEOUT_S},
        )
        event.listen(engine.sync_engine, "checkin", _note_use)
        event.listen(engine.sync_engine, "checkout", partial(_expect_open, engine.dialect))
        return engine
    Path(url.database or "").parent.mkdir(parents=True, exist_ok=True)
    connect_args = {"async_creator_fn": sqlite.connect}
    engine = create_async_engine(url, hide_parameters=True, connect_args=connect_args)
    event.listen(engine.sync_engine, "connect", _prepare_sqlite)
    event.listen(engine.sync_engine, "begin", _begin_sqlite)
    return engine


def _note_use(_connection: object, record: ConnectionPoolEntry) -> None:
    record.info[USED_AT] = time.monotonic()


def _expect_open(
    dialect: Dialect, connection: Any, record: ConnectionPoolEntry, _proxy: object
) -> None:
    """Have the server answer on a connection that nobody has used for a while.

    Raises:
        DisconnectionError: it is gone; the pool takes another one.
    """
    used_at = record.info.get(USED_AT)
    if used_at is None or time.monotonic() - used_at < PING_AFTER_S:
        return
    try:
        dialect.do_ping(connection)
    except dialect.loaded_dbapi.Error as error:
        raise DisconnectionError from error


def _prepare_sqlite(connection: Any, _record: object) -> None:
    # The driver must not open transactions behind our back: _begin_sqlite decides.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    # A deferred transaction that turns into a writer fails at once when another has written since;
    # taking the write lock first makes it wait its turn instead.
    is_reader = connection.get_execution_options().get("is_reader", False)
    connection.exec_driver_sql("BEGIN" if is_reader else "BEGIN IMMEDIATE")


SessionMaker = Callable[[], AsyncSession]


def writer_sessions(engine: AsyncEngine) -> SessionMaker:
    """Make sessions that may write."""
    return async_sessionmaker(engine, expire_on_commit=False)


def step_sessions(engine: AsyncEngine) -> SessionMaker:
    """Make sessions that may write, with statements that are transactions of their own on a server.

    A transaction around one statement costs two round trips more. On SQLite it costs nothing.
    """
    if engine.dialect.name == "sqlite":
        return writer_sessions(engine)
    return writer_sessions(engine.execution_options(isolation_level="AUTOCOMMIT"))


def reader_sessions(engine: AsyncEngine) -> SessionMaker:
    """Make sessions that only read, never wait for a writer, and see one moment of the database."""
    reader = engine.execution_options(is_reader=True)
    if engine.dialect.name == "postgresql":
        # Else each statement sees its own moment, and an answer of several tells what never was.
        reader = reader.execution_options(isolation_level="REPEATABLE READ")
    return async_sessionmaker(reader, expire_on_commit=False)
