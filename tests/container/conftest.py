from collections.abc import Iterator

import httpx
import pytest

from tests.container.deployment import SERVICE, Deployment


@pytest.fixture
def service(deployment: Deployment) -> Iterator[httpx.Client]:
    with deployment.client(SERVICE, 8001) as client:
        yield client
