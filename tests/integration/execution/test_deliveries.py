"""Deliveries as one looks at them and steps in: kept, listed, paused, sent again."""

import asyncio
import json
import logging
import time
from collections.abc import AsyncIterator, Callable, Generator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI
from sqlalchemy import delete, select, update
from sqlalchemy import event as listening
from sqlalchemy.engine import Engine
from sqlalchemy.ext.asyncio import AsyncEngine

from app import background
from app.config import SERVICE_DIRECTORY, Settings
from app.database import create_database, driver_url
from app.domain.retries import DISABLE_AFTER
from app.domain.signature import sign
from app.models import Delivery, Event, Receiver
from app.services import deliveries
from tests.integration.execution.conftest import SECRET
from tests.integration.execution.fake_backend import FakeBackend
from tests.integration.execution.submissions import (
    SUBMISSIONS,
    make_body,
    wait_until_final,
    wait_until_sent,
)
from tests.support.patience import PATIENCE_S

pytestmark = pytest.mark.asyncio
PATH = "/api/v1/deliveries/"
RECEIVER = f"{PATH}receiver"
LONG = 3600


class Signed(httpx.Auth):
    """Signs as the backend does."""

    requires_request_body = True

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response]:
        request.headers.update(
            sign(request.content, message_id="m", timestamp_s=int(time.time()), secrets=[SECRET])
        )
        yield request


@pytest_asyncio.fixture
async def signed(client: httpx.AsyncClient) -> httpx.AsyncClient:
    """Speak to the service as the backend."""
    client.auth = Signed()
    return client


@pytest_asyncio.fixture
async def database(settings: Settings) -> AsyncIterator[AsyncEngine]:
    """Reach into the service's database from outside."""
    database = create_database(driver_url(settings.database_url, base_directory=SERVICE_DIRECTORY))
    yield database
    await database.dispose()


async def change(database: AsyncEngine, kind: Any, **values: object) -> None:
    async with database.begin() as connection:
        await connection.execute(update(kind).values(**values))


async def submit(client: httpx.AsyncClient, **changes: Any) -> int:
    created = await client.post(SUBMISSIONS, json=make_body(**changes))
    number: int = created.json()["id"]
    await wait_until_final(client, number)
    return number


async def event_of(client: httpx.AsyncClient, submission_id: int) -> dict[str, Any]:
    answer = await client.get(PATH, params={"submission_id": submission_id})
    (event,) = answer.json()
    found: dict[str, Any] = (await client.get(f"{PATH}{event['id']}")).json()
    return found


async def wait_for_event(
    client: httpx.AsyncClient, submission_id: int, is_right: Callable[[dict[str, Any]], bool]
) -> dict[str, Any]:
    async with asyncio.timeout(PATIENCE_S):
        while True:
            event = await event_of(client, submission_id)
            if is_right(event):
                return event
            await asyncio.sleep(0.02)


def is_tried(event: dict[str, Any]) -> bool:
    return bool(event["deliveries"])


async def wait_until_disabled(client: httpx.AsyncClient) -> dict[str, Any]:
    async with asyncio.timeout(PATIENCE_S):
        while True:
            state: dict[str, Any] = (await client.get(RECEIVER)).json()
            if not state["is_enabled"]:
                return state
            await asyncio.sleep(0.02)


def ids_sent(backend: FakeBackend) -> list[str]:
    return [json.loads(request.content)["reference"] for request in backend.requests]


async def test_shows_an_event_with_its_body_and_how_each_attempt_went(
    signed: httpx.AsyncClient, backend: FakeBackend
) -> None:
    later = {"Retry-After": str(LONG)}
    backend.failures = [
        httpx.ConnectError("refused"),
        httpx.Response(500, text="no luck\0", headers=later),
    ]

    number = await submit(signed, reference="17")
    event = await wait_for_event(signed, number, lambda event: len(event["deliveries"]) >= 2)

    assert (event["submission_id"], event["reference"]) == (number, "17")
    assert (event["type"], event["status"]) == ("submission.completed", "pending")
    assert event["webhook_id"] == backend.requests[0].headers["webhook-id"]
    assert event["body"] == backend.requests[0].content.decode()
    assert event["body_characters"] == len(event["body"])
    second, first = event["deliveries"]
    assert (first["status_code"], first["outcome"]) == (None, "refused")
    assert (second["status_code"], second["outcome"]) == (500, "no luck\ufffd")
    assert event["last_delivery"] == second
    assert event["next_attempt_at"] > second["attempted_at"]


