"""The signed ping at the start: a wrong secret shows before the first result would be lost."""

import asyncio
import json
import logging
import time
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from app.domain.signature import verify
from app.services import trust
from tests.integration.execution.conftest import SECRET
from tests.integration.execution.fake_backend import FakeBackend
from tests.support.patience import PATIENCE_S

pytestmark = pytest.mark.asyncio


@pytest.fixture(autouse=True)
def impatience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trust, "PAUSES_S", (0.01,))


async def readiness(service: FastAPI) -> tuple[int, dict[str, Any]]:
    transport = httpx.ASGITransport(app=service)
    async with httpx.AsyncClient(transport=transport, base_url="http://service") as client:
        answer = await client.get("/health/ready")
    return answer.status_code, answer.json()


async def wait_for_readiness(service: FastAPI, status_code: int) -> dict[str, Any]:
    async with asyncio.timeout(PATIENCE_S):
        while True:
            answered, body = await readiness(service)
            if answered == status_code:
                return body
            await asyncio.sleep(0.01)


async def test_pings_the_backend_once_when_it_starts(
    client: httpx.AsyncClient, backend: FakeBackend
) -> None:
    (ping,) = await backend.wait_for_pings(1)
    await asyncio.sleep(0.1)

    assert backend.pings == [ping]
    assert ping.url.path == "/api/webhooks/code-execution/"
    assert json.loads(ping.content)["event"] == "ping"
    verify(ping.content, ping.headers, now_s=time.time(), secrets=[SECRET])


async def test_says_at_once_that_the_backend_refuses_the_signature_and_when_it_no_longer_does(
    service: FastAPI, backend: FakeBackend, caplog: pytest.LogCaptureFixture
) -> None:
    backend.ping_answers = [401] * 100_000  # more than there is time for
    async with service.router.lifespan_context(service):
        body = await wait_for_readiness(service, 503)
        backend.ping_answers = []
        await wait_for_readiness(service, 200)

    assert body["status"] == "not ready: signature"
    assert "BACKEND_WEBHOOK_SECRET" in body["checks"]["signature"]
    errors = [each for each in caplog.records if each.levelno == logging.ERROR]
    assert len(errors) == 1
    assert "CODE_EXECUTION_WEBHOOK_SECRET" in errors[0].getMessage()
    assert SECRET not in caplog.text


@pytest.mark.parametrize("fault", [httpx.ConnectError("refused"), 404, 503])
async def test_waits_quietly_for_a_backend_that_is_not_up_yet(
    service: FastAPI,
    backend: FakeBackend,
    caplog: pytest.LogCaptureFixture,
    fault: int | Exception,
) -> None:
    backend.ping_answers = [fault] * 3
    async with service.router.lifespan_context(service):
        await backend.wait_for_pings(2)
        status_code, _ = await readiness(service)
        await backend.wait_for_pings(4)

    assert status_code == 200
    assert not [each for each in caplog.records if each.levelno >= logging.WARNING]
