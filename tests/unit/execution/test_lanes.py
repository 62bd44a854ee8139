"""Who gets a lane; the lanes themselves are tested in the sandbox."""

from pathlib import Path

import pytest

from app.engines.sandbox.cgroups import Cgroup
from app.engines.sandbox.lane import Lane
from app.engines.sandbox.lanes import Lanes
from app.engines.sandbox.walls import Walls
from app.errors import SandboxFailureError

pytestmark = pytest.mark.asyncio

WALLS = Walls(
    bwrap="/usr/bin/bwrap",
    setpriv=None,
    links=(),
    read_only_paths=(),
    hidden_paths=(),
    has_proc=True,
)


def no_cgroup() -> Cgroup:
    raise SandboxFailureError("no cgroup can be made")


async def test_a_lane_that_cannot_be_built_is_not_lost() -> None:
    """Whoever uses it next tries again; else the last such lane would keep everybody waiting."""
    lanes = Lanes([Lane(WALLS, Path("/keeper"), no_cgroup, ())])

    for _ in range(2):
        with pytest.raises(SandboxFailureError, match="no cgroup can be made"):
            async with lanes.one() as lane, lane.box():
                pass

    assert lanes.idle_count == 1
