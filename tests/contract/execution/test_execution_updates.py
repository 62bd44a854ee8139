"""Memory and Redis tell whoever watches alike; the Redis is a real one."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest
import pytest_asyncio
from redis.asyncio import Redis

from app.domain.executions import ExecutionStatus, ExecutionUpdate, OutputPiece
from app.errors import RedisUnavailableError
from app.redis_connections import connect_to_redis
from app.repositories.executions import updates_redis
from app.repositories.executions.base import ExecutionUpdates, Watch, WatchLostError
from app.repositories.executions.updates_memory import MemoryUpdates
from app.repositories.executions.updates_redis import RedisUpdates
from app.repositories.executions.watches import PENDING_MAX
from tests.support.executions import NOW, make_execution
from tests.support.patience import PATIENCE_S
from tests.support.servers import free_port

pytestmark = pytest.mark.asyncio
EXECUTION = make_execution(id="one", is_streaming=True)
RUNNING = EXECUTION.moved_to(ExecutionStatus.RUNNING, now=NOW)


def piece(sequence: int, execution_id: str = "one") -> OutputPiece:
    return OutputPiece(
        execution_id=execution_id, sequence=sequence, stream="stdout", text=f"line {sequence}\n"
    )


@pytest_asyncio.fixture
async def make_redis_updates(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Callable[..., RedisUpdates]]:
    opened: list[RedisUpdates] = []
    for name in ("TIMEOUT_S", "SUBSCRIBE_TIMEOUT_S"):
        monkeypatch.setattr(updates_redis, name, PATIENCE_S)
    defaults: Any = connect_to_redis.__kwdefaults__
    monkeypatch.setitem(defaults, "timeout_s", PATIENCE_S)

    def make(*, check_s: float = PATIENCE_S) -> RedisUpdates:
        opened.append(RedisUpdates(redis_url, check_s=check_s))
        return opened[-1]

    yield make
    for each in opened:
        await each.close()


@pytest.fixture(params=["memory", "redis"])
def updates(request: pytest.FixtureRequest) -> ExecutionUpdates:
    if request.param == "memory":
        return MemoryUpdates()
    made: RedisUpdates = request.getfixturevalue("make_redis_updates")()
    return made


@pytest_asyncio.fixture
async def admin(redis_url: str) -> AsyncIterator[Redis]:
    async with Redis.from_url(redis_url) as client:
        yield client


async def take(watch: Watch, count: int) -> list[ExecutionUpdate]:
    return [await watch.next() for _ in range(count)]


async def test_tells_states_and_output_in_the_order_in_which_they_were_published(
    updates: ExecutionUpdates,
) -> None:
    published: list[ExecutionUpdate] = [
        RUNNING,
        *map(piece, range(20)),
        RUNNING.cancelled("enough", now=NOW),
    ]

    async with updates.watched("one") as watch:
        for update in published:
            await updates.publish(update)

        assert await take(watch, len(published)) == published


async def test_tells_everybody_who_watches_and_nobody_else(updates: ExecutionUpdates) -> None:
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(updates.watched("one"))
        second = await stack.enter_async_context(updates.watched("one"))
        other = await stack.enter_async_context(updates.watched("two"))
        await updates.publish(piece(1))
        await updates.publish(piece(2, "two"))

        assert await first.next() == piece(1)
        assert await second.next() == piece(1)
        assert await other.next() == piece(2, "two")


async def test_misses_nothing_that_is_published_after_somebody_began_to_watch(
    updates: ExecutionUpdates,
) -> None:
    for round_ in range(100):
        async with updates.watched("one") as watch:
            await updates.publish(piece(round_))

            assert await watch.next() == piece(round_)


async def test_goes_on_telling_those_who_stay_when_one_leaves(updates: ExecutionUpdates) -> None:
    async with updates.watched("one") as staying:
        async with updates.watched("one"):
            pass
        await updates.publish(piece(1))

        assert await staying.next() == piece(1)


async def test_who_takes_no_updates_loses_the_watch_and_nobody_else_does(
    updates: ExecutionUpdates,
) -> None:
    async with updates.watched("one") as slow, updates.watched("one") as quick:
        for sequence in range(PENDING_MAX + 1):
            await updates.publish(piece(sequence))
            await quick.next()

        with pytest.raises(WatchLostError):
            await slow.next()


async def test_what_was_not_lost_is_all_there(updates: ExecutionUpdates) -> None:
    async with updates.watched("one") as watch, updates.watched("one") as last:
        for sequence in range(PENDING_MAX):
            await updates.publish(piece(sequence))
            await last.next()

        assert await take(watch, PENDING_MAX) == [*map(piece, range(PENDING_MAX))]


async def test_closing_ends_every_watch(updates: ExecutionUpdates) -> None:
    async with updates.watched("one") as watch:
        await updates.close()

        with pytest.raises(WatchLostError):
            await watch.next()


async def test_somebody_who_gives_up_waiting_misses_nothing(updates: ExecutionUpdates) -> None:
    async with updates.watched("one") as watch:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(watch.next(), 0.01)
        await updates.publish(piece(1))

        assert await watch.next() == piece(1)


async def test_tells_those_who_watch_in_another_replica(
    make_redis_updates: Callable[..., RedisUpdates],
) -> None:
    here, there = make_redis_updates(), make_redis_updates()

    async with here.watched("one") as watch, there.watched("one") as other:
        await there.publish(RUNNING)

        assert await watch.next() == await other.next() == RUNNING


async def test_many_watches_need_one_connection(
    make_redis_updates: Callable[..., RedisUpdates], admin: Redis
) -> None:
    updates = make_redis_updates()

    async with AsyncExitStack() as stack:
        watches = await asyncio.gather(
            *(stack.enter_async_context(updates.watched(f"many-{n}")) for n in range(200))
        )
        subscribers = await admin.client_list(_type="pubsub")
        await updates.publish(piece(1, "many-199"))

        assert await watches[199].next() == piece(1, "many-199")
        assert [each["sub"] for each in subscribers if each["sub"] == "200"] == ["200"]


async def test_nothing_stays_subscribed_when_nobody_watches(
    make_redis_updates: Callable[..., RedisUpdates], admin: Redis
) -> None:
    updates = make_redis_updates()

    async with updates.watched("left"):
        pass
    async with updates.watched("after"):
        # Redis does what it is told in order.
        assert b"execution-updates:left" not in await admin.pubsub_channels()


async def test_a_lost_connection_ends_every_watch_and_the_next_one_works(
    make_redis_updates: Callable[..., RedisUpdates], admin: Redis
) -> None:
    updates = make_redis_updates()

    async with updates.watched("one") as watch, updates.watched("two") as other:
        await admin.client_kill_filter(_type="pubsub")
        for each in (watch, other):
            with pytest.raises(WatchLostError):
                await each.next()
    async with updates.watched("one") as watch:
        await updates.publish(piece(1))

        assert await watch.next() == piece(1)


async def test_connections_that_redis_has_closed_keep_nothing_from_being_told(
    make_redis_updates: Callable[..., RedisUpdates], admin: Redis
) -> None:
    updates = make_redis_updates()

    async with updates.watched("one") as watch:
        await updates.publish(piece(1))
        await admin.client_kill_filter(_type="normal")
        await updates.publish(piece(2))

        assert await take(watch, 2) == [piece(1), piece(2)]


async def test_a_redis_that_says_nothing_for_a_while_ends_every_watch_and_the_next_one_works(
    make_redis_updates: Callable[..., RedisUpdates], admin: Redis
) -> None:
    updates = make_redis_updates(check_s=0.05)

    async with updates.watched("one") as watch:
        losing = asyncio.create_task(watch.next())
        while not losing.done():
            await admin.client_pause(300)
        with pytest.raises(WatchLostError):
            await losing
    updates._check_s = PATIENCE_S
    async with updates.watched("one") as watch:
        await updates.publish(piece(1))

        assert await watch.next() == piece(1)


async def test_without_redis_nobody_can_watch_and_publishing_does_no_harm() -> None:
    updates = RedisUpdates(f"redis://127.0.0.1:{free_port()}/0")

    await updates.publish(RUNNING)
    for _ in range(2):
        with pytest.raises(RedisUnavailableError):
            async with updates.watched("one"):
                pytest.fail("it watches without Redis")
    await updates.close()


async def test_what_is_no_update_is_passed_over(
    make_redis_updates: Callable[..., RedisUpdates], admin: Redis
) -> None:
    updates = make_redis_updates()

    async with updates.watched("one") as watch:
        await admin.publish("execution-updates:one", b'{"id": "one"}')
        await updates.publish(piece(1))

        assert await watch.next() == piece(1)
