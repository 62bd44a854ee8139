"""How the service is doing, over HTTP: figures that alarms can be raised from."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import update

from app.config import SERVICE_DIRECTORY, Settings
from app.database import create_database, driver_url
from app.domain.signature import sign
from app.models import Event, Job
from app.services import operations
from tests.integration.execution.conftest import SECRET
from tests.integration.execution.fake_backend import FakeBackend
from tests.integration.execution.submissions import SUBMISSIONS, make_body

pytestmark = pytest.mark.asyncio
PATH = "/api/v1/operations"


@pytest.fixture(autouse=True)
def always_fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(operations, "KEPT_FOR_S", -1.0)


def signed(secret: str = SECRET) -> dict[str, str]:
    return sign(b"", message_id="operations", timestamp_s=int(time.time()), secrets=[secret])


async def figures(client: httpx.AsyncClient) -> dict[str, Any]:
    answer = await client.get(PATH, headers=signed())
    assert answer.status_code == 200, answer.text
    document: dict[str, Any] = answer.json()
    return document


async def hand_in(client: httpx.AsyncClient, **fields: object) -> None:
    answer = await client.post(SUBMISSIONS, json=make_body(**fields))
    assert answer.is_success, answer.text


async def make_older(settings: Settings, table: type[Job | Event], *, by: timedelta) -> None:
    database = create_database(driver_url(settings.database_url, base_directory=SERVICE_DIRECTORY))
    async with database.begin() as connection:
        await connection.execute(update(table).values(created_at=datetime.now(tz=UTC) - by))
    await database.dispose()


@pytest.mark.parametrize("secret", [None, "another-secret-of-somebody"])
async def test_refuses_whoever_does_not_know_the_secret(
    client: httpx.AsyncClient, secret: str | None
) -> None:
    headers = signed(secret) if secret else {}

    assert (await client.get(PATH, headers=headers)).status_code == 401


async def test_an_idle_service_has_nothing_that_waits(client: httpx.AsyncClient) -> None:
    document = await figures(client)

    assert [queue["priority"] for queue in document["database"]["queues"]] == [
        "contest",
        "practice",
        "rejudge",
    ]
    assert {queue["waiting"] for queue in document["database"]["queues"]} == {0}
    assert document["database"]["events"] == {
        "undelivered": 0,
        "oldest_undelivered_s": 0.0,
        "failed_lately": 0,
    }
    assert document["executions_waiting"] == 0
    assert 0 < document["disk"]["free_bytes"] <= document["disk"]["total_bytes"]
    assert document["checks"]["database"] == "ok"


async def test_tells_how_many_wait_and_how_long_the_oldest_has(
    client: httpx.AsyncClient, settings: Settings
) -> None:
    for user_id in range(settings.judge_workers):
        await hand_in(client, user_id=user_id, code="sleep 60000")
    while (await figures(client))["database"]["queues"][1]["claimed"] < settings.judge_workers:
        pass
    await hand_in(client, user_id=50, code="print(1)")
    await hand_in(client, user_id=51, code="print(1)")
    await make_older(settings, Job, by=timedelta(minutes=5))

    queue = (await figures(client))["database"]["queues"][1]

    assert (queue["waiting"], queue["claimed"]) == (2, settings.judge_workers)
    assert 300 <= queue["oldest_waiting_s"] < 400


async def test_tells_how_long_the_backend_has_not_taken_an_event(
    client: httpx.AsyncClient, backend: FakeBackend, settings: Settings
) -> None:
    backend.failures = [503] * 100
    await hand_in(client, code="print(1)")
    await backend.wait_for_requests(1)
    await make_older(settings, Event, by=timedelta(minutes=5))

    events = (await figures(client))["database"]["events"]

    assert events["undelivered"] == 1
    assert 300 <= events["oldest_undelivered_s"] < 400


async def test_tells_who_judges(client: httpx.AsyncClient) -> None:
    while not (workers := (await figures(client))["database"]["workers"]):
        pass

    assert [(worker["lanes"], worker["is_silent"]) for worker in workers] == [(2, False)]


async def test_counts_results_and_our_own_faults_among_them(
    client: httpx.AsyncClient, backend: FakeBackend
) -> None:
    await hand_in(client, code="print(1)")
    await backend.wait_for_requests(1)

    assert (await figures(client))["database"]["judgements"] == {"recent": 1, "recent_faults": 0}
