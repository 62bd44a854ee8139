"""What holds for every test."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from tests.container.deployment import Deployment

# How fast examples come depends on the machine and on its load, and says nothing about the code.
settings.register_profile(
    "any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("any machine")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--in-containers",
        action="store_true",
        help="play tests/e2e on the production stack in Docker, through nginx's port",
    )


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with whole installations: side by side, the longest file must not be left to the end.

    Container tests come last: what they start shall not disturb tests that measure time.
    """
    items.sort(key=_turn)


def _turn(item: pytest.Item) -> int:
    if item.get_closest_marker("e2e"):
        return 0
    return 2 if item.get_closest_marker("docker") else 1


@pytest.fixture(scope="session")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> "Iterator[Deployment]":
    """The production stack in Docker, which all tests that ask for it share."""
    # The sandbox's tests come here, too, in a container that has nothing to deploy with.
    from tests.container.deployment import running_deployment  # noqa: PLC0415

    with running_deployment(tmp_path_factory.mktemp("deployment")) as deployment:
        yield deployment


@pytest.fixture(scope="module")
def emptied_deployment(deployment: "Deployment") -> "Deployment":
    """The same, as if it had just been set up: nobody is there but bob."""
    deployment.empty()
    return deployment
