"""The life of an execution: from its id to its result, or to its end before."""

import asyncio
import uuid
from datetime import datetime

import httpx
import pytest

from app.config import Settings
from tests.integration.execution.executions import (
    EXECUTIONS,
    make_execution,
    running,
    start,
    status_of,
    wait_for,
)
from tests.integration.execution.held_engine import HeldEngine
from tests.integration.execution.log_lines import Lines
from tests.support.patience import until
from tests.support.redis_databases import empty

pytestmark = pytest.mark.asyncio


async def test_answers_at_once_with_an_id(client: httpx.AsyncClient) -> None:
    body = make_execution(code="sleep 60000")

    answer = await client.post(f"{EXECUTIONS}/execute", json=body)

    assert answer.status_code == 200
    document = answer.json()
    execution_id = document.pop("execution_id")
    assert uuid.UUID(execution_id)
    assert execution_id in document.pop("message")
    assert document == {"status": "pending"}


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
    one_worker, engine = shared.model_copy(update={"judge_workers": 1}), HeldEngine()
    async with running(one_worker, engine=engine) as client:
        first = await start(client)
        await wait_for(client, first, {"running"})
        second = await start(client)
        waiting = await status_of(client, second)
        engine.may_end.set()
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


async def test_nothing_remains_when_its_time_is_over(shared: Settings) -> None:
    async with running(shared.model_copy(update={"execution_ttl": 1})) as client:
        execution_id = await start(client)

        async def is_gone() -> bool:
            answer = await client.get(f"{EXECUTIONS}/status/{execution_id}")
            return answer.status_code == 404

        await until(is_gone)


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


async def test_what_was_cancelled_is_not_run_again_when_redis_forgets_it(
    settings: Settings, redis_url: str
) -> None:
    await empty(redis_url)
    async with running(settings.model_copy(update={"redis_url": redis_url})) as client:
        cancelled, wanted = [await start(client, code="sleep 60000") for _ in range(2)]
        await client.post(f"{EXECUTIONS}/cancel/{cancelled}")
        await empty(redis_url)

        async def is_queued_again() -> bool:
            answer = await client.get(f"{EXECUTIONS}/status/{wanted}")
            return answer.status_code == 200

        await until(is_queued_again)
        assert (await client.get(f"{EXECUTIONS}/status/{cancelled}")).status_code == 404
        await client.post(f"{EXECUTIONS}/cancel/{wanted}")


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
    engine = HeldEngine()
    async with running(shared.model_copy(update={"judge_workers": 1}), engine=engine) as client:
        first = await start(client)
        await engine.has_begun.wait()
        second = await start(client)
        await client.post(f"{EXECUTIONS}/cancel/{second}")
        engine.may_end.set()
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


async def test_the_status_of_success_can_be_named_as_an_old_frontend_knows_it(
    shared: Settings,
) -> None:
    named = shared.model_copy(update={"execution_completed_status": "success"})
    async with running(named) as client:
        state = await wait_for(client, await start(client))
        failed = await wait_for(client, await start(client, code="exit 1"))

    assert [state["status"], failed["status"]] == ["success", "error"]


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


async def test_a_worker_writes_lines_under_the_id_that_the_execution_came_with(
    client: httpx.AsyncClient, lines: Lines
) -> None:
    first = await client.post(
        f"{EXECUTIONS}/execute", json=make_execution(), headers={"X-Request-Id": "request-of-alice"}
    )
    second = await start(client)
    await wait_for(client, execution_id := first.json()["execution_id"])
    await wait_for(client, second)

    executed = [line for line in lines.written if ": executed" in line]
    [told] = [line for line in executed if "request_id=request-of-alice" in line]
    assert f"execution_id={execution_id} verdict=AC" in told
    assert len(executed) == 2