async def test_comes_back_no_sooner_than_the_receiver_asks_for(
    signed: httpx.AsyncClient, backend: FakeBackend
) -> None:
    backend.failures = [httpx.Response(503, headers={"Retry-After": str(LONG)})]

    event = await wait_for_event(signed, await submit(signed), is_tried)

    next_attempt_at = datetime.fromisoformat(event["next_attempt_at"])
    assert next_attempt_at > datetime.now(tz=UTC) + timedelta(seconds=LONG - 60)
    assert len(backend.requests) == 1


async def test_a_receiver_that_wants_no_more_is_left_alone_until_it_is_enabled_and_then_gets_all(
    signed: httpx.AsyncClient,
    service: FastAPI,
    backend: FakeBackend,
    caplog: pytest.LogCaptureFixture,
) -> None:
    backend.failures = [410] * 9
    first = await submit(signed, reference="first")
    state = await wait_until_disabled(signed)
    second = await submit(signed, reference="second")
    ready = await signed.get("/health/ready")
    await asyncio.sleep(0.1)
    sent_meanwhile = ids_sent(backend)
    backend.failures.clear()

    enabled = (await signed.post(f"{RECEIVER}/enable")).json()
    responses = [await wait_until_sent(signed, number) for number in (first, second)]

    assert (state["disabled_for"], state["pending"], state["failed"]) == ("gone", 1, 0)
    assert sent_meanwhile == ["first"]
    assert ready.status_code == 200
    assert ready.json()["status"] == "ready"
    assert "410" in ready.json()["checks"]["deliveries"]
    assert (enabled["is_enabled"], enabled["disabled_at"], enabled["pending"]) == (True, None, 2)
    assert responses == ["Success: 200"] * 2
    assert sorted(ids_sent(backend)) == ["first", "first", "second"]
    errors = [each.getMessage() for each in caplog.records if each.levelno == logging.ERROR]
    assert len(errors) == 1
    assert "enable" in errors[0].lower()


async def test_a_disabled_receiver_stays_so_over_a_restart(
    service: FastAPI, backend: FakeBackend, database: AsyncEngine
) -> None:
    await change(database, Receiver, disabled_at=datetime.now(tz=UTC), disabled_for="gone")
    transport = httpx.ASGITransport(app=service)
    async with (
        service.router.lifespan_context(service),
        httpx.AsyncClient(transport=transport, base_url="http://service", auth=Signed()) as client,
    ):
        number = await submit(client)
        await asyncio.sleep(0.1)
        sent_meanwhile = len(backend.requests)
        await client.post(f"{RECEIVER}/enable")

        assert sent_meanwhile == 0
        assert await wait_until_sent(client, number) == "Success: 200"


async def test_a_receiver_that_has_only_failed_for_days_is_disabled(
    signed: httpx.AsyncClient, backend: FakeBackend, database: AsyncEngine
) -> None:
    now = datetime.now(tz=UTC)
    long_ago = now - DISABLE_AFTER
    await change(database, Receiver, failing_since=long_ago, failed_at=now - timedelta(hours=2))
    backend.failures = [500]

    number = await submit(signed)

    state = await wait_until_disabled(signed)
    assert state["disabled_for"] == "failing"
    assert (await event_of(signed, number))["status"] == "pending"


async def test_one_delivery_in_those_days_is_enough_to_go_on(
    signed: httpx.AsyncClient, backend: FakeBackend, database: AsyncEngine
) -> None:
    now = datetime.now(tz=UTC)
    await wait_until_sent(signed, await submit(signed))
    failing = {"failing_since": now - DISABLE_AFTER, "failed_at": now - timedelta(hours=2)}
    await change(database, Receiver, **failing)
    backend.failures = [500] * 9

    await wait_for_event(signed, await submit(signed), is_tried)

    state = (await signed.get(RECEIVER)).json()
    assert state["is_enabled"]
    assert datetime.fromisoformat(state["failing_since"]) > now - timedelta(minutes=1)


