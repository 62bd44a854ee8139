"""Submissions find their judges alike in the process and through Redis or RabbitMQ, real ones.

Where a test is about tickets, nothing is looked for without one: a sweep comes too late for it.
"""

import asyncio
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
import pytest_asyncio
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
from tests.support import servers
from tests.support.balancer import Balancer, balancing

pytestmark = pytest.mark.asyncio
SUBMISSIONS = "/api/v1/submissions/"
SECRET = "a-shared-secret"
PATIENCE_S = 30
ALICE, CHARLIE = 1, 2
NEVER_S = 600.0
SOON_S = 0.3


class CountingEngine(FakeEngine):
    """Remembers what it was told to run."""

    def __init__(self) -> None:
        super().__init__(load_languages().languages)
        self.sources: Counter[str] = Counter()

    async def execute(self, program: Program, *arguments: Any, **options: Any) -> Any:
        self.sources[program.source.decode()] += 1
        async for result in super().execute(program, *arguments, **options):
            yield result


class SilentBell:
    """Rings for nobody."""

    waiting = 0

    def ring(self) -> None:
        """Do nothing."""


class Installation:
    """A service and, where there is a broker, one judge worker beside it."""

    def __init__(self, folder: Path, balancer: Balancer, broker: str | None) -> None:
        self._folder = folder
        self._broker = broker
        self.balancer = balancer
        self.backend = FakeBackend()
        self.engine = CountingEngine()
        self.is_grown = broker is not None
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
        async with asyncio.timeout(PATIENCE_S):
            requests = await self.backend.wait_for_requests(count)
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
            code_execution_queue_url=self._broker or "",
            BACKEND_WEBHOOK_SECRET=SECRET,
        )


async def _passes(check: Any) -> bool:
    try:
        await check()
    except BrokerUnavailableError:
        return False
    return True


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "service.sqlite3"
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
    return path


@pytest.fixture(scope="module", params=["in-process", "redis", "rabbitmq"])
def broker(request: pytest.FixtureRequest) -> Iterator[str | None]:
    if request.param == "in-process":
        yield None
        return
    try:
        with getattr(servers, request.param)() as url:
            yield url
    except servers.ServerMissingError as missing:
        pytest.skip(f"not run: {missing}")


@pytest_asyncio.fixture
async def installation(
    broker: str | None, template: Path, tmp_path: Path
) -> AsyncIterator[Installation]:
    """An installation with an empty database, and with a connection to the broker to be cut."""
    shutil.copy(template, tmp_path)
    with ExitStack() as ending:
        balancer = ending.enter_context(balancing())
        url = None
        if broker is not None:
            parts = urlsplit(broker)
            balancer.upstream_ports = [parts.port or 0]
            url = broker.replace(str(parts.port), str(balancer.port))
        yield Installation(tmp_path, balancer, url)


@pytest.fixture
def only_tickets(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nothing be found but by a ticket, after the first look at the start."""
    monkeypatch.setattr("app.background.SWEEP_S", NEVER_S)


@pytest.mark.usefixtures("only_tickets")
async def test_everything_is_judged_once(installation: Installation) -> None:
    async with installation.running():
        ids = [await installation.hand_in(f"print {number}") for number in range(20)]
        reported = await installation.reported(20)

    assert sorted(reported) == ids
    assert set(installation.engine.sources.values()) == {1}


@pytest.mark.usefixtures("only_tickets")
async def test_contests_go_first_and_rejudgings_last(installation: Installation) -> None:
    async with installation.running(lanes=1):
        first = await installation.hand_in("sleep 700")
        await installation.wait_for(first, "running")
        rejudged = await installation.hand_in("print 1", priority="rejudge")
        practised = await installation.hand_in("print 2")
        counting = await installation.hand_in("print 3", priority="contest")
        reported = await installation.reported(4)

    assert reported == [first, counting, practised, rejudged]


@pytest.mark.usefixtures("only_tickets")
async def test_who_hands_in_much_lets_others_in_between(installation: Installation) -> None:
    async with installation.running(lanes=1):
        first = await installation.hand_in("sleep 700")
        await installation.wait_for(first, "running")
        of_alice = [await installation.hand_in("print 1", user_id=ALICE) for _ in range(2)]
        of_charlie = await installation.hand_in("print 2", user_id=CHARLIE)
        reported = await installation.reported(4)

    assert reported[1:].index(of_charlie) < reported[1:].index(of_alice[1])


@pytest.mark.usefixtures("only_tickets")
async def test_a_ticket_too_many_finds_nothing_and_harms_nothing(
    installation: Installation,
) -> None:
    async with installation.running():
        await installation.wait_for_broker()
        for _ in range(5):
            installation.ring()
        submission_id = await installation.hand_in("print 5")
        installation.ring()
        result = await installation.wait_for(submission_id)
        later = await installation.wait_for(await installation.hand_in("print 6"))

    assert result["verdict"] == later["verdict"] == "AC"
    assert set(installation.engine.sources.values()) == {1}


async def test_a_lost_ticket_costs_a_pause_and_no_submission(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.background.SWEEP_S", SOON_S)
    async with installation.running():
        installation.fall_silent()
        result = await installation.wait_for(await installation.hand_in("print 5"))

    assert result["verdict"] == "AC"


@pytest.mark.parametrize("broker", ["redis", "rabbitmq"], indirect=True)
async def test_without_the_broker_submissions_are_taken_and_judged_and_with_it_told_of_again(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.background.SWEEP_S", SOON_S)
    async with installation.running():
        await installation.wait_for_broker()
        upstream_ports = installation.balancer.upstream_ports
        installation.balancer.cut()
        without = [await installation.hand_in(f"print {number}") for number in range(5)]
        results = [await installation.wait_for(submission_id) for submission_id in without]
        monkeypatch.setattr("app.background.SWEEP_S", NEVER_S)
        await asyncio.sleep(4 * SOON_S)  # until no look is left that was begun before
        installation.balancer.upstream_ports = upstream_ports
        await installation.wait_for_broker()
        told = await installation.wait_for(await installation.hand_in("print 5"))

    assert [result["verdict"] for result in results] == ["AC"] * 5
    assert told["verdict"] == "AC"


@pytest.mark.usefixtures("only_tickets")
async def test_who_is_stopped_ends_what_is_begun_and_leaves_the_rest_to_the_next(
    installation: Installation,
) -> None:
    async with installation.running(lanes=1):
        begun = await installation.hand_in("sleep 500")
        await installation.wait_for(begun, "running")
        rest = [await installation.hand_in(f"print {number}") for number in range(3)]
    after_the_stop = len(installation.backend.requests)
    async with installation.running(lanes=1):
        reported = await installation.reported(4)

    assert after_the_stop == 1
    assert reported[0] == begun
    assert sorted(reported[1:]) == rest
    assert set(installation.engine.sources.values()) == {1}


@pytest.mark.parametrize("broker", ["redis", "rabbitmq"], indirect=True)
@pytest.mark.usefixtures("only_tickets")
async def test_a_worker_that_comes_later_judges_what_has_waited(installation: Installation) -> None:
    async with installation.running(has_judges=False):
        ids = [await installation.hand_in(f"print {number}") for number in range(3)]
        statuses = [(await installation.wait_for(each, "pending"))["status"] for each in ids]
        async with installation.judging():
            reported = await installation.reported(3)

    assert statuses == ["pending"] * 3
    assert sorted(reported) == ids
