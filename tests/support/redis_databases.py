"""One Redis for all tests of a module, started when the first one wants it."""

import contextlib
from collections.abc import Iterator
from typing import Any

import pytest
import pytest_asyncio
from redis.asyncio import Redis

from tests.support.patience import PATIENCE_S
from tests.support.servers import ServerMissingError, redis


@pytest.fixture(scope="module")
def redis_url() -> Iterator[str]:
    """Yield its URL, or skip the test and say why."""
    with contextlib.ExitStack() as stack:
        try:
            url = stack.enter_context(redis())
        except ServerMissingError as missing:
            pytest.skip(f"not run: {missing}")
        yield url


@pytest_asyncio.fixture(params=["memory", "redis"])
async def store_url(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Run a test with memory (an empty URL) and with an empty Redis, which may be slow."""
    monkeypatch.setattr("app.redis_connections.TIMEOUT_S", PATIENCE_S)
    if request.param == "memory":
        return ""
    url: str = request.getfixturevalue("redis_url")
    await empty(url)
    return url


async def age(url: str, by_s: float) -> None:
    """Have a Redis act as if so much time had passed: for ends of keys, and for instants."""
    by_ms = round(by_s * 1000)
    async with Redis.from_url(url) as connection:
        for key in await connection.keys():
            if await connection.type(key) == b"zset":
                members: Any = await connection.zrange(key, 0, -1)
                for member in members:
                    await connection.zincrby(key, -by_ms, member)
            left_ms = await connection.pttl(key)
            if left_ms >= 0:
                await connection.pexpire(key, left_ms - by_ms)


async def empty(url: str) -> None:
    """Have a Redis forget everything."""
    async with Redis.from_url(url) as connection:
        await connection.flushdb()