async def test_a_receiver_that_answers_again_no_longer_fails(
    signed: httpx.AsyncClient, backend: FakeBackend
) -> None:
    backend.failures = [500] * 9
    number = await submit(signed)
    await wait_for_event(signed, number, is_tried)
    before = (await signed.get(RECEIVER)).json()

    backend.failures.clear()
    await wait_until_sent(signed, number)

    assert before["failing_since"] is not None
    assert (await signed.get(RECEIVER)).json()["failing_since"] is None


async def test_what_was_given_up_is_listed_and_sent_again_by_hand(
    signed: httpx.AsyncClient, backend: FakeBackend
) -> None:
    backend.failures = [404] * 3
    numbers = [await submit(signed) for _ in range(3)]
    for number in numbers:
        await wait_for_event(signed, number, lambda event: event["status"] == "failed")
    listed = (await signed.get(PATH, params={"status": "failed"})).json()
    newest, middle, oldest = [event["id"] for event in listed]

    one = await signed.post(f"{PATH}{oldest}/resend")
    some = await signed.post(f"{PATH}resend", json={"ids": [middle, 10**9]})
    rest = await signed.post(f"{PATH}resend", json={"status": "failed"})
    for number in numbers:
        await wait_until_sent(signed, number)

    assert [event["submission_id"] for event in listed] == numbers[::-1]
    assert [event["last_delivery"]["status_code"] for event in listed] == [404] * 3
    assert (one.json()["status"], one.json()["id"]) == ("pending", oldest)
    assert [each.json() for each in (some, rest)] == [{"resent": 1, "has_more": False}] * 2
    assert (await signed.get(PATH, params={"status": "failed"})).json() == []
    assert len(backend.requests) == 6
    assert newest == max(newest, middle, oldest)


async def test_what_is_sent_again_is_tried_for_another_three_days(
    signed: httpx.AsyncClient, backend: FakeBackend, database: AsyncEngine
) -> None:
    backend.failures = [404, httpx.Response(503, headers={"Retry-After": str(LONG)})]
    number = await submit(signed)
    event = await wait_for_event(signed, number, lambda event: event["status"] == "failed")
    await change(database, Event, created_at=datetime.now(tz=UTC) - timedelta(days=20))

    await signed.post(f"{PATH}{event['id']}/resend")

    event = await wait_for_event(signed, number, lambda event: len(event["deliveries"]) == 2)
    assert (event["status"], event["attempts"]) == ("pending", 1)


