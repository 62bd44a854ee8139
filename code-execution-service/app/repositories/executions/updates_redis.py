"""Updates between replicas, by Redis's publish/subscribe."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from typing_extensions import override

from app.domain.executions import Execution, ExecutionUpdate
from app.errors import RedisUnavailableError
from app.redis_connections import TIMEOUT_S, connect_to_redis
from app.repositories.executions.base import ExecutionUpdates, Watch
from app.repositories.executions.documents import decode_update, encode
from app.repositories.executions.hearing import Hearing
from app.repositories.executions.watches import LocalWatches

logger = logging.getLogger(__name__)

SUBSCRIBE_TIMEOUT_S = 5.0
"""Longer: when hundreds begin to watch at once, the process itself takes a while to hear it."""
CHECK_S = 5.0
"""How often Redis is asked whether it is still there: of a lost host the network says nothing."""
PAUSE_S = 0.5
"""For how long after Redis could not be reached nobody tries: all who watch come at once."""


class RedisUpdates(ExecutionUpdates):
    """Tells those who watch in any replica; this process hears of it over one connection."""

    def __init__(self, url: str, *, check_s: float = CHECK_S) -> None:
        self._speaking = connect_to_redis(url)
        self._hearing_from = Redis.from_url(
            url.replace("redis+unix:", "unix:"),
            socket_timeout=TIMEOUT_S,
            socket_connect_timeout=TIMEOUT_S,
            # A connection that comes back by itself would hide that updates were missed.
            retry=Retry(NoBackoff(), 0),
        )
        self._check_s = check_s
        self._watches = LocalWatches()
        self._hearing: Hearing | None = None
        self._opening = asyncio.Lock()
        self._next_try_s = 0.0

    @override
    async def publish(self, update: ExecutionUpdate) -> None:
        """Tell all who watch of what has been stored before; where Redis is away nobody is told."""
        execution_id = update.id if isinstance(update, Execution) else update.execution_id
        try:
            await self._speaking.publish(_channel_of(execution_id), encode(update))
        except (RedisError, OSError) as error:
            logger.warning("who watches %s is not told of a change: %s", execution_id, error)

    @override
    @asynccontextmanager
    async def watched(self, execution_id: str) -> AsyncIterator[Watch]:
        """Receive updates while the block runs, all that are published after it was entered.

        Raises:
            RedisUnavailableError: Redis does not answer.
        """
        hearing = await self._hear()
        try:
            with self._watches.watching(execution_id) as watch:
                await hearing.begin(_channel_of(execution_id))
                yield watch
        finally:
            if not self._watches.is_watched(execution_id):
                hearing.end(_channel_of(execution_id))

    @override
    async def close(self) -> None:
        """End; every watch is lost."""
        if self._hearing is not None:
            await self._hearing.close()
        await self._speaking.aclose()
        await self._hearing_from.aclose()

    async def _hear(self) -> Hearing:
        async with self._opening:
            if self._hearing is None or self._hearing.is_over:
                if time.monotonic() < self._next_try_s:
                    raise RedisUnavailableError
                self._hearing = await self._open()
            return self._hearing

    async def _open(self) -> Hearing:
        hearing = Hearing(
            self._hearing_from.pubsub(),
            take=self._take,
            lose=self._watches.lose_all,
            check_s=self._check_s,
            timeout_s=SUBSCRIBE_TIMEOUT_S,
        )
        try:
            await hearing.open()
        except (RedisError, OSError) as error:
            self._next_try_s = time.monotonic() + PAUSE_S
            logger.warning("updates of other replicas are not heard of: %s", error)
            raise RedisUnavailableError from error
        return hearing

    def _take(self, data: bytes) -> None:
        try:
            update = decode_update(data)
        except ValueError as error:
            logger.warning("what came is no update: %s", error)
        else:
            self._watches.tell(update)


def _channel_of(execution_id: str) -> bytes:
    return b"execution-updates:" + execution_id.encode()
