import asyncio
import json
import time
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from app.background import SWEEP_S
from app.domain.signature import verify
from app.services.webhook import DeliveryService
from tests.integration.execution.conftest import SECRET
from tests.integration.execution.fake_backend import FakeBackend
from tests.integration.execution.submissions import (
    SUBMISSIONS,
    make_body,
    wait_until_final,
    wait_until_sent,
)
from tests.support.patience import PATIENCE_S, until

pytestmark = pytest.mark.asyncio


async def test_the_result_is_reported_signed(
    client: httpx.AsyncClient, backend: FakeBackend
) -> None:
    created = await client.post(SUBMISSIONS, json=make_body(reference="17"))

    (request,) = await backend.wait_for_requests(1)

    payload = json.loads(request.content)
    verify(request.content, request.headers, now_s=time.time(), secrets=[SECRET])
    assert request.url.path == "/api/webhooks/code-execution/"
    assert request.headers["User-Agent"] == "CodeExecutionService/1.0"
    assert payload["submission_id"] == created.json()["id"]
    assert payload["reference"] == "17"
    assert payload["user_id"] == 7
    assert payload["status"] == "completed"
    assert payload["completed_at"].endswith("Z")
    assert await wait_until_sent(client, created.json()["id"]) == "Success: 200"


@pytest.mark.parametrize(
    "failure", [500, 429, httpx.ConnectError("refused"), httpx.ReadTimeout("late")]
)
async def test_a_failed_delivery_is_repeated_with_the_same_id_and_body(
    client: httpx.AsyncClient, backend: FakeBackend, failure: int | Exception
) -> None:
    backend.failures = [failure]

    created = await client.post(SUBMISSIONS, json=make_body())
    first, second = await backend.wait_for_requests(2)

    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.content == second.content
    assert await wait_until_sent(client, created.json()["id"]) == "Success: 200"


async def test_a_refused_delivery_is_not_repeated(
    client: httpx.AsyncClient, backend: FakeBackend
) -> None:
    backend.failures = [404]

    created = await client.post(SUBMISSIONS, json=make_body())

    async def noted() -> dict[str, Any] | None:
        answer = (await client.get(f"{SUBMISSIONS}{created.json()['id']}")).json()
        return answer if answer["webhook_response"] else None

    answer = await until(noted)
    await asyncio.sleep(1.5)

    assert answer
    assert len(backend.requests) == 1
    assert answer["webhook_sent"] is False
    assert answer["webhook_response"] == "Error: HTTP 404"


async def test_an_event_on_its_way_to_a_slow_backend_is_not_sent_by_another_loop(
    client: httpx.AsyncClient, backend: FakeBackend
) -> None:
    backend.pause_s = 2 * SWEEP_S

    created = await client.post(SUBMISSIONS, json=make_body())

    assert await wait_until_sent(client, created.json()["id"]) == "Success: 200"
    assert len(backend.requests) == 1


async def test_results_survive_a_restart_while_the_backend_is_down(
    service: FastAPI, backend: FakeBackend
) -> None:
    transport = httpx.ASGITransport(app=service)
    backend.failures = [httpx.ConnectError("down")] * 2
    async with (
        service.router.lifespan_context(service),
        httpx.AsyncClient(transport=transport, base_url="http://service") as client,
    ):
        created = await client.post(SUBMISSIONS, json=make_body())
        await wait_until_final(client, created.json()["id"])
        await backend.wait_for_requests(1)

    async with service.router.lifespan_context(service):
        requests = await backend.wait_for_requests(3)

    assert len({request.headers["webhook-id"] for request in requests}) == 1


async def test_a_receiver_too_slow_for_a_stop_is_told_by_the_next_process(
    service: FastAPI, backend: FakeBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.factory.DELIVERY_DRAIN_S", 0.1)
    backend.pause_s = 10 * PATIENCE_S
    transport = httpx.ASGITransport(app=service)
    async with (
        asyncio.timeout(PATIENCE_S),
        service.router.lifespan_context(service),
        httpx.AsyncClient(transport=transport, base_url="http://service") as client,
    ):
        await client.post(SUBMISSIONS, json=make_body())
        await backend.wait_for_requests(1)

    backend.pause_s = 0
    async with service.router.lifespan_context(service):
        requests = await backend.wait_for_requests(2)

    assert len({request.headers["webhook-id"] for request in requests}) == 1


async def test_events_that_nobody_has_tried_are_due_again_when_the_service_stops(
    service: FastAPI, backend: FakeBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def try_nothing(self: DeliveryService) -> bool:
        return False

    transport = httpx.ASGITransport(app=service)
    with monkeypatch.context() as patch:
        patch.setattr(DeliveryService, "deliver_next", try_nothing)
        async with (
            service.router.lifespan_context(service),
            httpx.AsyncClient(transport=transport, base_url="http://service") as client,
        ):
            created = await client.post(SUBMISSIONS, json=make_body())
            await wait_until_final(client, created.json()["id"])

    async with service.router.lifespan_context(service):
        requests = await backend.wait_for_requests(1)  # long before a lease would have run out

    assert len(requests) == 1
