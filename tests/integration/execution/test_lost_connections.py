import asyncio

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncEngine

from app import database
from app.database import create_database

pytestmark = [pytest.mark.asyncio, pytest.mark.postgres]
PING_AFTER_S = 0.01


async def test_a_connection_that_the_server_has_closed_meanwhile_is_replaced(
    postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "PING_AFTER_S", PING_AFTER_S)
    engine = create_database(make_url(postgresql_url).set(drivername="postgresql+psycopg"))
    first = await session_of(engine)
    assert await session_of(engine) == first
    with psycopg.connect(postgresql_url) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [first])
    await asyncio.sleep(2 * PING_AFTER_S)

    assert await session_of(engine) != first
    await engine.dispose()


async def session_of(engine: AsyncEngine) -> int:
    """Return the number of the server's session that the pool's connection has."""
    async with engine.connect() as connection:
        number: int = await connection.scalar(text("SELECT pg_backend_pid()"))
        return number
