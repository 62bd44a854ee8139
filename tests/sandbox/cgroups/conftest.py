from collections.abc import Iterator

import pytest

from app.engines.sandbox.cgroups import Cgroup, Cgroups, find_cgroups


@pytest.fixture(scope="session")
def cgroups() -> Iterator[Cgroups]:
    """The host's, of either version."""
    found = find_cgroups()
    if "memory" not in found.support.controllers:
        pytest.skip(f"no cgroups on this host: {found.support.advice}")
    yield found
    found.close()


@pytest.fixture
def cgroup(cgroups: Cgroups) -> Iterator[Cgroup]:
    lane = cgroups.create(0)
    yield lane
    lane.close()