async def test_sends_no_more_at_once_than_one_call_may(
    signed: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(2):
        await wait_until_sent(signed, await submit(signed))
    monkeypatch.setattr(deliveries, "SENT_AGAIN_MAX", 1)

    answer = await signed.post(f"{PATH}resend", json={"status": "delivered"})

    assert answer.json()["resent"] == 1


async def test_finds_events_by_status_submission_and_time_a_page_at_a_time(
    signed: httpx.AsyncClient,
) -> None:
    numbers = [await submit(signed) for _ in range(3)]
    for number in numbers:
        await wait_until_sent(signed, number)
    now = datetime.now(tz=UTC)

    async def found(**query: Any) -> list[int]:
        answer = await signed.get(PATH, params=query)
        assert answer.status_code == 200, answer.text
        return [event["submission_id"] for event in answer.json()]

    first_page = (await signed.get(PATH, params={"limit": 2})).json()
    assert await found(limit=2) == [numbers[2], numbers[1]]
    assert await found(before=first_page[-1]["id"]) == [numbers[0]]
    assert await found(submission_id=numbers[1]) == [numbers[1]]
    assert await found(status="delivered") == numbers[::-1]
    assert await found(status="failed") == []
    assert await found(created_from=(now - timedelta(hours=1)).isoformat()) == numbers[::-1]
    assert await found(created_until=(now - timedelta(hours=1)).isoformat()) == []


@pytest.mark.parametrize(
    "body",
    [{}, {"ids": []}, {"ids": [1], "status": "failed"}, {"status": "pending"}, {"ids": [0]},
     {"ids": list(range(1, 1002))}, {"status": "failed", "created_from": "2026-01-01T00:00:00"}],
)  # fmt: skip
async def test_says_what_is_wrong_with_a_request_to_send_again(
    signed: httpx.AsyncClient, body: dict[str, Any]
) -> None:
    assert (await signed.post(f"{PATH}resend", json=body)).status_code == 422


async def test_there_is_no_event_that_is_not_there(signed: httpx.AsyncClient) -> None:
    shown = await signed.get(f"{PATH}999")
    resent = await signed.post(f"{PATH}999/resend")

    assert [(each.status_code, each.json()["code"]) for each in (shown, resent)] == [
        (404, "event-not-found")
    ] * 2


async def test_is_closed_without_a_signature_even_where_other_doors_are_open(
    client: httpx.AsyncClient,
) -> None:
    answers = [
        await client.get(PATH),
        await client.get(f"{PATH}1"),
        await client.post(f"{PATH}1/resend"),
        await client.post(f"{PATH}resend", json={"status": "failed"}),
        await client.get(RECEIVER),
        await client.post(f"{RECEIVER}/enable"),
    ]

    assert {answer.status_code for answer in answers} == {401}


async def test_old_events_are_deleted_with_their_attempts_but_none_that_still_waits(
    signed: httpx.AsyncClient,
    service: FastAPI,
    backend: FakeBackend,
    database: AsyncEngine,
    settings: Settings,
) -> None:
    backend.failures = [200, 404, httpx.Response(503, headers={"Retry-After": str(LONG)})]
    numbers = []
    for _ in range(3):
        numbers.append(await submit(signed))
        await wait_for_event(signed, numbers[-1], is_tried)
    old = datetime.now(tz=UTC) - timedelta(days=settings.event_days + 1)
    await change(database, Receiver, disabled_at=old)  # so that nothing is sent meanwhile
    await change(database, Event, next_attempt_at=old, created_at=old)

    deleted = await service.state.factory.delivery_log().delete_old()

    async with database.connect() as connection:
        events = (await connection.execute(select(Event.submission_id))).scalars().all()
        attempts = (await connection.execute(select(Delivery.id))).scalars().all()
    assert deleted == 2
    assert list(events) == [numbers[2]]
    assert len(attempts) == 1


@pytest.fixture
def no_sweeps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let loops look for work at their start and when they are rung for, and not in between."""
    monkeypatch.setattr(background, "SWEEP_S", 60.0)


async def test_nothing_is_looked_up_for_a_result_that_is_taken_at_once(
    no_sweeps: None, signed: httpx.AsyncClient, service: FastAPI
) -> None:
    await wait_until_sent(signed, await submit(signed))
    bell = service.state.factory.fresh_events.bell
    async with asyncio.timeout(PATIENCE_S):
        # At their start all look once.
        while bell.waiting < background.DELIVERY_LOOPS:  # noqa: ASYNC110 - a bell tells nobody
            await asyncio.sleep(0.02)
    statements: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        statements.append(statement)

    listening.listen(Engine, "before_cursor_execute", note)
    try:
        await wait_until_sent(signed, await submit(signed))
    finally:
        listening.remove(Engine, "before_cursor_execute", note)

    # Whoever looks for an event that is due asks for the receiver, too.
    assert not [each for each in statements if "receivers" in each]
    writing = [each for each in statements if "INTO events" in each or "UPDATE events" in each]
    assert ["INTO events" in each for each in writing] == [True, False]


async def test_an_event_that_is_deleted_on_its_way_leaves_nothing_and_holds_up_nobody(
    client: httpx.AsyncClient,
    backend: FakeBackend,
    database: AsyncEngine,
    caplog: pytest.LogCaptureFixture,
) -> None:
    backend.pause_s = 0.2
    first, second = [(await client.post(SUBMISSIONS, json=make_body())).json() for _ in range(2)]
    await backend.wait_for_requests(2)

    async with database.begin() as connection:
        of_first = delete(Event).where(Event.submission_id == first["id"])
        deleted = await connection.execute(of_first)
    await wait_until_sent(client, second["id"])

    async with database.connect() as connection:
        attempts = (await connection.execute(select(Delivery.event_id))).all()
    assert (deleted.rowcount, len(attempts)) == (1, 1)
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]
