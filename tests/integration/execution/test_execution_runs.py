"""What becomes of executions whose worker, or whose Redis, goes away."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from app.domain.executions import Execution, ExecutionStatus, OutputPiece
from app.engines.base import Engine
from app.engines.fake import FakeEngine
from app.errors import EngineBusyError
from app.languages import load_languages
from app.repositories.executions.base import ClaimedExecution
from app.repositories.executions.ports import ExecutionPorts, open_ports
from app.services import execution_runs
from app.services.accepted_executions import AcceptedExecutions
from app.services.execution_runs import ExecutionRunner
from app.services.stop import Stop
from tests.integration.execution.held_engine import HeldEngine
from tests.support.executions import make_execution
from tests.support.patience import PATIENCE_S, until
from tests.support.redis_databases import empty

pytestmark = pytest.mark.asyncio


@asynccontextmanager
async def opened(url: str, *, lease_s: float = 10) -> AsyncIterator[ExecutionPorts]:
    ports = open_ports(url, kept_s=60, lease_s=lease_s)
    try:
        yield ports
    finally:
        await ports.aclose()


def make_runner(
    ports: ExecutionPorts, *, stop: Stop | None = None, engine: Engine | None = None
) -> ExecutionRunner:
    languages = load_languages()
    return ExecutionRunner(
        ports=ports,
        engine=engine or FakeEngine(languages.languages),
        languages=languages,
        waits_for_callbacks=False,
        stop=stop or Stop(),
    )


async def queue_up(ports: ExecutionPorts, **changes: Any) -> Execution:
    execution = make_execution(**{"input_data": "", "code": "print 42"} | changes)
    await ports.store.add(execution)
    await ports.queue.put(execution.id)
    return execution


async def state_of(ports: ExecutionPorts, execution: Execution) -> Execution:
    state = await ports.store.find(execution.id)
    assert state is not None
    return state


async def wait_for(
    ports: ExecutionPorts, execution: Execution, status: ExecutionStatus
) -> Execution:
    async with asyncio.timeout(PATIENCE_S):
        while True:
            state = await state_of(ports, execution)
            if state.status is status:
                return state
            await asyncio.sleep(0.005)


async def test_a_lost_workers_execution_is_run_once_more(store_url: str) -> None:
    async with opened(store_url, lease_s=0.05) as ports:
        execution = await queue_up(ports)
        assert await ports.queue.claim()
        await ports.store.replace(execution.started(now=execution.created_at))
        await asyncio.sleep(0.1)

        assert await make_runner(ports).run_next()
        state = await state_of(ports, execution)

        assert (state.status, state.output) == (ExecutionStatus.COMPLETED, "42\n")
        assert state.attempts == 2
        assert await ports.queue.claim() is None


async def test_an_execution_that_loses_worker_after_worker_is_given_up(store_url: str) -> None:
    async with opened(store_url) as ports:
        execution = await queue_up(ports)
        once = execution.started(now=execution.created_at)
        await ports.store.replace(once)
        await ports.store.replace(once.started(now=execution.created_at))

        assert await make_runner(ports).run_next()
        state = await state_of(ports, execution)

        assert state.status is ExecutionStatus.ERROR
        assert state.error_output == "Internal Error: The worker was lost."


async def test_a_run_that_takes_long_stays_its_workers(
    store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(execution_runs, "LOOK_S", 0.05)
    async with opened(store_url) as ports:
        execution, engine = await queue_up(ports), HeldEngine()

        running = asyncio.create_task(make_runner(ports, engine=engine).run_next())
        await engine.has_begun.wait()
        extend = ports.queue.extend

        are_ours: list[bool] = []

        async def note(claimed: ClaimedExecution) -> bool:
            are_ours.append(await extend(claimed))
            return are_ours[-1]

        async def has_looked_often() -> bool:
            return len(are_ours) >= 3

        monkeypatch.setattr(ports.queue, "extend", note)
        await until(has_looked_often)
        taken = await ports.queue.claim()
        engine.may_end.set()
        await running

        assert taken is None
        assert all(are_ours)
        assert (await state_of(ports, execution)).output == "42\n"


async def test_a_worker_whose_execution_is_another_ones_drops_it(store_url: str) -> None:
    async with opened(store_url, lease_s=0.05) as ports:
        execution = await queue_up(ports, code="sleep 60000")
        runner = make_runner(ports)

        running = asyncio.create_task(runner.run_next())
        await wait_for(ports, execution, ExecutionStatus.RUNNING)
        await until(ports.queue.claim)  # its lease runs out between two looks
        assert await running

        assert (await state_of(ports, execution)).status is ExecutionStatus.RUNNING


async def test_a_stopped_worker_gives_its_execution_back(store_url: str) -> None:
    async with opened(store_url) as ports:
        execution = await queue_up(ports)
        stop = Stop()
        running = asyncio.create_task(make_runner(ports, stop=stop, engine=HeldEngine()).run_next())
        await wait_for(ports, execution, ExecutionStatus.RUNNING)
        stop.set()
        await running
        waiting = await state_of(ports, execution)

        assert await make_runner(ports).run_next()
        state = await state_of(ports, execution)

        assert (waiting.status, waiting.attempts) == (ExecutionStatus.PENDING, 0)
        assert (state.status, state.attempts) == (ExecutionStatus.COMPLETED, 1)


async def test_a_busy_engine_lets_an_execution_wait(store_url: str) -> None:
    class BusyEngine(FakeEngine):
        retry_after_s = 60

        async def execute(self, *_: Any, **__: Any) -> Any:
            raise EngineBusyError(retry_after_s=self.retry_after_s)
            yield

    async with opened(store_url) as ports:
        engine = BusyEngine(load_languages().languages)
        long = await queue_up(ports)
        await make_runner(ports, engine=engine).run_next()
        engine.retry_after_s = 1
        short = await queue_up(ports)
        await make_runner(ports, engine=engine).run_next()

        for each in (long, short):
            state = await state_of(ports, each)
            assert (state.status, state.attempts) == (ExecutionStatus.PENDING, 0)
        claimed = await until(ports.queue.claim)
        assert claimed
        assert claimed.execution_id == short.id
        assert await ports.queue.claim() is None


async def test_a_broken_sandbox_is_tried_twice_and_no_more(store_url: str) -> None:
    async with opened(store_url) as ports:
        execution = await queue_up(ports, code="break")
        runner = make_runner(ports)

        await runner.run_next()
        between = await state_of(ports, execution)
        await runner.run_next()
        state = await state_of(ports, execution)

        assert between.status is ExecutionStatus.RUNNING
        assert state.error_output == "Internal Error: The sandbox failed"
        assert state.attempts == 2


async def test_output_is_told_and_kept_while_a_streaming_execution_runs(store_url: str) -> None:
    code = "print one\nsleep 100\nerror two\nsleep 100\nprint three"
    async with opened(store_url) as ports:
        execution = await queue_up(ports, code=code, is_streaming=True)
        async with ports.updates.watched(execution.id) as watch:
            running = asyncio.create_task(make_runner(ports).run_next())
            updates = [await watch.next() for _ in range(5)]
            await running
        kept = await ports.store.output_so_far(execution.id)

        pieces = [update for update in updates if isinstance(update, OutputPiece)]
        states = [update for update in updates if isinstance(update, Execution)]
        assert [(piece.stream, piece.text) for piece in pieces] == [
            ("stdout", "one\n"),
            ("stderr", "two\n"),
            ("stdout", "three\n"),
        ]
        assert kept == pieces
        assert [state.status for state in states] == [
            ExecutionStatus.RUNNING,
            ExecutionStatus.COMPLETED,
        ]
        assert states[-1].output == "one\nthree\n"


async def test_output_is_not_told_where_nobody_asked_for_it(store_url: str) -> None:
    async with opened(store_url) as ports:
        execution = await queue_up(ports)
        await make_runner(ports).run_next()

        assert await ports.store.output_so_far(execution.id) == []


async def test_the_second_try_tells_no_output_that_was_told_before(store_url: str) -> None:
    async with opened(store_url) as ports:
        execution = await queue_up(ports, is_streaming=True)
        await ports.store.replace(execution.started(now=execution.created_at))
        await make_runner(ports).run_next()

        assert await ports.store.output_so_far(execution.id) == []
        assert (await state_of(ports, execution)).output == "42\n"


async def test_what_was_given_back_tells_no_output_that_was_told_before(store_url: str) -> None:
    async with opened(store_url) as ports:
        execution = await queue_up(ports, is_streaming=True)
        stop = Stop()
        async with ports.updates.watched(execution.id) as watch:
            runner = make_runner(ports, stop=stop, engine=HeldEngine())
            running = asyncio.create_task(runner.run_next())
            told = [await watch.next() for _ in range(2)]
            stop.set()
            await running

        await make_runner(ports).run_next()

        assert await ports.store.output_so_far(execution.id) == told[1:]
        assert [piece.text for piece in told[1:] if isinstance(piece, OutputPiece)] == ["42\n"]
        assert (await state_of(ports, execution)).output == "42\n"


async def test_what_redis_has_forgotten_is_queued_again(redis_url: str) -> None:
    await empty(redis_url)
    async with opened(redis_url) as ports:
        accepted = AcceptedExecutions(ports, kept_s=60)
        execution = await queue_up(ports)
        accepted.remember(execution)
        await accepted.look()
        await empty(redis_url)

        await accepted.look()
        assert await make_runner(ports).run_next()
        await accepted.look()

        assert (await state_of(ports, execution)).output == "42\n"
        assert await ports.queue.claim() is None


async def test_what_has_ended_is_not_queued_again(store_url: str) -> None:
    async with opened(store_url) as ports:
        accepted = AcceptedExecutions(ports, kept_s=60)
        execution = await queue_up(ports)
        accepted.remember(execution)
        await make_runner(ports).run_next()

        await accepted.look()

        assert await ports.queue.waiting() == 0


async def test_a_result_is_kept_though_redis_forgot_the_run(redis_url: str) -> None:
    await empty(redis_url)
    async with opened(redis_url) as ports:
        execution, engine = await queue_up(ports), HeldEngine()
        running = asyncio.create_task(make_runner(ports, engine=engine).run_next())
        await engine.has_begun.wait()
        await empty(redis_url)
        engine.may_end.set()
        await running

        assert (await state_of(ports, execution)).output == "42\n"
