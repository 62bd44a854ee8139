"""Calls of the judge door, and services that are set up otherwise than by the fixtures."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx

from app.config import Settings
from app.engines.base import Engine
from app.engines.fake import FakeEngine
from app.languages import load_languages
from app.main import create_app

CLIENT_ADDRESS = ("127.0.0.1", 40_000)


def make_test(**changes: Any) -> dict[str, Any]:
    return {"id": "test_1", "input": "", "expected_output": "42"} | changes


def make_run(**changes: Any) -> dict[str, Any]:
    return {"language": "python", "code": "print 42", "sample_test_cases": [make_test()]} | changes


def make_run_all(**changes: Any) -> dict[str, Any]:
    return {"language": "python", "code": "print 42", "test_cases": [make_test()]} | changes


def make_submit(**changes: Any) -> dict[str, Any]:
    return make_run_all(user_id="alice", question_id="q1") | changes


@asynccontextmanager
async def running(
    settings: Settings,
    *,
    engine: Engine | None = None,
    client_address: tuple[str, int] = CLIENT_ADDRESS,
) -> AsyncIterator[httpx.AsyncClient]:
    """Run a service and speak to it from the given address."""
    languages = load_languages()
    app = create_app(
        settings, engine=engine or FakeEngine(languages.languages), languages=languages
    )
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False, client=client_address)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://service") as client,
    ):
        yield client
