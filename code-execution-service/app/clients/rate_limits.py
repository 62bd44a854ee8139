"""How often somebody has asked: counted in this process, or in Redis for all replicas together."""

import logging
import math
import time
from collections.abc import Mapping

from limits import RateLimitItem
from limits.aio.storage import MemoryStorage, RedisStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from limits.errors import StorageError
from redis.asyncio import ConnectionPool

from app.errors import RedisUnavailableError, TooManyRequestsError

logger = logging.getLogger(__name__)

TIMEOUT_S = 1.0
"""How long a request may wait for Redis; after that it is let in uncounted."""


class RateLimiter:
    """Counts requests per limit and caller in a sliding window."""

    def __init__(self, rates: Mapping[str, RateLimitItem], *, redis_url: str) -> None:
        self._rates = rates
        self._pool = _connect(redis_url) if redis_url else None
        self._storage = _storage_in(redis_url, self._pool) if self._pool else MemoryStorage()
        self._windows = SlidingWindowCounterRateLimiter(self._storage)

    async def close(self) -> None:
        """Close the connections to Redis."""
        if self._pool:
            await self._pool.aclose()

    async def count(self, limit: str, caller: str) -> None:
        """Count a request; one that Redis can't count is let in.

        Raises:
            TooManyRequestsError: it is one too many.
        """
        try:
            await self._hit(limit, caller)
        except StorageError as error:
            logger.warning("a request was not counted: %s", error.storage_error)

    async def check(self) -> None:
        """Return if requests can be counted.

        Raises:
            RedisUnavailableError: they can't.
        """
        if not await self._storage.check():
            raise RedisUnavailableError

    async def _hit(self, limit: str, caller: str) -> None:
        rate = self._rates[limit]
        if await self._windows.hit(rate, limit, caller):
            return
        ends_at_s = (await self._windows.get_window_stats(rate, limit, caller)).reset_time
        raise TooManyRequestsError(
            f"More than {rate.amount} requests in {rate.get_expiry()} s; wait a little",
            retry_after_s=max(1, math.ceil(ends_at_s - time.time())),
        )


def _connect(url: str) -> ConnectionPool:
    return ConnectionPool.from_url(
        url.replace("redis+unix:", "unix:"),
        socket_timeout=TIMEOUT_S,
        socket_connect_timeout=TIMEOUT_S,
    )


def _storage_in(url: str, pool: ConnectionPool) -> RedisStorage:
    return RedisStorage(
        f"async+{url}",
        wrap_exceptions=True,
        implementation="redispy",
        connection_pool=pool,  # type: ignore[arg-type]  # documented; the annotation is too narrow
    )
