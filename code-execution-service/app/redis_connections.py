"""Connections to Redis: timeouts, one error for whatever is wrong with it."""

from collections.abc import Iterator
from contextlib import contextmanager

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError

from app.errors import RedisUnavailableError

TIMEOUT_S = 3.0
"""How long to wait for Redis, or for a connection to it: busy hosts and slow disks pause it.

Longer than a worker waits there for an execution (`background.SWEEP_S`), or each wait would fail.
"""
MAX_CONNECTIONS = 16
"""To make one takes longer than to wait for one: with more, many who come at once wait longer."""
FREE_TIMEOUT_S = 3.0
"""How long to wait for a connection that is free."""


def connect_to_redis(url: str, *, max_connections: int = MAX_CONNECTIONS) -> Redis:
    """Make a client; it connects when it is first used, and anew where a connection was lost."""
    pool = BlockingConnectionPool.from_url(
        url.replace("redis+unix:", "unix:"),
        max_connections=max_connections,
        timeout=FREE_TIMEOUT_S,
        socket_timeout=TIMEOUT_S,
        socket_connect_timeout=TIMEOUT_S,
        # Once more, as a restarted Redis has left dead connections in the pool.
        retry=Retry(NoBackoff(), retries=1, supported_errors=(RedisConnectionError,)),
    )
    return Redis.from_pool(pool)


@contextmanager
def redis_expected() -> Iterator[None]:
    """Talk to Redis inside the block.

    Raises:
        RedisUnavailableError: it does not answer, or refuses, as it has no memory left.
    """
    try:
        yield
    except (RedisError, OSError) as error:
        raise RedisUnavailableError from error
