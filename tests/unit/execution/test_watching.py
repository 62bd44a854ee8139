"""Following an execution through whatever gets lost; the store and the updates are in memory."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from datetime import timedelta

import pytest
from typing_extensions import override

from app.domain.callers import Caller
from app.domain.executions import Execution, ExecutionStatus, ExecutionUpdate, OutputPiece
from app.errors import ExecutionNotFoundError, ForbiddenError, RedisUnavailableError
from app.repositories.executions.base import Watch
from app.repositories.executions.memory import MemoryExecutionQueue, MemoryExecutionStore
from app.repositories.executions.ports import ExecutionPorts
from app.repositories.executions.updates_memory import MemoryUpdates
from app.services import watching
from app.services.watching import WatchingService
from tests.support.executions import NOW, make_execution

pytestmark = pytest.mark.asyncio
NEW = make_execution(id="one", owner="platform:alice", is_streaming=True)
RUNNING = NEW.started(now=NOW)
DONE = RUNNING.moved_to(ExecutionStatus.COMPLETED, now=NOW)
CANCELLED = NEW.cancelled("enough", now=NOW)


def person(owner: str) -> Caller:
    return Caller(
        owner=owner,
        uid=owner,
        email=None,
        name=None,
        is_email_verified=False,
        is_guest=False,
        expires_at=NOW + timedelta(hours=1),
    )


ALICE = person("platform:alice")
CHARLIE = person("platform:charlie")


def piece(sequence: int) -> OutputPiece:
    return OutputPiece(execution_id="one", sequence=sequence, stream="stdout", text=f"{sequence}\n")


class Redis:
    """What the adapters share here: whether it answers."""

    def __init__(self) -> None:
        self.is_away = False

    def expect(self) -> None:
        if self.is_away:
            raise RedisUnavailableError


class Store(MemoryExecutionStore):
    def __init__(self, redis: Redis) -> None:
        super().__init__(kept_s=60)
        self._redis = redis

    @override
    async def find(self, execution_id: str) -> Execution | None:
        self._redis.expect()
        return await super().find(execution_id)


class Updates(MemoryUpdates):
    def __init__(self, redis: Redis) -> None:
        super().__init__()
        self._redis = redis

    @override
    @asynccontextmanager
    async def watched(self, execution_id: str) -> AsyncIterator[Watch]:
        self._redis.expect()
        async with super().watched(execution_id) as watch:
            yield watch


class Room:
    """Somebody runs an execution here, and somebody else follows it."""

    def __init__(self) -> None:
        self.redis = Redis()
        self.store = Store(self.redis)
        self.updates = Updates(self.redis)
        self.patience_s = 60.0

    def follow(self, caller: Caller = ALICE) -> AsyncGenerator[ExecutionUpdate]:
        queue = MemoryExecutionQueue(lease_s=60)
        ports = ExecutionPorts(store=self.store, queue=queue, updates=self.updates)
        service = WatchingService(ports, look_s=0.02, patience_s=self.patience_s)
        return service.follow("one", caller)

    async def begin(self) -> None:
        await self.store.add(NEW)

    async def tell(self, update: ExecutionUpdate) -> None:
        await self.keep(update)
        await self.updates.publish(update)

    async def keep(self, update: ExecutionUpdate) -> None:
        """Keep it without a word, as if the word was lost."""
        if isinstance(update, Execution):
            assert await self.store.replace(update)
        else:
            await self.store.add_output(update)

    async def lose_watches(self) -> None:
        await self.updates.close()

    async def lose_all(self) -> None:
        await self.store.close()
        await self.updates.close()


@pytest.fixture
def room(monkeypatch: pytest.MonkeyPatch) -> Room:
    monkeypatch.setattr(watching, "PAUSE_S", 0.01)
    return Room()


async def rest_of(updates: AsyncGenerator[ExecutionUpdate]) -> list[ExecutionUpdate]:
    return [update async for update in updates]


async def test_gives_the_state_then_what_is_told(room: Room) -> None:
    await room.begin()

    async with aclosing(room.follow()) as updates:
        assert await anext(updates) == NEW
        for update in (RUNNING, piece(0), piece(1), DONE):
            await room.tell(update)
        rest = await rest_of(updates)

    assert rest == [RUNNING, piece(0), piece(1), DONE]


async def test_gives_nothing_twice_that_was_read_and_told(room: Room) -> None:
    await room.begin()
    await room.tell(RUNNING)
    await room.tell(piece(0))

    async with aclosing(room.follow()) as updates:
        first = [await anext(updates), await anext(updates)]
        for update in (RUNNING, piece(0)):
            await room.updates.publish(update)
        await room.tell(DONE)
        rest = await rest_of(updates)

    assert first == [RUNNING, piece(0)]
    assert rest == [DONE]


async def test_the_last_state_comes_after_all_that_was_written(room: Room) -> None:
    await room.begin()
    for update in (RUNNING, piece(0), piece(1), DONE):
        await room.tell(update)

    assert await rest_of(room.follow()) == [piece(0), piece(1), DONE]


async def test_a_lost_watch_misses_nothing(room: Room) -> None:
    await room.begin()

    async with aclosing(room.follow()) as updates:
        assert await anext(updates) == NEW
        await room.tell(RUNNING)
        assert await anext(updates) == RUNNING
        for update in (piece(0), piece(1), DONE):
            await room.keep(update)
        await room.lose_watches()
        rest = await rest_of(updates)

    assert rest == [piece(0), piece(1), DONE]


async def test_a_piece_that_nobody_was_told_of_comes_before_the_next_one(room: Room) -> None:
    await room.begin()

    async with aclosing(room.follow()) as updates:
        assert await anext(updates) == NEW
        for update in (RUNNING, piece(0)):
            await room.tell(update)
        await room.keep(piece(1))
        for update in (piece(2), DONE):
            await room.tell(update)
        rest = await rest_of(updates)

    assert rest == [RUNNING, piece(0), piece(1), piece(2), DONE]


async def test_a_piece_that_is_nowhere_is_passed_over(room: Room) -> None:
    await room.begin()

    async with aclosing(room.follow()) as updates:
        assert await anext(updates) == NEW
        for update in (RUNNING, piece(1), piece(3), DONE):
            await room.tell(update)
        rest = await rest_of(updates)

    assert rest == [RUNNING, piece(1), piece(3), DONE]


async def test_what_nobody_was_told_of_is_found_all_the_same(room: Room) -> None:
    await room.begin()

    async with aclosing(room.follow()) as updates:
        assert await anext(updates) == NEW
        await room.keep(CANCELLED)

        assert await anext(updates) == CANCELLED


async def test_a_redis_that_comes_back_in_time_gives_a_late_result(room: Room) -> None:
    await room.begin()

    async with aclosing(room.follow()) as updates:
        assert await anext(updates) == NEW
        await room.keep(CANCELLED)
        room.redis.is_away = True
        await room.lose_watches()
        late = asyncio.ensure_future(anext(updates))
        await asyncio.sleep(0.03)
        assert not late.done()
        room.redis.is_away = False

        assert await late == CANCELLED


async def test_a_redis_that_stays_away_ends_it(room: Room) -> None:
    room.patience_s = 0.1
    await room.begin()

    async with aclosing(room.follow()) as updates:
        assert await anext(updates) == NEW
        room.redis.is_away = True
        await room.lose_watches()

        with pytest.raises(RedisUnavailableError):
            await anext(updates)


async def test_without_redis_nobody_begins_to_wait(room: Room) -> None:
    room.patience_s = 0.1
    room.redis.is_away = True

    with pytest.raises(RedisUnavailableError):
        await anext(room.follow())


async def test_what_redis_has_lost_and_is_run_again_is_followed_to_its_end(room: Room) -> None:
    await room.begin()
    await room.tell(RUNNING)
    await room.tell(waiting := RUNNING.given_back(now=NOW))
    await room.tell(running := waiting.started(now=NOW))

    async with aclosing(room.follow()) as updates:
        assert await anext(updates) == running
        await room.lose_all()
        await room.begin()
        await room.tell(RUNNING)
        await room.tell(DONE)
        rest = await rest_of(updates)

    assert rest == [DONE]
    assert DONE.version < running.version


async def test_what_is_lost_for_good_ends_it(room: Room) -> None:
    room.patience_s = 0.1
    await room.begin()

    async with aclosing(room.follow()) as updates:
        assert await anext(updates) == NEW
        await room.lose_all()

        with pytest.raises(ExecutionNotFoundError):
            await anext(updates)


async def test_only_the_owner_may_follow(room: Room) -> None:
    await room.begin()

    with pytest.raises(ForbiddenError):
        await anext(room.follow(CHARLIE))


async def test_what_was_never_there_is_not_waited_for(room: Room) -> None:
    with pytest.raises(ExecutionNotFoundError):
        await anext(room.follow())
