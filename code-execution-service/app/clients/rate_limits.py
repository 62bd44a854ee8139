"""How often somebody has asked: counted in Redis for all replicas together, or in this process."""

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
"""How long a request may wait for Redis; after that it is counted here."""
PAUSE_S = 2.0
"""For so long nobody waits for a Redis that did not answer."""


class RateLimiter:
    """Counts requests per limit and caller in a sliding window.

    While Redis is away each replica counts what comes to it: nobody is kept out, nobody may do all.
    """

    def __init__(self, rates: Mapping[str, RateLimitItem], *, redis_url: str) -> None:
        self._rates = rates
        self._pool = _connect(redis_url) if redis_url else None
        self._here = SlidingWindowCounterRateLimiter(MemoryStorage())
        self._storage = _storage_in(redis_url, self._pool) if self._pool else None
        self._together = SlidingWindowCounterRateLimiter(self._storage) if self._storage else None
        self._together_from_s = 0.0

    async def close(self) -> None:
        """Close the connections to Redis."""
        if self._pool:
            await self._pool.aclose()

    async def count(self, limit: str, caller: str) -> None:
        """Count a request.

        Raises:
            TooManyRequestsError: it is one too many.
        """
        if self._together and time.monotonic() >= self._together_from_s:
            try:
                await self._hit(self._together, limit, caller)
            except StorageError as error:
                self._together_from_s = time.monotonic() + PAUSE_S
                logger.warning("requests are counted by each replica: %s", error.storage_error)
            else:
                return
        await self._hit(self._here, limit, caller)

    async def check(self) -> None:
        """Return if requests can be counted.

        Raises:
            RedisUnavailableError: they can't.
        """
        if self._storage and not await self._storage.check():
            raise RedisUnavailableError

    async def _hit(self, windows: SlidingWindowCounterRateLimiter, limit: str, caller: str) -> None:
        rate = self._rates[limit]
        if await windows.hit(rate, limit, caller):
            return
        ends_at_s = (await windows.get_window_stats(rate, limit, caller)).reset_time
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
