import asyncio
import logging

import httpx
import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncEngine

from app import database
from app.database import create_database
from tests.integration.execution.submissions import BATCH, SUBMISSIONS, make_body, make_order

pytestmark = pytest.mark.asyncio
PING_AFTER_S = 0.01


@pytest.mark.parametrize("database_url", ["postgresql://nobody@127.0.0.1:9/nowhere"])
async def test_who_comes_while_the_database_is_away_is_told_to_come_again(
    client: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, logger="app.repositories.unit_of_work"):
        answers = [
            await client.get(f"{SUBMISSIONS}1"),
            await client.post(SUBMISSIONS, json=make_body()),
            await client.post(BATCH, json={"orders": [make_order("alice-1")]}),
        ]

    assert [answer.status_code for answer in answers] == [503, 503, 503]
    assert {answer.json()["code"] for answer in answers} == {"database-unavailable"}
    assert {answer.headers["Retry-After"] for answer in answers} == {"2"}
    assert "the database is not available: " in caplog.text


@pytest.mark.postgres
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
