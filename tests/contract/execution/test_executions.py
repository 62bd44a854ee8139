"""Memory and Redis keep executions and hand them out alike; the Redis is a real one."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack

import pytest
import pytest_asyncio
from redis.asyncio import Redis

from app.domain.executions import Execution, ExecutionStatus, OutputPiece
from app.domain.judging import JudgementResult
from app.domain.runs import Usage
from app.domain.verdicts import Verdict
from app.errors import RedisUnavailableError, StorageFullError
from app.repositories.executions.base import ExecutionQueue, ExecutionStore
from app.repositories.executions.memory import MemoryExecutionQueue, MemoryExecutionStore
from app.repositories.executions.redis import RedisExecutionQueue, RedisExecutionStore
from tests.support.executions import NOW, make_execution
from tests.support.redis_databases import age
from tests.support.servers import free_port

pytestmark = pytest.mark.asyncio
LONG_S = 60.0
SHORT_S = 0.05


class Clock:
    """Lets time pass for memory and for Redis alike."""

    def __init__(self, store_url: str) -> None:
        self._store_url = store_url
        self._now_s = 0.0

    def now_s(self) -> float:
        return self._now_s

    async def go_on(self, seconds: float) -> None:
        self._now_s += seconds
        if self._store_url:
            await age(self._store_url, seconds)


@pytest.fixture
def clock(store_url: str) -> Clock:
    return Clock(store_url)


@pytest_asyncio.fixture
async def ending() -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as stack:
        yield stack


@pytest.fixture
def make_store(
    store_url: str, clock: Clock, ending: AsyncExitStack
) -> Callable[[], ExecutionStore]:
    def make() -> ExecutionStore:
        store: ExecutionStore = MemoryExecutionStore(kept_s=LONG_S, now_s=clock.now_s)
        if store_url:
            store = RedisExecutionStore(store_url, kept_s=LONG_S)
        ending.push_async_callback(store.close)
        return store

    return make


@pytest.fixture
def make_queue(
    store_url: str, clock: Clock, ending: AsyncExitStack
) -> Callable[[], ExecutionQueue]:
    def make() -> ExecutionQueue:
        queue: ExecutionQueue = MemoryExecutionQueue(lease_s=LONG_S, now_s=clock.now_s)
        if store_url:
            queue = RedisExecutionQueue(store_url, lease_s=LONG_S)
        ending.push_async_callback(queue.close)
        return queue

    return make


def make_result() -> JudgementResult:
    return JudgementResult(
        verdict=Verdict.RTE,
        output="42\n",
        error_output="Runtime Error: exit code 1",
        exit_code=1,
        usage=Usage(cpu_time_ms=1, wall_time_ms=2, memory_bytes=3),
        runs=(),
    )


def make_piece(execution: Execution, sequence: int, text: str = "x") -> OutputPiece:
    return OutputPiece(execution_id=execution.id, sequence=sequence, stream="stdout", text=text)


async def test_keeps_every_field_of_an_execution(
    make_store: Callable[[], ExecutionStore],
) -> None:
    store = make_store()
    waiting = make_execution(is_streaming=True)
    running = waiting.started(now=NOW)
    ended = running.finished(make_result(), now=NOW)
    await store.add(waiting)
    found = [await store.find(waiting.id)]
    for state in (running, ended):
        assert await store.replace(state)
        found.append(await store.find(waiting.id))

    assert found == [waiting, running, ended]
    assert ended.status is ExecutionStatus.ERROR
    assert ended.version == 2


async def test_knows_nothing_of_others(make_store: Callable[[], ExecutionStore]) -> None:
    store = make_store()

    assert await store.find(str(uuid.uuid4())) is None
    assert await store.output_so_far(str(uuid.uuid4())) == []


async def test_no_name_made_of_an_id_leads_to_anything(
    make_store: Callable[[], ExecutionStore],
) -> None:
    store = make_store()
    execution = make_execution()
    await store.add(execution)
    await store.add_output(make_piece(execution, 0))

    for name in (f"{execution.id}:version", f"{execution.id}:output", "queue", "", "*"):
        assert await store.find(name) is None
        assert await store.output_so_far(name) == []


async def test_of_two_changes_at_once_one_is_refused(
    make_store: Callable[[], ExecutionStore],
) -> None:
    store = make_store()
    execution = make_execution()
    await store.add(execution)
    running = execution.started(now=NOW)
    cancelled = execution.cancelled("stop", now=NOW)

    outcomes = await asyncio.gather(store.replace(running), store.replace(cancelled))

    assert sorted(outcomes) == [False, True]
    assert await store.find(execution.id) in {running, cancelled}


async def test_the_same_change_again_does_no_harm(
    make_store: Callable[[], ExecutionStore],
) -> None:
    store = make_store()
    execution = make_execution()
    await store.add(execution)
    running = execution.started(now=NOW)

    assert [await store.replace(running) for _ in range(2)] == [True, True]
    assert not await store.replace(execution.cancelled("stop", now=NOW))


async def test_a_result_is_kept_even_if_all_else_was_lost(
    make_store: Callable[[], ExecutionStore],
) -> None:
    store = make_store()
    ended = make_execution().started(now=NOW).finished(make_result(), now=NOW)

    assert await store.replace(ended)
    assert await store.find(ended.id) == ended


async def test_pieces_of_output_keep_their_order(
    make_store: Callable[[], ExecutionStore],
) -> None:
    store = make_store()
    execution, other = make_execution(), make_execution()
    await store.add(execution)
    await store.add(other)
    pieces = [make_piece(execution, number, str(number)) for number in range(20)]
    for piece in pieces:
        await store.add_output(piece)

    assert await store.output_so_far(execution.id) == pieces
    assert await store.output_so_far(other.id) == []


async def test_nothing_remains_when_the_time_is_over(
    make_store: Callable[[], ExecutionStore], clock: Clock
) -> None:
    store = make_store()
    execution = make_execution()
    await store.add(execution)
    await store.add_output(make_piece(execution, 0))
    await clock.go_on(LONG_S)

    assert await store.find(execution.id) is None
    assert await store.output_so_far(execution.id) == []


async def test_every_write_gives_the_whole_time_anew(
    make_store: Callable[[], ExecutionStore], clock: Clock
) -> None:
    store = make_store()
    execution, forgotten = make_execution(), make_execution()
    await store.add(execution)
    await store.add(forgotten)
    for number in range(3):
        await clock.go_on(LONG_S / 2)
        await store.add_output(make_piece(execution, number))

    assert await store.find(forgotten.id) is None
    assert await store.find(execution.id) == execution
    assert len(await store.output_so_far(execution.id)) == 3


async def test_hands_executions_out_in_the_order_in_which_they_came(
    make_queue: Callable[[], ExecutionQueue],
) -> None:
    queue = make_queue()
    for name in ("first", "second", "third"):
        await queue.put(name)
        await asyncio.sleep(0.002)  # instants are milliseconds
    claimed = [await queue.claim() for _ in range(4)]

    assert [each and each.execution_id for each in claimed] == ["first", "second", "third", None]


async def test_of_workers_that_claim_at_once_each_gets_another_one(
    make_queue: Callable[[], ExecutionQueue],
) -> None:
    queue = make_queue()
    names = {f"execution {number}" for number in range(10)}
    for name in names:
        await queue.put(name)
    claimed = await asyncio.gather(*(queue.claim() for _ in range(12)))

    assert {each.execution_id for each in claimed if each} == names
    assert claimed.count(None) == 2


async def test_counts_those_that_wait(make_queue: Callable[[], ExecutionQueue]) -> None:
    queue = make_queue()
    await queue.put("first")
    await queue.put("second")
    await queue.put("second")
    counts = [await queue.waiting()]
    await queue.claim()
    counts.append(await queue.waiting())

    assert counts == [2, 1]


async def test_whoever_waits_hears_of_a_new_one(
    make_queue: Callable[[], ExecutionQueue],
) -> None:
    queue = make_queue()
    waiter = asyncio.create_task(queue.wait(at_most_s=30))
    await asyncio.sleep(0)
    await queue.put("first")

    assert await waiter
    assert not await queue.wait(at_most_s=0.01)


async def test_as_many_workers_as_there_can_be_wait_at_once(
    make_queue: Callable[[], ExecutionQueue],
) -> None:
    queue = make_queue()

    heard = await asyncio.gather(*(queue.wait(at_most_s=0.5) for _ in range(64)))

    assert heard == [False] * 64


async def test_a_lost_workers_execution_goes_to_another(
    make_queue: Callable[[], ExecutionQueue], clock: Clock
) -> None:
    queue = make_queue()
    await queue.put("first")
    lost = await queue.claim()
    assert await queue.claim() is None
    await clock.go_on(LONG_S)
    again = await queue.claim()

    assert lost
    assert again
    assert again.execution_id == "first"
    assert not await queue.extend(lost)
    await queue.finish(lost)
    await queue.release(lost)
    assert await queue.claim() is None
    assert await queue.extend(again)


async def test_an_extended_lease_does_not_run_out(
    make_queue: Callable[[], ExecutionQueue], clock: Clock
) -> None:
    queue = make_queue()
    await queue.put("first")
    claimed = await queue.claim()
    assert claimed
    for _ in range(4):
        await clock.go_on(LONG_S / 2)
        assert await queue.extend(claimed)

    assert await queue.claim() is None


async def test_a_finished_execution_is_gone(
    make_queue: Callable[[], ExecutionQueue], clock: Clock
) -> None:
    queue = make_queue()
    await queue.put("first")
    claimed = await queue.claim()
    assert claimed
    await queue.finish(claimed)
    await clock.go_on(LONG_S)

    assert await queue.claim() is None
    assert not await queue.extend(claimed)


async def test_what_is_given_back_is_for_anybody_at_once_or_later(
    make_queue: Callable[[], ExecutionQueue], clock: Clock
) -> None:
    queue = make_queue()
    await queue.put("first")
    first = await queue.claim()
    assert first
    await queue.release(first)
    second = await queue.claim()
    assert second
    await queue.release(second, after_s=LONG_S)
    too_early = await queue.claim()
    await clock.go_on(LONG_S)
    third = await queue.claim()

    assert too_early is None
    assert third
    assert third.execution_id == "first"


async def test_what_is_removed_is_lost_to_its_worker(
    make_queue: Callable[[], ExecutionQueue],
) -> None:
    queue = make_queue()
    await queue.put("first")
    await queue.put("second")
    claimed = await queue.claim()
    assert claimed
    await queue.remove("first")
    await queue.remove("second")

    assert not await queue.extend(claimed)
    assert await queue.claim() is None


async def test_memory_takes_no_more_than_it_may_and_has_room_again_later() -> None:
    clock_s = 0.0
    store = MemoryExecutionStore(kept_s=10, max_characters=10_000, now_s=lambda: clock_s)
    await store.add(make_execution(code="x" * 5000))
    with pytest.raises(StorageFullError):
        await store.add(make_execution(code="x" * 5000))
    clock_s = 10.0

    await store.add(make_execution(code="x" * 5000))
    await store.close()


async def test_memory_counts_pieces_of_output_however_small_they_are() -> None:
    store = MemoryExecutionStore(kept_s=10, max_characters=10_000)
    execution = make_execution()
    await store.add(execution)
    for sequence in range(100):
        piece = OutputPiece(execution_id=execution.id, sequence=sequence, stream="stdout", text="x")
        await store.add_output(piece)

    with pytest.raises(StorageFullError):
        await store.add(make_execution())
    await store.close()


async def test_memory_forgets_what_nobody_asks_for() -> None:
    store = MemoryExecutionStore(kept_s=SHORT_S)
    await store.add(make_execution())
    await asyncio.sleep(SHORT_S / 2)
    await store.add(make_execution())
    await asyncio.sleep(2 * SHORT_S)

    assert not store._kept
    assert store._characters == 0
    await store.close()


async def test_many_at_once_share_few_connections_to_redis(redis_url: str) -> None:
    store = RedisExecutionStore(redis_url, kept_s=LONG_S)
    execution = make_execution()
    await store.add(execution)

    found = await asyncio.gather(*[store.find(execution.id) for _ in range(200)])
    async with Redis.from_url(redis_url) as connection:
        clients = await connection.client_list()
    await store.close()

    assert found == [execution] * 200
    assert len(clients) < 30


async def test_a_redis_that_is_away_is_an_error_of_its_own() -> None:
    url = f"redis://127.0.0.1:{free_port()}/0"
    store, queue = RedisExecutionStore(url, kept_s=1), RedisExecutionQueue(url, lease_s=1)

    for call in (
        store.find("first"),
        store.add(make_execution()),
        store.output_so_far("first"),
        queue.put("first"),
        queue.claim(),
        queue.waiting(),
        queue.wait(at_most_s=1),
        queue.remove("first"),
    ):
        with pytest.raises(RedisUnavailableError):
            await call
    await store.close()
    await queue.close()
