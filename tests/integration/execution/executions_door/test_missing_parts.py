"""What the service says where it lacks an engine, Redis or a database."""

import uuid

import pytest

from app.config import Settings
from app.engines.fake import FakeEngine
from app.errors import EngineUnavailableError
from app.languages import load_languages
from tests.integration.execution.executions import EXECUTIONS, make_execution, running
from tests.support.servers import free_port

pytestmark = pytest.mark.asyncio


async def test_a_host_that_can_run_nothing_says_so_at_once(settings: Settings) -> None:
    class NoEngine(FakeEngine):
        async def start(self) -> None:
            raise EngineUnavailableError("bubblewrap is missing")

    async with running(settings, engine=NoEngine(load_languages().languages)) as client:
        answer = await client.post(f"{EXECUTIONS}/execute", json=make_execution())
        ready = await client.get("/health/ready")

    assert answer.status_code == 503
    assert answer.json()["code"] == "engine-unavailable"
    assert ready.json()["status"] == "not ready: engine"


async def test_without_redis_a_request_is_asked_to_come_back(settings: Settings) -> None:
    lost = settings.model_copy(update={"redis_url": f"redis://127.0.0.1:{free_port()}/0"})
    async with running(lost) as client:
        answers = [
            await client.post(f"{EXECUTIONS}/execute", json=make_execution()),
            await client.get(f"{EXECUTIONS}/status/{uuid.uuid4()}"),
            await client.post(f"{EXECUTIONS}/cancel/{uuid.uuid4()}"),
        ]
        ready = await client.get("/health/ready")

    assert [answer.status_code for answer in answers] == [503, 503, 503]
    assert {answer.headers["Retry-After"] for answer in answers} == {"2"}
    assert ready.json()["checks"] == {"engine": "ok", "redis": "Redis does not answer"}


async def test_without_a_database_what_needs_one_says_so_and_the_rest_works(
    settings: Settings,
) -> None:
    open_doors = settings.model_copy(update={"api_open_endpoints": ("submissions", "judge")})
    body = make_execution(sample_test_cases=[{"id": "1", "input": "", "expected_output": "42"}])
    async with running(open_doors) as client:
        client.headers.pop("Authorization")
        judged = await client.post("/run", json=body)
        refused = [
            await client.post("/submit", json=body),
            await client.get("/api/v1/submissions"),
            await client.post("/api/v1/submissions/", json={}),
            await client.get("/api/v1/contests/1"),
            await client.head(f"/api/v1/test-data/{'0' * 64}"),
        ]
        ready = await client.get("/health/ready")

    assert judged.json()["summary"]["all_passed"] is True
    assert [answer.status_code for answer in refused] == [503] * 5
    assert "DATABASE_URL is empty" in refused[0].json()["detail"]
    assert ready.json() == {"status": "ready", "checks": {"engine": "ok"}}


async def test_the_root_tells_what_the_service_is(settings: Settings) -> None:
    async with running(settings) as client:
        answer = await client.get("/", headers={"Authorization": ""})

    document = answer.json()
    assert document["service"] == "Code Execution Service"
    assert document["status"] == "running"
    assert document["version"]
    assert document["features"]
