"""A service in this process whose submissions are judged by it or by a judge worker beside it."""

import asyncio
import json
import os
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI

from app.config import SERVICE_DIRECTORY, Settings
from app.engines.base import Program
from app.engines.fake import FakeEngine
from app.errors import BrokerUnavailableError
from app.factory import Factory
from app.languages import load_languages
from app.main import create_app
from app.worker import judging
from tests.integration.execution.fake_backend import FakeBackend
from tests.support.patience import PATIENCE_S

SUBMISSIONS = "/api/v1/submissions/"
SECRET = "a-shared-secret"
ALICE, CHARLIE = 1, 2
HELD = "# held"
"""A program that runs until the test lets it go on."""


def make_database(path: Path) -> None:
    """Make an empty SQLite database that can be copied."""
    environment = {
        "DATABASE_URL": f"sqlite:///{path}",
        "BACKEND_WEBHOOK_SECRET": SECRET,
        "EXECUTION_ENV_FILE": os.devnull,
    }
    command = [sys.executable, "-m", "alembic", "upgrade", "head"]
    subprocess.run(command, check=True, cwd=SERVICE_DIRECTORY, env=environment)
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


class CountingEngine(FakeEngine):
    """Remembers what it was told to run, and when it began with what it began last."""

    def __init__(self) -> None:
        super().__init__(load_languages().languages)
        self.sources: Counter[str] = Counter()
        self.may_go_on = asyncio.Event()
        self.began_s = 0.0

    async def execute(self, program: Program, *arguments: Any, **options: Any) -> Any:
        self.began_s = time.perf_counter()
        self.sources[program.source.decode()] += 1
        if program.source.decode() == HELD:
            await self.may_go_on.wait()
        async for result in super().execute(program, *arguments, **options):
            yield result


class SilentBell:
    """Rings for nobody."""

    waiting = 0

    def ring(self) -> None:
        """Do nothing."""


class JudgedInstallation:
    """A service and, where there is a broker, one judge worker beside it."""

    def __init__(self, folder: Path, broker_url: str | None) -> None:
        self._folder = folder
        self._broker_url = broker_url
        self.backend = FakeBackend()
        self.engine = CountingEngine()
        self.is_grown = broker_url is not None
        self._service: FastAPI | None = None
        self._client: httpx.AsyncClient | None = None

    @asynccontextmanager
    async def running(self, *, lanes: int = 2, has_judges: bool = True) -> AsyncIterator[None]:
        """Run it, with so many judges."""
        self._service = create_app(
            self._settings(lanes),
            engine=self.engine,
            languages=load_languages(),
            backend_transport=httpx.MockTransport(self.backend.answer),
        )
        transport = httpx.ASGITransport(app=self._service)
        async with AsyncExitStack() as ending:
            await ending.enter_async_context(self._service.router.lifespan_context(self._service))
            self._client = await ending.enter_async_context(
                httpx.AsyncClient(
                    transport=transport, base_url="http://service", timeout=PATIENCE_S
                )
            )
            if self.is_grown and has_judges:
                await ending.enter_async_context(self.judging(lanes=lanes))
            yield

    @asynccontextmanager
    async def judging(self, *, lanes: int = 2) -> AsyncIterator[None]:
        """Run a judge worker beside the service."""
        async with judging(
            self._settings(lanes),
            engine=self.engine,
            languages=load_languages(),
            backend_transport=httpx.MockTransport(self.backend.answer),
        ):
            yield

    def ring(self) -> None:
        """Tell the judges of a submission that there is not."""
        factory: Factory = self._get_service().state.factory
        factory.fresh_jobs.bell.ring()

    def fall_silent(self) -> None:
        """Lose every ticket from now on."""
        factory: Factory = self._get_service().state.factory
        factory.fresh_jobs.bell = SilentBell()

    async def hand_in(self, code: str, **fields: Any) -> int:
        body = {"code": code, "language": "python", "user_id": ALICE} | fields
        assert self._client is not None
        answer = await self._client.post(SUBMISSIONS, json=body)
        assert answer.is_success, answer.text
        submission_id: int = answer.json()["id"]
        return submission_id

    async def wait_for(self, submission_id: int, *statuses: str) -> dict[str, Any]:
        assert self._client is not None
        async with asyncio.timeout(PATIENCE_S):
            while True:
                answer = (await self._client.get(f"{SUBMISSIONS}{submission_id}")).json()
                if answer["status"] in (statuses or {"completed", "error"}):
                    return dict(answer)
                await asyncio.sleep(0.01)

    async def wait_for_broker(self) -> None:
        """Return when tickets get to the broker."""
        checks = self._get_service().state.readiness_checks
        async with asyncio.timeout(PATIENCE_S):
            while self.is_grown and not await _passes(checks["broker"]):  # noqa: ASYNC110  # a thread's
                await asyncio.sleep(0.05)

    async def reported(self, count: int) -> list[int]:
        """Return the submissions whose results have arrived at the backend, in that order."""
        requests = self.backend.requests
        async with asyncio.timeout(PATIENCE_S):
            while len(requests) < count:  # noqa: ASYNC110  # nobody else waits so long
                await asyncio.sleep(0.01)
        return [json.loads(request.content)["submission_id"] for request in requests]

    def _get_service(self) -> FastAPI:
        assert self._service is not None
        return self._service

    def _settings(self, lanes: int) -> Settings:
        return Settings(
            database_url=f"sqlite:///{self._folder}/service.sqlite3",
            data_directory=self._folder,
            logs_directory=self._folder,
            api_open_endpoints=("submissions",),
            judge_workers=lanes,
            judge_lease_seconds=60,
            code_execution_queue_url=self._broker_url or "",
            BACKEND_WEBHOOK_SECRET=SECRET,
        )


async def _passes(check: Any) -> bool:
    try:
        await check()
    except BrokerUnavailableError:
        return False
    return True
