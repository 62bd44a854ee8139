import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import select

from app.config import SERVICE_DIRECTORY, Settings
from app.database import create_database, driver_url
from app.domain.turns import Priority
from app.languages import load_languages
from app.models import Job
from app.repositories.unit_of_work import Transactions
from app.schemas.submissions import SubmissionIn
from app.services import judge_queue
from app.services.fresh_events import FreshEvents
from app.services.fresh_jobs import FreshJobs
from app.services.judge_queue import JudgeQueue
from app.services.leases import kept_lease
from app.services.new_submissions import Order
from app.services.submissions import SubmissionService
from app.services.test_data import TestDataService
from app.services.wake_up import WakeUp
from tests.integration.execution.fake_backend import FakeBackend
from tests.integration.execution.held_engine import HeldEngine
from tests.integration.execution.submissions import (
    SUBMISSIONS,
    make_body,
    wait_until_final,
    wait_until_sent,
)
from tests.support.patience import PATIENCE_S, until

pytestmark = pytest.mark.asyncio


async def test_two_workers_never_claim_the_same_job(
    client: httpx.AsyncClient, settings: Settings, engine: HeldEngine
) -> None:
    """Claims from outside race with each other; the service's own workers are kept busy."""
    database = create_database(driver_url(settings.database_url, base_directory=SERVICE_DIRECTORY))
    transactions = Transactions(database)
    engine.may_end.clear()
    for _ in range(2):
        created = await client.post(SUBMISSIONS, json=make_body())
        await wait_until_taken(client, created.json()["id"])
    for _ in range(6):
        await client.post(SUBMISSIONS, json=make_body())

    async def claim(token: str) -> int | None:
        now = datetime.now(tz=UTC)
        async with transactions.write_at_once() as work:
            claimed = await work.jobs.claim_next(
                lease_token=token, now=now, lease_ends_at=now + timedelta(minutes=1)
            )
            return claimed.job.id if claimed else None

    claimed = await asyncio.gather(*(claim(f"worker-{n}") for n in range(10)))
    engine.may_end.set()
    await database.dispose()

    ids = [job_id for job_id in claimed if job_id is not None]
    assert len(ids) == len(set(ids)) == 6


async def wait_until_taken(client: httpx.AsyncClient, submission_id: int) -> None:
    """Return when a worker has claimed it."""

    async def is_taken() -> bool:
        answer = await client.get(f"{SUBMISSIONS}{submission_id}")
        return bool(answer.json()["status"] != "pending")

    await until(is_taken)


async def leave_behind(settings: Settings, submission_id: int, *, attempts: int) -> None:
    """Queue a submission as a worker leaves it that dies in the given try; its lease ends soon."""
    database = create_database(driver_url(settings.database_url, base_directory=SERVICE_DIRECTORY))
    now = datetime.now(tz=UTC)
    job = Job(
        submission_id=submission_id,
        user_id=1,
        priority=Priority.PRACTICE,
        turn_at=now,
        created_at=now,
        available_at=now + timedelta(seconds=0.5),
        attempts=attempts,
        lease_token="dead",
    )
    async with Transactions(database).write() as work:
        await work.jobs.add(job)
    await database.dispose()


async def test_a_job_whose_worker_died_is_judged_by_another(
    client: httpx.AsyncClient, settings: Settings
) -> None:
    created = await client.post(SUBMISSIONS, json=make_body(auto_execute=False))
    await leave_behind(settings, created.json()["id"], attempts=1)

    result = await wait_until_final(client, created.json()["id"])

    assert result["verdict"] == "AC"


async def test_a_job_that_lost_two_workers_is_given_up(
    client: httpx.AsyncClient, settings: Settings
) -> None:
    created = await client.post(SUBMISSIONS, json=make_body(auto_execute=False))
    await leave_behind(settings, created.json()["id"], attempts=2)

    result = await wait_until_final(client, created.json()["id"])

    assert result["verdict"] == "IE"
    assert result["error_output"] == "Internal Error: The worker was lost."


