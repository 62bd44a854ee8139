"""SQLite behind SQLAlchemy's async interface, with two changes of threads for each transaction.

aiosqlite makes, uses, reads and closes each cursor in the connection's thread, one hop each. A hop
costs more than most of our statements, so here only what may wait takes one: the beginning, for
other writers, and the end, for the disk. What is in between waits for nobody and stays where it is.
"""

import sqlite3
from collections.abc import Sequence
from functools import partial
from typing import Any, Self

import aiosqlite
from typing_extensions import override

FETCHED_AT_ONCE = 64


class DirectCursor:
    """As much of a cursor as SQLAlchemy uses for results that it does not stream."""

    def __init__(self, connection: "DirectConnection") -> None:
        self._connection = connection
        self._rows: list[Any] = []
        self.description: Any = None
        self.rowcount = -1
        self.lastrowid: int | None = None
        self.arraysize = 1

    async def __aenter__(self) -> Self:
        """Begin without a thread."""
        return self

    async def execute(self, sql: str, parameters: Sequence[Any] = ()) -> Self:
        """Execute a statement, and fetch all that it gives."""
        await self._connection.run(partial(self._execute, sql, parameters))
        return self

    async def executemany(self, sql: str, parameters: Sequence[Sequence[Any]]) -> Self:
        """Execute a statement that gives nothing once for each of the parameters."""
        await self._connection.run(partial(self._execute_many, sql, parameters))
        return self

    async def fetchall(self) -> list[Any]:
        """Give what has been fetched."""
        return self._rows

    async def close(self) -> None:
        """End without a thread: the real cursor has been closed."""

    def _execute(self, sql: str, parameters: Sequence[Any], database: sqlite3.Connection) -> None:
        cursor = database.execute(sql, parameters)
        self._rows = cursor.fetchall()
        self._end(cursor)

    def _execute_many(
        self, sql: str, parameters: Sequence[Sequence[Any]], database: sqlite3.Connection
    ) -> None:
        self._end(database.executemany(sql, parameters))

    def _end(self, cursor: sqlite3.Cursor) -> None:
        self.description = cursor.description
        self.rowcount = cursor.rowcount
        self.lastrowid = cursor.lastrowid
        cursor.close()


class DirectConnection(aiosqlite.Connection):
    """A connection with such cursors."""

    @override
    def cursor(self, *_: object) -> Any:
        """Make a cursor."""
        return DirectCursor(self)

    async def run(self, work: Any) -> None:
        """Do a piece of work with the database; outside of a transaction in the thread."""
        if self._conn.in_transaction:
            work(self._conn)
        else:
            await self._execute(work, self._conn)  # type: ignore[no-untyped-call]  # aiosqlite's

    @override
    async def rollback(self) -> None:
        """Take a transaction back, if there is one; SQLAlchemy asks for it after each commit too.

        A hop that was cancelled leaves none behind: SQLAlchemy closes its connection.
        """
        if self._conn.in_transaction:
            await super().rollback()


def connect(database: str, **options: Any) -> DirectConnection:
    """Make a connection; SQLAlchemy opens it (`async_creator_fn` of its aiosqlite dialect)."""
    connection = DirectConnection(
        partial(sqlite3.connect, database, **options), iter_chunk_size=FETCHED_AT_ONCE
    )
    # As SQLAlchemy does with connections of its own making: none may keep the process from ending.
    connection._thread.daemon = True  # noqa: SLF001  # aiosqlite has no other way
    return connection
