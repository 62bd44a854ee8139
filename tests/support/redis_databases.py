"""One Redis for all tests of a module, started when the first one wants it."""

import contextlib
from collections.abc import Iterator

import pytest

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