async def test_a_stopped_service_hands_its_job_back_and_the_next_one_judges_it(
    service: FastAPI, backend: FakeBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.factory.DRAIN_S", 0.1)
    transport = httpx.ASGITransport(app=service)
    async with (
        service.router.lifespan_context(service),
        httpx.AsyncClient(transport=transport, base_url="http://service") as client,
    ):
        for _ in range(3):
            await client.post(SUBMISSIONS, json=make_body(code="sleep 800\nprint 5"))
        await asyncio.sleep(0.3)

    async with service.router.lifespan_context(service):
        requests = await backend.wait_for_requests(3)

    assert all(b'"verdict":"AC"' in request.content for request in requests)


@pytest.fixture
def time_to_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave what runs all the time that it needs; ask for it before the service."""
    monkeypatch.setattr("app.factory.DRAIN_S", PATIENCE_S)
    monkeypatch.setattr("app.factory.DELIVERY_DRAIN_S", PATIENCE_S)


@pytest.mark.usefixtures("time_to_end")
async def test_a_stopped_service_ends_what_takes_no_longer_and_reports_it(
    service: FastAPI, backend: FakeBackend, engine: HeldEngine
) -> None:
    backend.pause_s = 0.3
    engine.may_end.clear()
    transport = httpx.ASGITransport(app=service)
    async with (
        service.router.lifespan_context(service),
        httpx.AsyncClient(transport=transport, base_url="http://service") as client,
    ):
        created = await client.post(SUBMISSIONS, json=make_body())
        await engine.has_begun.wait()
        asyncio.get_running_loop().call_later(0.3, engine.may_end.set)

    assert [b'"verdict":"AC"' in request.content for request in backend.requests] == [True]
    async with (
        service.router.lifespan_context(service),
        httpx.AsyncClient(transport=transport, base_url="http://service") as client,
    ):
        assert await wait_until_sent(client, created.json()["id"]) == "Success: 200"
    assert len(backend.requests) == 1


@pytest.fixture
def often_renewed(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    """Have claims renewed long before it is time; ask for it before the service."""

    def kept(
        extend: Callable[[], Awaitable[bool]], *, every_s: float
    ) -> AbstractAsyncContextManager[None]:
        assert every_s <= settings.judge_lease_seconds / 2
        return kept_lease(extend, every_s=0.05)

    monkeypatch.setattr(judge_queue, "kept_lease", kept)


@pytest.mark.usefixtures("often_renewed")
async def test_a_submission_that_is_judged_for_long_stays_its_workers(
    client: httpx.AsyncClient, settings: Settings, engine: HeldEngine, backend: FakeBackend
) -> None:
    database = create_database(driver_url(settings.database_url, base_directory=SERVICE_DIRECTORY))
    engine.may_end.clear()
    created = await client.post(SUBMISSIONS, json=make_body())
    await engine.has_begun.wait()

    async with asyncio.timeout(PATIENCE_S), database.connect() as connection:
        taken = first = (await connection.execute(select(Job.__table__))).one()
        while taken.available_at == first.available_at:
            await connection.rollback()
            await asyncio.sleep(0.02)
            taken = (await connection.execute(select(Job.__table__))).one()
    engine.may_end.set()
    result = await wait_until_final(client, created.json()["id"])
    await database.dispose()

    assert taken.available_at > first.available_at
    assert (taken.lease_token, taken.attempts) == (first.lease_token, 1)
    assert result["verdict"] == "AC"
    assert len(await backend.wait_for_requests(1)) == 1


async def test_a_submission_that_came_just_before_a_stop_is_judged_by_another(
    client: httpx.AsyncClient, settings: Settings
) -> None:
    """It is stored as claimed by the process that stops; its lease would last for a minute."""
    database = create_database(driver_url(settings.database_url, base_directory=SERVICE_DIRECTORY))
    transactions, languages = Transactions(database), load_languages()
    bell = WakeUp()
    fresh_jobs = FreshJobs(bell, lease_s=60)
    idle_judge = asyncio.create_task(bell.wait(at_most_s=PATIENCE_S))
    await asyncio.sleep(0)
    stopping = SubmissionService(
        transactions=transactions,
        languages=languages,
        test_data=TestDataService(transactions, kept_days=1),
        fresh_jobs=fresh_jobs,
        max_queued=10,
    )
    queue = JudgeQueue(
        transactions=transactions,
        languages=languages,
        fresh_jobs=fresh_jobs,
        fresh_events=FreshEvents(),
        lease_s=60,
    )
    body = SubmissionIn.model_validate(make_body())
    created = await stopping.create(Order(request=body.to_request(), idempotency_key=None))
    await asyncio.sleep(1.2)  # a sweep of the other process
    before = (await client.get(f"{SUBMISSIONS}{created.submission.id}")).json()

    await queue.give_back()

    result = await wait_until_final(client, created.submission.id)
    await idle_judge
    await database.dispose()
    assert before["status"] == "running"
    assert result["verdict"] == "AC"
