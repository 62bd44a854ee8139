import os
import subprocess
from collections.abc import Iterator

import httpx
import pytest

from tests.container.deployment import SERVICE, Deployment


@pytest.fixture(scope="session")
def engine() -> None:
    """Need a Docker engine; `./manage-code-execution.sh test` sets it up where it can."""
    lack = os.environ.get("CONTAINER_TESTS_LACK", "")
    if not lack and subprocess.run(["docker", "info"], capture_output=True, check=False).returncode:
        lack = "no Docker engine answers"
    if not lack:
        return
    if os.environ.get("CI") == "true":
        pytest.fail(f"the container tests can't run: {lack}")
    pytest.skip(f"CONTAINER TESTS NOT RUN: {lack}")


@pytest.fixture(scope="session")
def deployment(engine: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    deployment = Deployment(tmp_path_factory.mktemp("deployment"))
    try:
        deployment.start()
        yield deployment
    finally:
        deployment.stop()


@pytest.fixture
def service(deployment: Deployment) -> Iterator[httpx.Client]:
    with deployment.client(SERVICE, 8001) as client:
        yield client


@pytest.fixture(scope="session")
def stack(deployment: Deployment) -> Deployment:
    """What end-to-end tests know their installation by."""
    return deployment
