"""One PostgreSQL server for the whole test run, started when the first test wants it."""

import contextlib
from collections.abc import Iterator

import pytest

from tests.support.servers import ServerMissingError, postgresql


@pytest.fixture(scope="session")
def postgresql_url() -> Iterator[str]:
    """Yield the URL of the server's maintenance database, or skip the test and say why."""
    with contextlib.ExitStack() as stack:
        try:
            url = stack.enter_context(postgresql())
        except ServerMissingError as missing:
            pytest.skip(f"not run: {missing}")
        yield url
