"""Which processes judge, as the database knows it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio

from app.config import SERVICE_DIRECTORY
from app.database import create_database, driver_url
from app.errors import NoJudgeWorkerError
from app.models import JudgeWorker
from app.repositories.unit_of_work import Transactions
from app.services.judge_workers import JudgeWorkers
from app.services.stop import Stop
from tests.support.patience import PATIENCE_S

pytestmark = pytest.mark.asyncio


@pytest_asyncio.fixture
async def transactions(database_url: str) -> AsyncIterator[Transactions]:
    database = create_database(driver_url(database_url, base_directory=SERVICE_DIRECTORY))
    yield Transactions(database)
    await database.dispose()


def at(transactions: Transactions, place: str) -> JudgeWorkers:
    return JudgeWorkers(transactions=transactions, place=place, version="1")


@asynccontextmanager
async def taking_part(workers: JudgeWorkers, *, lanes: int) -> AsyncIterator[None]:
    """Judge at a place, on as many lanes as nowhere else; the block begins when it is known."""
    stop = Stop()
    task = asyncio.create_task(workers.take_part(stop, lanes=lanes))
    async with asyncio.timeout(PATIENCE_S):
        while lanes not in [each.lanes for each in await workers.known()]:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    yield
    stop.set()
    await task


async def leave_behind(transactions: Transactions, *, place: str, silent: timedelta) -> None:
    """Store a worker as it stays behind that dies."""
    now = datetime.now(tz=UTC)
    dead = JudgeWorker(
        id=f"dead at {place}",
        place=place,
        pid=1,
        lanes=2,
        version="1",
        started_at=now - timedelta(days=1),
        seen_at=now - silent,
    )
    async with transactions.write() as work:
        await work.judge_workers.note(dead)


async def test_who_judges_is_known_until_it_stops(transactions: Transactions) -> None:
    workers = at(transactions, "first")
    async with taking_part(workers, lanes=3), taking_part(at(transactions, "second"), lanes=1):
        await workers.check()
        known = [(worker.place, worker.lanes) for worker in await workers.known()]

    assert known == [("first", 3), ("second", 1)]
    with pytest.raises(NoJudgeWorkerError):
        await workers.check()


async def test_a_place_is_asked_about_by_itself(transactions: Transactions) -> None:
    async with taking_part(at(transactions, "first"), lanes=1):
        await at(transactions, "first").check_here()
        with pytest.raises(NoJudgeWorkerError, match="second"):
            await at(transactions, "second").check_here()


async def test_who_has_died_is_known_and_does_not_count(transactions: Transactions) -> None:
    await leave_behind(transactions, place="first", silent=timedelta(minutes=1))
    workers = at(transactions, "second")

    with pytest.raises(NoJudgeWorkerError):
        await workers.check()
    assert [worker.place for worker in await workers.known()] == ["first"]


async def test_who_comes_back_takes_the_place_of_who_has_died_there(
    transactions: Transactions,
) -> None:
    await leave_behind(transactions, place="first", silent=timedelta(minutes=1))
    await leave_behind(transactions, place="second", silent=timedelta(minutes=1))
    await leave_behind(transactions, place="third", silent=timedelta(hours=2))
    workers = at(transactions, "first")
    async with taking_part(workers, lanes=4):
        known = [(worker.place, worker.lanes) for worker in await workers.known()]

    assert sorted(known) == [("first", 4), ("second", 2)]
