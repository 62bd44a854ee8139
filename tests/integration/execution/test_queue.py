import asyncio
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from fastapi import FastAPI

from app.config import SERVICE_DIRECTORY, Settings
from app.database import create_database, driver_url
from app.domain.turns import Priority
from app.languages import load_languages
from app.models import Job
from app.repositories.unit_of_work import Transactions
from app.schemas.submissions import SubmissionIn
from app.services.fresh_events import FreshEvents
from app.services.fresh_jobs import FreshJobs
from app.services.judge_queue import JudgeQueue
from app.services.submissions import SubmissionService
from app.services.test_data import TestDataService
from app.services.wake_up import WakeUp
from tests.integration.execution.fake_backend import FakeBackend
from tests.integration.execution.submissions import SUBMISSIONS, make_body, wait_until_final

pytestmark = pytest.mark.asyncio


async def test_two_workers_never_claim_the_same_job(
    client: httpx.AsyncClient, settings: Settings
) -> None:
    """Claims from outside race with each other; the service's own workers are kept busy."""
    database = create_database(driver_url(settings.database_url, base_directory=SERVICE_DIRECTORY))
    transactions = Transactions(database)
    for _ in range(2):
        await client.post(SUBMISSIONS, json=make_body(code="sleep 3000"))
    await asyncio.sleep(0.3)
    for _ in range(6):
        await client.post(SUBMISSIONS, json=make_body())

    async def claim(token: str) -> int | None:
        now = datetime.now(tz=UTC)
        async with transactions.write() as work:
            job = await work.jobs.claim_next(
                lease_token=token, now=now, lease_ends_at=now + timedelta(minutes=1)
            )
            return job.id if job else None

    claimed = await asyncio.gather(*(claim(f"worker-{n}") for n in range(10)))
    await database.dispose()

    ids = [job_id for job_id in claimed if job_id is not None]
    assert len(ids) == len(set(ids)) == 6


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


async def test_a_stopped_service_ends_what_takes_no_longer_and_reports_it(
    service: FastAPI, backend: FakeBackend
) -> None:
    transport = httpx.ASGITransport(app=service)
    async with (
        service.router.lifespan_context(service),
        httpx.AsyncClient(transport=transport, base_url="http://service") as client,
    ):
        await client.post(SUBMISSIONS, json=make_body(code="sleep 500\nprint 5"))
        await asyncio.sleep(0.2)

    assert [b'"verdict":"AC"' in request.content for request in backend.requests] == [True]


@pytest.fixture
def short_lease(settings: Settings) -> None:
    """Have claims end after a second, unless they are renewed; ask for it before the service."""
    settings.judge_lease_seconds = 1


@pytest.mark.usefixtures("short_lease")
async def test_a_submission_that_outlives_its_lease_is_judged_once(
    client: httpx.AsyncClient, backend: FakeBackend
) -> None:
    created = await client.post(SUBMISSIONS, json=make_body(code="sleep 2500\nprint 5"))

    result = await wait_until_final(client, created.json()["id"])
    await asyncio.sleep(1.5)

    assert result["verdict"] == "AC"
    assert len(backend.requests) == 1


async def test_a_submission_that_came_just_before_a_stop_is_judged_by_another(
    client: httpx.AsyncClient, settings: Settings
) -> None:
    """It is stored as claimed by the process that stops; its lease would last for a minute."""
    database = create_database(driver_url(settings.database_url, base_directory=SERVICE_DIRECTORY))
    transactions, languages = Transactions(database), load_languages()
    bell = WakeUp()
    fresh_jobs = FreshJobs(bell, lease_s=60)
    idle_judge = asyncio.create_task(bell.wait(at_most_s=10))
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
    created = await stopping.create(body.to_request(), idempotency_key=None)
    await asyncio.sleep(1.2)  # a sweep of the other process
    before = (await client.get(f"{SUBMISSIONS}{created.submission.id}")).json()

    await queue.give_back()

    result = await wait_until_final(client, created.submission.id)
    await idle_judge
    await database.dispose()
    assert before["status"] == "running"
    assert result["verdict"] == "AC"
