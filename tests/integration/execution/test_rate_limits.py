import asyncio
import shutil
import time
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest
from limits.aio.storage import memory

from app.clients import rate_limits
from app.config import Settings
from tests.integration.execution.judge_calls import make_run, make_run_all, make_submit, running
from tests.support.patience import PATIENCE_S
from tests.support.servers import free_port

pytestmark = pytest.mark.asyncio


@pytest.fixture
def database_url(sqlite_template: Path, tmp_path: Path) -> str:
    shutil.copy(sqlite_template, tmp_path / "service.sqlite3")
    return f"sqlite:///{tmp_path}/service.sqlite3"


@pytest.fixture(autouse=True)
def same_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    """Count all that a test asks for in one minute, however long it takes."""
    now_s = time.time() // 60 * 60 + 20
    monkeypatch.setattr(memory, "time", SimpleNamespace(time=lambda: now_s))


async def run_statuses(
    client: httpx.AsyncClient, count: int, forwarded_for: str | None = None
) -> list[int]:
    headers = {"X-Forwarded-For": forwarded_for} if forwarded_for else {}
    answers = await asyncio.gather(
        *(client.post("/run", json=make_run(), headers=headers) for _ in range(count))
    )
    return [answer.status_code for answer in answers]


async def test_fifty_runs_a_minute_and_no_more(client: httpx.AsyncClient) -> None:
    statuses = await run_statuses(client, 51)
    refused = await client.post("/run", json=make_run())

    assert statuses.count(200) == 50
    assert refused.status_code == 429
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert "More than 50 requests in 60 s" in refused.json()["detail"]


async def test_thirty_submissions_a_minute_and_no_more(client: httpx.AsyncClient) -> None:
    statuses = [(await client.post("/submit", json=make_submit())).status_code for _ in range(31)]

    assert statuses == [200] * 30 + [429]


async def test_each_endpoint_counts_for_itself(client: httpx.AsyncClient) -> None:
    await run_statuses(client, 51)

    assert (await client.post("/runall", json=make_run_all())).status_code == 200
    assert (await client.post("/submit", json=make_submit())).status_code == 200


async def test_bad_requests_count_too(client: httpx.AsyncClient) -> None:
    statuses = [(await client.post("/run", content=b"{")).status_code for _ in range(51)]

    assert statuses == [422] * 50 + [429]


async def test_the_limits_can_be_chosen(settings: Settings) -> None:
    chosen = settings.model_copy(update={"judge_run_rate_limit": "2/day"})
    async with running(chosen) as client:
        assert await run_statuses(client, 3) == [200, 200, 429]


async def test_clients_behind_a_trusted_proxy_count_each_for_themselves(
    settings: Settings,
) -> None:
    chosen = settings.model_copy(update={"judge_run_rate_limit": "1/day"})
    async with running(chosen) as client:
        assert await run_statuses(client, 2, forwarded_for="203.0.113.1") == [200, 429]
        assert await run_statuses(client, 1, forwarded_for="203.0.113.2") == [200]
        # The last address is the one that the proxy itself has seen; what stands before it was
        # claimed by the client.
        assert await run_statuses(client, 1, forwarded_for="198.51.100.9, 203.0.113.2") == [429]


async def test_nobody_else_can_choose_the_address_that_is_counted(settings: Settings) -> None:
    chosen = settings.model_copy(update={"judge_run_rate_limit": "1/day"})
    async with running(chosen, client_address=("203.0.113.7", 1)) as client:
        assert await run_statuses(client, 1, forwarded_for="198.51.100.1") == [200]
        assert await run_statuses(client, 1, forwarded_for="198.51.100.2") == [429]


async def test_proxies_can_be_trusted_by_network(settings: Settings) -> None:
    chosen = settings.model_copy(
        update={"judge_run_rate_limit": "1/day", "trusted_proxies": ("172.16.0.0/12",)}
    )
    async with running(chosen, client_address=("172.18.0.5", 1)) as client:
        assert await run_statuses(client, 1, forwarded_for="203.0.113.1") == [200]
        assert await run_statuses(client, 1, forwarded_for="203.0.113.2") == [200]


async def test_replicas_count_together_in_redis(
    settings: Settings, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rate_limits, "TIMEOUT_S", PATIENCE_S)
    shared = settings.model_copy(update={"judge_run_rate_limit": "3/day", "redis_url": redis_url})
    async with running(shared) as first, running(shared) as second:
        statuses = [
            (await client.post("/run", json=make_run())).status_code
            for client in (first, second, first, second)
        ]
        ready = await first.get("/health/ready")

    assert statuses == [200, 200, 200, 429]
    assert ready.json()["checks"]["redis"] == "ok"


async def test_while_redis_is_away_each_replica_counts_and_is_not_ready(
    settings: Settings,
) -> None:
    lost = settings.model_copy(
        update={
            "judge_run_rate_limit": "2/day",
            "redis_url": f"redis://127.0.0.1:{free_port()}/0",
        }
    )
    async with running(lost) as client:
        statuses = [(await run_statuses(client, 1))[0] for _ in range(3)]
        ready = await client.get("/health/ready")

    assert statuses == [200, 200, 429]
    assert ready.status_code == 503
    assert ready.json()["status"] == "not ready: redis"
