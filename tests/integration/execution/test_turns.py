"""In which order submissions that wait are judged, and how many may wait."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest
import pytest_asyncio

from app.config import SERVICE_DIRECTORY, Settings
from app.database import create_database, driver_url
from app.repositories.unit_of_work import Transactions
from tests.integration.execution.submissions import SUBMISSIONS, make_body

pytestmark = pytest.mark.asyncio
QUEUED_MAX = 8
ALICE, CHARLIE = 1, 2


@pytest.fixture
def settings(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setattr("app.factory.DRAIN_S", 0.0)  # what keeps a judge busy never ends
    return settings.model_copy(
        update={"judge_workers": 1, "judge_max_queued": QUEUED_MAX, "judge_lease_seconds": 60}
    )


@pytest_asyncio.fixture
async def busy(client: httpx.AsyncClient) -> httpx.AsyncClient:
    """Give a service whose one judge has something to do for longer than the test lasts."""
    running = await hand_in(client, user_id=99, code="sleep 60000")
    while (await client.get(f"{SUBMISSIONS}{running}")).json()["status"] != "running":
        pass
    return client


async def hand_in(client: httpx.AsyncClient, **fields: object) -> int:
    answer = await client.post(SUBMISSIONS, json=make_body(**fields))
    assert answer.is_success, answer.text
    number: int = answer.json()["id"]
    return number


async def judged_in_order(settings: Settings, count: int) -> list[int]:
    """Take what waits, as judges would."""
    database = create_database(driver_url(settings.database_url, base_directory=SERVICE_DIRECTORY))
    now = datetime.now(tz=UTC)
    order = []
    for _ in range(count):
        async with Transactions(database).write() as work:
            claimed = await work.jobs.claim_next(
                lease_token="test", now=now, lease_ends_at=now + timedelta(minutes=1)
            )
        assert claimed is not None
        order.append(claimed.submission.id)
    await database.dispose()
    return order


async def test_a_contest_goes_first_and_a_rejudging_last(
    busy: httpx.AsyncClient, settings: Settings
) -> None:
    rejudged = await hand_in(busy, priority="rejudge")
    practised = await hand_in(busy)
    counting = await hand_in(busy, priority="contest")

    assert await judged_in_order(settings, 3) == [counting, practised, rejudged]


async def test_who_hands_in_much_lets_others_in_between(
    busy: httpx.AsyncClient, settings: Settings
) -> None:
    of_alice = [await hand_in(busy, user_id=ALICE, priority="contest") for _ in range(3)]
    of_charlie = [await hand_in(busy, user_id=CHARLIE, priority="contest") for _ in range(2)]

    assert await judged_in_order(settings, 5) == [
        *(of_alice[0], of_charlie[0]),
        *(of_alice[1], of_charlie[1]),
        of_alice[2],
    ]


async def test_what_waits_for_a_lower_priority_puts_nobody_off(
    busy: httpx.AsyncClient, settings: Settings
) -> None:
    for _ in range(2):
        await hand_in(busy, user_id=ALICE, priority="rejudge")
    of_alice = await hand_in(busy, user_id=ALICE, priority="contest")
    of_charlie = await hand_in(busy, user_id=CHARLIE, priority="contest")

    assert await judged_in_order(settings, 2) == [of_alice, of_charlie]


async def test_a_submission_too_many_is_sent_away_and_not_kept(busy: httpx.AsyncClient) -> None:
    for _ in range(QUEUED_MAX):  # and one that is being judged
        await hand_in(busy)

    answer = await busy.post(SUBMISSIONS, json=make_body(), headers={"Idempotency-Key": "again"})

    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "5"
    listed = await busy.get(SUBMISSIONS)
    assert len(listed.json()) == QUEUED_MAX + 1


async def test_a_request_that_comes_again_is_answered_though_nothing_more_may_wait(
    busy: httpx.AsyncClient,
) -> None:
    key = {"Idempotency-Key": "the-same"}
    first = await busy.post(SUBMISSIONS, json=make_body(), headers=key)
    for _ in range(QUEUED_MAX - 1):
        await hand_in(busy)

    again = await busy.post(SUBMISSIONS, json=make_body(), headers=key)
    another = await busy.post(SUBMISSIONS, json=make_body())

    assert again.is_success
    assert again.json()["id"] == first.json()["id"]
    assert another.status_code == 503


async def test_a_submission_that_waits_for_its_execution_takes_no_place(
    busy: httpx.AsyncClient,
) -> None:
    kept = await hand_in(busy, auto_execute=False)
    for _ in range(QUEUED_MAX):
        await hand_in(busy)

    refused = await busy.post(f"{SUBMISSIONS}{kept}/execute")

    assert refused.status_code == 503
    assert (await busy.get(f"{SUBMISSIONS}{kept}")).json()["status"] == "pending"
