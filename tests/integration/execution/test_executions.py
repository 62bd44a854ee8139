import asyncio
import uuid
from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from redis.asyncio import Redis

from app.config import Settings
from app.engines.fake import FakeEngine
from app.errors import EngineUnavailableError
from app.languages import load_languages
from tests.integration.execution.conftest import SECRET
from tests.integration.execution.executions import (
    CHARLIE,
    EXECUTIONS,
    GUEST,
    bearer,
    make_execution,
    running,
    start,
    status_of,
    wait_for,
)
from tests.support.servers import ServerMissingError, free_port, redis

pytestmark = pytest.mark.asyncio


@pytest.fixture(scope="module")
def redis_url() -> Iterator[str]:
    try:
        with redis() as url:
            yield url
    except ServerMissingError as missing:
        pytest.skip(f"not run: {missing}")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Set up a service with neither database nor Redis."""
    return Settings(
        database_url="",
        data_directory=tmp_path,
        logs_directory=tmp_path,
        judge_workers=2,
        judge_lease_seconds=1,
        BACKEND_WEBHOOK_SECRET=SECRET,
    )


@pytest_asyncio.fixture(params=["memory", "redis"])
async def shared(request: pytest.FixtureRequest, settings: Settings) -> Settings:
    """Every test that uses it runs with memory and with Redis."""
    if request.param == "memory":
        return settings
    url = request.getfixturevalue("redis_url")
    async with Redis.from_url(url) as connection:
        await connection.flushdb()
    return settings.model_copy(update={"redis_url": url})


@pytest_asyncio.fixture
async def client(shared: Settings) -> AsyncIterator[httpx.AsyncClient]:
    async with running(shared) as client:
        yield client


async def test_answers_at_once_with_an_id(client: httpx.AsyncClient) -> None:
    body = make_execution(code="sleep 60000")

    answer = await client.post(f"{EXECUTIONS}/execute", json=body)

    assert answer.status_code == 200
    document = answer.json()
    execution_id = document.pop("execution_id")
    assert uuid.UUID(execution_id)
    assert execution_id in document.pop("message")
    assert document == {"status": "pending"}


async def execute_with_key(client: httpx.AsyncClient, code: str, **headers: str) -> httpx.Response:
    sent = {"Idempotency-Key": "key-1", **headers}
    body = make_execution(code=code)
    return await client.post(f"{EXECUTIONS}/execute", json=body, headers=sent)


async def test_a_repeated_key_starts_a_program_once(client: httpx.AsyncClient) -> None:
    answers = await asyncio.gather(*(execute_with_key(client, "print 42") for _ in range(4)))
    await wait_for(client, answers[0].json()["execution_id"])

    later = await execute_with_key(client, "print 42")
    other = await execute_with_key(client, "print 43")

    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in [*answers, later]}) == 1
    state = await status_of(client, later.json()["execution_id"])
    assert state["status"] == "completed"
    assert (other.status_code, other.json()["code"]) == (409, "idempotency-mismatch")


async def test_a_key_is_each_callers_own(client: httpx.AsyncClient) -> None:
    first = await execute_with_key(client, "print 42")
    second = await execute_with_key(client, "print 42", **CHARLIE)

    assert first.json()["execution_id"] != second.json()["execution_id"]


async def test_a_result_has_exactly_the_promised_fields(client: httpx.AsyncClient) -> None:
    code = "echo\nerror oh\nsleep 50"
    execution_id = await start(client, code=code, language="Python3", input_data="42")

    state = await wait_for(client, execution_id)

    times = [datetime.fromisoformat(state.pop(f"{name}_at")) for name in ("created", "updated")]
    assert times == sorted(times)
    assert state.pop("completed_at").endswith("Z")
    assert state == {
        "execution_id": execution_id,
        "user_id": "user:1",
        "code": code,
        "language": "python",
        "input_data": "42",
        "status": "completed",
        "is_cancelled": False,
        "verdict": "AC",
        "output": "42",
        "error_output": "oh\n",
        "execution_time": "0.05s",
        "memory_usage": "1.0MB",
        "execution_time_ms": 50,
        "cpu_time_ms": 0,
        "memory_usage_bytes": 1048576,
        "exit_code": 0,
        "stream_output": False,
    }


async def test_is_pending_then_running_then_completed(shared: Settings) -> None:
    one_worker = shared.model_copy(update={"judge_workers": 1})
    async with running(one_worker) as client:
        first = await start(client, code="sleep 200")
        await wait_for(client, first, {"running"})
        second = await start(client)
        waiting = await status_of(client, second)
        await wait_for(client, first)
        ended = await wait_for(client, second)

    assert waiting["status"] == "pending"
    assert waiting["updated_at"] is None
    assert waiting["completed_at"] is None
    assert waiting["output"] == waiting["error_output"] == ""
    assert ended["status"] == "completed"
    assert ended["output"] == "42\n"


async def test_a_program_that_fails_ends_in_an_error_that_says_why(
    client: httpx.AsyncClient,
) -> None:
    cases = [
        ("print 1\nexit 3", "RTE", "Runtime Error: exit code 3"),
        ("compile-error oh", "CE", "Compilation Error:\noh"),
        ("status time_limit", "TLE", "Time Limit Exceeded: 15000 ms of CPU time"),
        ("break", "IE", "Internal Error: The sandbox failed"),
    ]
    for code, verdict, error in cases:
        state = await wait_for(client, await start(client, code=code))

        assert state["status"] == "error"
        assert state["verdict"] == verdict
        assert state["error_output"].startswith(error)
        assert state["completed_at"]


async def test_nobody_else_may_see_or_stop_an_execution(client: httpx.AsyncClient) -> None:
    execution_id = await start(client)
    seen = await client.get(f"{EXECUTIONS}/status/{execution_id}", headers=CHARLIE)
    stopped = await client.post(f"{EXECUTIONS}/cancel/{execution_id}", headers=CHARLIE)

    assert [seen.status_code, stopped.status_code] == [403, 403]
    assert "print 42" not in seen.text


async def test_an_unknown_execution_is_not_found(client: httpx.AsyncClient) -> None:
    for execution_id in (str(uuid.uuid4()), "nonsense", "a:version"):
        seen = await client.get(f"{EXECUTIONS}/status/{execution_id}")
        stopped = await client.post(f"{EXECUTIONS}/cancel/{execution_id}")

        assert [seen.status_code, stopped.status_code] == [404, 404]
        assert seen.json()["detail"] == "Execution not found"


async def test_nobody_comes_in_without_a_token(settings: Settings) -> None:
    calls = [
        ("POST", "execute"),
        ("GET", f"status/{uuid.uuid4()}"),
        ("POST", f"cancel/{uuid.uuid4()}"),
    ]
    async with running(settings) as client:
        for token in ("", "Bearer nonsense"):
            for method, path in calls:
                answer = await client.request(
                    method,
                    f"{EXECUTIONS}/{path}",
                    json=make_execution(),
                    headers={"Authorization": token},
                )

                assert answer.status_code == 401
                assert answer.headers["WWW-Authenticate"] == "Bearer"


async def test_nothing_remains_when_its_time_is_over(shared: Settings) -> None:
    async with running(shared.model_copy(update={"execution_ttl": 1})) as client:
        execution_id = await start(client)
        await wait_for(client, execution_id)
        await asyncio.sleep(1.1)
        answer = await client.get(f"{EXECUTIONS}/status/{execution_id}")

    assert answer.status_code == 404


async def test_a_running_execution_can_be_cancelled(client: httpx.AsyncClient) -> None:
    execution_id = await start(client, code="sleep 60000")
    await wait_for(client, execution_id, {"running"})

    answer = await client.post(f"{EXECUTIONS}/cancel/{execution_id}")
    state = await status_of(client, execution_id)

    assert answer.status_code == 200
    assert answer.json()["status"] == "cancelled"
    assert state["status"] == "error"
    assert state["is_cancelled"] is True
    assert state["error_output"] == "Cancelled: its owner stopped it"


async def test_whoever_ran_a_cancelled_execution_is_free_for_the_next(shared: Settings) -> None:
    async with running(shared.model_copy(update={"judge_workers": 1})) as client:
        endless = await start(client, code="sleep 60000")
        await wait_for(client, endless, {"running"})
        await client.post(f"{EXECUTIONS}/cancel/{endless}")

        state = await wait_for(client, await start(client))

    assert state["status"] == "completed"


async def test_an_execution_that_waits_can_be_cancelled_and_is_never_run(
    shared: Settings,
) -> None:
    async with running(shared.model_copy(update={"judge_workers": 1})) as client:
        first = await start(client, code="sleep 100")
        second = await start(client)
        await client.post(f"{EXECUTIONS}/cancel/{second}")
        await wait_for(client, first)
        third = await wait_for(client, await start(client))
        state = await status_of(client, second)

    assert third["status"] == "completed"
    assert state["is_cancelled"] is True
    assert state["execution_time"] is None


async def test_an_execution_that_has_ended_can_not_be_cancelled(
    client: httpx.AsyncClient,
) -> None:
    execution_id = await start(client)
    ended = await wait_for(client, execution_id)

    answer = await client.post(f"{EXECUTIONS}/cancel/{execution_id}")

    assert answer.json()["status"] == "completed"
    assert await status_of(client, execution_id) == ended


async def test_a_bad_request_is_told_what_to_change(settings: Settings) -> None:
    cases: list[tuple[dict[str, Any], int, str]] = [
        ({"language": "cobol"}, 400, "Supported are: c, cpp, csharp, go, java"),
        ({"language": "python2"}, 400, "Unsupported language: python2"),
        ({"language": ""}, 400, "Supported are: "),
        ({"code": ""}, 400, "Code is required"),
        ({"code": " \n"}, 400, "Code is required"),
        ({"code": "x" * 102_401}, 400, "the limit is 102400 bytes"),
        ({"code": None}, 422, "code"),
        ({"code": "a\0b"}, 422, "code"),
        ({"input_data": "x" * 1_048_577}, 422, "input_data"),
        ({"language": "x" * 51}, 422, "language"),
    ]
    async with running(settings) as client:
        for changes, status, text in cases:
            answer = await client.post(f"{EXECUTIONS}/execute", json=make_execution(**changes))

            assert answer.status_code == status, changes
            assert text in answer.text


async def test_what_is_no_text_is_refused(settings: Settings) -> None:
    half_a_pair = b'{"language": "python", "code": "print \\ud800"}'
    async with running(settings) as client:
        for content in (half_a_pair, b"{", b"[" * 100_000, b"\xff", b"null"):
            answer = await client.post(
                f"{EXECUTIONS}/execute",
                content=content,
                headers={"Content-Type": "application/json"},
            )

            assert answer.status_code in {400, 422}, content[:20]


async def test_a_missing_field_is_named(settings: Settings) -> None:
    async with running(settings) as client:
        for missing, other in (("code", {"language": "c"}), ("language", {"code": "print 42"})):
            answer = await client.post(f"{EXECUTIONS}/execute", json=other)

            assert answer.status_code == 422
            assert answer.json()["detail"][0]["loc"] == ["body", missing]


async def test_a_huge_body_is_refused(settings: Settings) -> None:
    async with running(settings) as client:
        answer = await client.post(f"{EXECUTIONS}/execute", content=b" " * (8 * 1024 * 1024 + 1))

    assert answer.status_code == 413


async def test_other_names_of_languages_are_known(settings: Settings) -> None:
    names = {"python3": "python", "c++": "cpp", "c#": "csharp", "JS": "javascript"}
    async with running(settings) as client:
        for name, language in names.items():
            execution_id = await start(client, language=name)

            assert (await status_of(client, execution_id))["language"] == language


async def test_every_path_answers_with_and_without_its_last_slash(
    client: httpx.AsyncClient,
) -> None:
    execution_id = await start(client)
    answers = [
        await client.post(f"{EXECUTIONS}/execute/", json=make_execution()),
        await client.get(f"{EXECUTIONS}/status/{execution_id}/"),
        await client.post(f"{EXECUTIONS}/cancel/{execution_id}/"),
    ]

    assert [answer.status_code for answer in answers] == [200, 200, 200]


async def test_the_status_of_success_can_be_named_as_an_old_frontend_knows_it(
    shared: Settings,
) -> None:
    named = shared.model_copy(update={"execution_completed_status": "success"})
    async with running(named) as client:
        state = await wait_for(client, await start(client))
        failed = await wait_for(client, await start(client, code="exit 1"))

    assert [state["status"], failed["status"]] == ["success", "error"]


async def test_each_account_has_a_rate_of_its_own(shared: Settings) -> None:
    limited = shared.model_copy(update={"execution_rate_limit": "2/minute"})
    async with running(limited) as client:
        statuses = [
            (await client.post(f"{EXECUTIONS}/execute", json=make_execution())).status_code
            for _ in range(3)
        ]
        other = await client.post(f"{EXECUTIONS}/execute", json=make_execution(), headers=CHARLIE)

    assert statuses == [200, 200, 429]
    assert other.status_code == 200


async def test_guests_share_the_rate_of_their_address(shared: Settings) -> None:
    limited = shared.model_copy(update={"guest_execution_rate_limit": "2/minute"})
    guests = [bearer(None, token_use="guest", uid=f"guest:{number}") for number in range(3)]
    async with running(limited) as client:
        answers = [
            await client.post(f"{EXECUTIONS}/execute", json=make_execution(), headers=guest)
            for guest in guests
        ]
        alice = await client.post(f"{EXECUTIONS}/execute", json=make_execution())

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert int(answers[-1].headers["Retry-After"]) >= 1
    assert alice.status_code == 200


async def test_a_guest_sees_what_the_guest_has_run(client: httpx.AsyncClient) -> None:
    answer = await client.post(f"{EXECUTIONS}/execute", json=make_execution(), headers=GUEST)
    path = f"{EXECUTIONS}/status/{answer.json()['execution_id']}"
    other = bearer(None, token_use="guest", uid="guest:other")

    assert (await client.get(path, headers=GUEST)).status_code == 200
    assert (await client.get(path, headers=other)).status_code == 403


async def test_when_too_many_wait_the_next_is_asked_to_come_back(shared: Settings) -> None:
    full = shared.model_copy(update={"judge_workers": 1, "execution_max_waiting": 2})
    async with running(full) as client:
        first = await start(client, code="sleep 60000")
        await wait_for(client, first, {"running"})
        waiting = [await start(client) for _ in range(2)]
        refused = await client.post(f"{EXECUTIONS}/execute", json=make_execution())
        await client.post(f"{EXECUTIONS}/cancel/{first}")
        for execution_id in waiting:
            await wait_for(client, execution_id)
        taken = await client.post(f"{EXECUTIONS}/execute", json=make_execution())

    assert refused.status_code == 503
    assert refused.headers["Retry-After"] == "5"
    assert taken.status_code == 200


async def test_many_executions_side_by_side_all_end(shared: Settings) -> None:
    many = shared.model_copy(
        update={"execution_max_waiting": 1000, "execution_rate_limit": "10000/minute"}
    )
    async with running(many) as client:
        ids = await asyncio.gather(*(start(client, code=f"print {n}") for n in range(60)))
        states = [await wait_for(client, each) for each in ids]

    assert [state["output"] for state in states] == [f"{n}\n" for n in range(60)]


async def test_pages_of_the_frontend_may_call_and_others_may_not(shared: Settings) -> None:
    async with running(shared) as client:
        asked = {"Access-Control-Request-Method": "POST", "Origin": "http://localhost:3000"}
        ours = await client.options(f"{EXECUTIONS}/execute", headers=asked)
        others = await client.options(
            f"{EXECUTIONS}/execute", headers=asked | {"Origin": "https://evil.example"}
        )
        answer = await client.get("/api/v1/languages", headers={"Origin": "http://localhost:3000"})

    assert ours.headers["Access-Control-Allow-Origin"] == "http://localhost:3000"
    assert "Access-Control-Allow-Credentials" not in ours.headers
    assert "Access-Control-Allow-Origin" not in others.headers
    assert answer.headers["Access-Control-Allow-Origin"] == "http://localhost:3000"


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
