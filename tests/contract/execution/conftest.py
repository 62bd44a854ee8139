from collections.abc import Iterator

import pytest

from tests.support.online_compiler import FakeProvider, fake_provider


@pytest.fixture
def provider() -> Iterator[FakeProvider]:
    with fake_provider() as provider:
        yield provider
