"""SQLite behind SQLAlchemy's async interface, without a change of threads where nothing waits.

aiosqlite makes, uses, reads and closes each cursor in the connection's thread, one hop each. A hop
costs more than most of our statements. So all is done where it is called, and the thread waits: for
another process that writes, and for the disk when the log of changes is written back.
"""

import sqlite3
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from typing import Any, Self

import aiosqlite
from typing_extensions import override

FETCHED_AT_ONCE = 64
BUSY_TIMEOUT_MS = 10_000
COMMITS_PER_CHECKPOINT = 100
"""Mostly below the 1000 pages at which SQLite writes back by itself, within a commit."""
_PRIMARY_CODE = 0xFF  # source: sqlite.org/rescode.html, primary and extended result codes


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

    _commits = 0

    @override
    def cursor(self, *_: object) -> Any:
        """Make a cursor."""
        return DirectCursor(self)

    async def run(self, work: Any) -> None:
        """Do a piece of work with the database; in the thread if it has to wait for others.

        Raises:
            OperationalError: it fails, or has waited for too long.
        """
        try:
            work(self._conn)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & _PRIMARY_CODE != sqlite3.SQLITE_BUSY:
                raise
            await self._execute(self._wait_and_do, work)  # type: ignore[no-untyped-call]  # aiosqlite's

    @override
    async def commit(self) -> None:
        """Commit; now and then write back what the log has gathered, in the thread.

        That may fail like SQLite's own attempts: the next one does it.
        """
        self._conn.commit()
        self._commits += 1
        if self._commits % COMMITS_PER_CHECKPOINT == 0:
            with suppress(sqlite3.OperationalError):
                await self._execute(self._write_back)  # type: ignore[no-untyped-call]  # aiosqlite's

    @override
    async def rollback(self) -> None:
        """Take the transaction back, if there is one."""
        self._conn.rollback()

    def _write_back(self) -> None:
        self._conn.execute("PRAGMA wal_checkpoint(PASSIVE)").close()

    def _wait_and_do(self, work: Any) -> None:
        self._conn.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
        try:
            work(self._conn)
        finally:
            self._conn.execute("PRAGMA busy_timeout = 0")


def connect(database: str, **options: Any) -> DirectConnection:
    """Make a connection; SQLAlchemy opens it (`async_creator_fn` of its aiosqlite dialect)."""
    connection = DirectConnection(
        partial(sqlite3.connect, database, **options | {"timeout": 0, "check_same_thread": False}),
        iter_chunk_size=FETCHED_AT_ONCE,
    )
    # As SQLAlchemy does with connections of its own making: none may keep the process from ending.
    connection._thread.daemon = True  # noqa: SLF001  # aiosqlite has no other way
    return connection
