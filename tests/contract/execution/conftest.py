from collections.abc import Iterator

import pytest

from tests.support.online_compiler import FakeProvider, fake_provider
from tests.support.redis_databases import redis_url, store_url

__all__ = ["redis_url", "store_url"]


@pytest.fixture
def provider() -> Iterator[FakeProvider]:
    with fake_provider() as provider:
        yield provider
