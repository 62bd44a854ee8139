import os
from typing import Any

import pytest
from pydantic import SecretStr

from app.config import Settings
from app.doctor import examine_queue, examine_remote
from app.languages import load_languages
from tests.support.online_compiler import API_KEY, Fault, fake_provider
from tests.support.servers import free_port

PYTHON = load_languages().get("python")
REMOTE: dict[str, Any] = {
    "BACKEND_WEBHOOK_SECRET": SecretStr("a-secret"),
    "code_execution_driver": "remote",
    "code_execution_api_key": SecretStr(API_KEY),
}


@pytest.mark.asyncio
async def test_a_remote_engine_is_examined_at_the_provider() -> None:
    with fake_provider() as provider:
        settings = Settings(**REMOTE, code_execution_api_url=provider.url)
        report = await examine_remote([PYTHON], settings)

    assert [(finding.name, finding.is_ok) for finding in report.engine] == [
        ("driver", True),
        ("provider", True),
    ]
    assert report.is_usable
    assert report.languages[0].detail.startswith("python-3.9.7; reference program right")


@pytest.mark.asyncio
async def test_a_provider_that_refuses_the_key_is_told_and_asked_only_once() -> None:
    with fake_provider() as provider:
        settings = Settings(
            **REMOTE | {"code_execution_api_key": SecretStr("another")},
            code_execution_api_url=provider.url,
        )
        report = await examine_remote([PYTHON, PYTHON], settings)

    assert not report.is_usable
    assert report.engine[1].detail == "HTTP status 401: key or address are wrong"
    assert report.languages == ()


@pytest.mark.asyncio
async def test_a_provider_that_posts_back_is_told_with_the_address_to_register() -> None:
    with fake_provider() as provider:
        provider.faults = [Fault(body=b"Ok")]
        settings = Settings(
            **REMOTE,
            code_execution_api_url=provider.url,
            code_execution_callback_url="https://judge.example.org/",
        )
        report = await examine_remote([PYTHON], settings)

    assert "https://judge.example.org/api/v1/remote-results/" in report.engine[1].detail


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Settings that come from variables alone."""
    monkeypatch.setenv("EXECUTION_ENV_FILE", os.devnull)
    monkeypatch.setenv("BACKEND_WEBHOOK_SECRET", "a-secret")
    monkeypatch.setenv("DATABASE_URL", "")
    monkeypatch.setenv("JUDGE_WORKERS", "3")
    return monkeypatch


@pytest.mark.usefixtures("environment")
@pytest.mark.asyncio
async def test_without_a_broker_the_service_judges_by_itself() -> None:
    assert [(finding.is_ok, finding.detail) for finding in await examine_queue()] == [
        (True, "the service judges by itself, 3 side by side")
    ]


@pytest.mark.asyncio
async def test_a_broker_that_is_away_is_told_without_its_password(
    environment: pytest.MonkeyPatch,
) -> None:
    url = f"amqp://judge:a-long-password@127.0.0.1:{free_port()}//"
    environment.setenv("CODE_EXECUTION_QUEUE_URL", url)

    broker, workers = await examine_queue()

    assert (broker.is_ok, workers.is_ok) == (False, False)
    assert "does not answer" in broker.detail
    assert "a-long-password" not in broker.detail
