"""One Redis for all tests of a module, started when the first one wants it."""

import contextlib
from collections.abc import Iterator

import pytest
import pytest_asyncio
from redis.asyncio import Redis

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
async def store_url(request: pytest.FixtureRequest) -> str:
    """Run a test with memory (an empty URL) and with an empty Redis."""
    if request.param == "memory":
        return ""
    url: str = request.getfixturevalue("redis_url")
    await empty(url)
    return url


async def empty(url: str) -> None:
    """Have a Redis forget everything."""
    async with Redis.from_url(url) as connection:
        await connection.flushdb()
