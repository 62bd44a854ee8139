import asyncio
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from app import sqlite
from app.database import create_database, driver_url
from app.sqlite import COMMITS_PER_CHECKPOINT, DirectConnection

pytestmark = pytest.mark.asyncio


@pytest_asyncio.fixture
async def database(tmp_path: Path) -> AsyncIterator[AsyncEngine]:
    database = create_database(driver_url("sqlite:///test.sqlite3", base_directory=tmp_path))
    async with database.begin() as connection:
        await connection.execute(text("CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT UNIQUE)"))
    yield database
    await database.dispose()


@pytest_asyncio.fixture
async def connection(database: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    async with database.begin() as connection:
        yield connection


async def count_rows(database: AsyncEngine) -> int:
    async with database.begin() as connection:
        return await connection.scalar(text("SELECT count(*) FROM t")) or 0


async def test_a_transaction_that_waits_for_nobody_changes_no_thread(
    database: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    hops: list[Any] = []
    original = DirectConnection._execute

    async def counted(self: DirectConnection, *arguments: Any) -> Any:
        hops.append(arguments)
        return await original(self, *arguments)  # type: ignore[no-untyped-call]  # aiosqlite's

    monkeypatch.setattr(DirectConnection, "_execute", counted)

    async with database.begin() as connection:
        inserted = await connection.execute(
            text("INSERT INTO t (name) VALUES (:name) RETURNING id, name"), {"name": "ü"}
        )
        rows = inserted.all()

    assert [tuple(row) for row in rows] == [(1, "ü")]
    assert list(inserted.keys()) == ["id", "name"]
    assert hops == []


async def test_the_log_of_changes_is_written_back_before_it_grows_long(
    database: AsyncEngine, tmp_path: Path
) -> None:
    for number in range(3 * COMMITS_PER_CHECKPOINT):
        async with database.begin() as connection:
            await connection.execute(text("INSERT INTO t (id) VALUES (:id)"), {"id": number})

    pages = (tmp_path / "test.sqlite3-wal").stat().st_size / 4096
    assert COMMITS_PER_CHECKPOINT <= pages < 2.5 * COMMITS_PER_CHECKPOINT


async def test_waiting_for_another_writer_holds_nobody_else_up(database: AsyncEngine) -> None:
    async with database.begin():
        waiting = asyncio.create_task(count_rows(database))
        await asyncio.sleep(0.05)
        assert not waiting.done()

    assert await waiting == 0


async def test_leaves_no_transaction_behind_when_waiting_for_it_is_given_up(
    database: AsyncEngine,
) -> None:
    async with database.begin():
        waiting = asyncio.create_task(count_rows(database))
        await asyncio.sleep(0.05)
        waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting

    async with asyncio.timeout(30), database.begin() as connection:
        await connection.execute(text("INSERT INTO t (name) VALUES ('a')"))
    assert await count_rows(database) == 1


async def test_tells_how_many_rows_changed(connection: AsyncConnection) -> None:
    await connection.execute(
        text("INSERT INTO t (name) VALUES (:name)"), [{"name": "a"}, {"name": "b"}]
    )

    changed = await connection.execute(text("UPDATE t SET name = name || '!'"))
    unchanged = await connection.execute(text("DELETE FROM t WHERE id = 99"))

    assert (changed.rowcount, unchanged.rowcount) == (2, 0)


async def test_a_clash_is_an_integrity_error_and_the_connection_goes_on(
    connection: AsyncConnection,
) -> None:
    insert = text("INSERT INTO t (name) VALUES ('a')")
    await connection.execute(insert)

    with pytest.raises(IntegrityError):
        await connection.execute(insert)

    assert await connection.scalar(text("SELECT count(*) FROM t")) == 1


async def test_a_broken_statement_is_sqlites_own_error() -> None:
    connection = sqlite.connect(":memory:")
    await connection

    with pytest.raises(sqlite3.OperationalError):
        await connection.cursor().execute("SELECT nonsense")
    await connection.close()
