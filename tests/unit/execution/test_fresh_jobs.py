import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio

from app.models import Job, Submission
from app.services.fresh_jobs import FreshJobs
from app.services.wake_up import WakeUp

pytestmark = pytest.mark.asyncio

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LEASE_S = 10


@pytest.fixture
def bell() -> WakeUp:
    return WakeUp()


@pytest.fixture
def fresh(bell: WakeUp) -> FreshJobs:
    return FreshJobs(bell, lease_s=LEASE_S)


@pytest_asyncio.fixture
async def idle_judge(bell: WakeUp) -> AsyncIterator[asyncio.Task[bool]]:
    judge = asyncio.create_task(bell.wait(at_most_s=10))
    await asyncio.sleep(0)
    yield judge
    judge.cancel()


def store(fresh: FreshJobs) -> Job:
    """Do as the submission service does."""
    job = Job(available_at=NOW, attempts=0)
    if fresh.judged_at_once:
        fresh.claim(job, now=NOW)
    fresh.put(job, Submission())
    return job


async def test_an_idle_judge_gets_a_job_as_claimed(
    fresh: FreshJobs, idle_judge: asyncio.Task[bool]
) -> None:
    job = store(fresh)

    assert await idle_judge
    taken = fresh.take(now=NOW)
    assert taken is not None
    assert taken.job is job
    assert (job.attempts, job.available_at) == (1, NOW + timedelta(seconds=LEASE_S))
    assert job.lease_token


async def test_without_an_idle_judge_a_job_is_left_to_everybody(fresh: FreshJobs) -> None:
    job = store(fresh)

    assert fresh.take(now=NOW) is None
    assert (job.attempts, job.lease_token) == (0, None)


@pytest.mark.usefixtures("idle_judge")
async def test_one_idle_judge_gets_one_job(fresh: FreshJobs) -> None:
    first, second = store(fresh), store(fresh)

    assert first.lease_token
    assert second.lease_token is None


@pytest.mark.usefixtures("idle_judge")
async def test_a_job_whose_lease_runs_out_is_left_to_everybody(fresh: FreshJobs) -> None:
    store(fresh)

    assert fresh.take(now=NOW + timedelta(seconds=LEASE_S / 2)) is None


async def test_every_job_is_rung_for(fresh: FreshJobs, bell: WakeUp) -> None:
    store(fresh)
    store(fresh)

    assert [await bell.wait(at_most_s=0.01) for _ in range(3)] == [True, True, False]
