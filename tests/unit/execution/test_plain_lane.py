"""A lane without a keeper, as far as it needs no sandbox."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from app.engines.sandbox.cgroups.none import NoCgroup
from app.engines.sandbox.plain_lane import PlainLane
from tests.support.patience import PATIENCE_S
from tests.unit.execution.test_walls import WALLS

pytestmark = pytest.mark.asyncio


class WatchedCgroup(NoCgroup):
    """Tells when it is removed."""

    def __init__(self) -> None:
        self.is_removed = threading.Event()

    def close(self) -> None:
        self.is_removed.set()


async def test_a_cgroup_is_removed_also_if_who_waits_for_that_is_called_off() -> None:
    cgroup, may_go_on = WatchedCgroup(), threading.Event()
    lane = PlainLane(WALLS, Path("/keeper"), lambda: cgroup, ())
    loop = asyncio.get_running_loop()
    loop.set_default_executor(ThreadPoolExecutor(1))
    busy = loop.run_in_executor(None, may_go_on.wait)  # so that the removal can't begin yet

    is_done = asyncio.Event()

    async def use() -> None:
        async with lane.box():
            is_done.set()

    using = asyncio.create_task(use())
    await is_done.wait()  # in the same step it came as far as waiting for the removal
    using.cancel()
    await asyncio.gather(using, return_exceptions=True)
    may_go_on.set()
    await busy

    assert using.cancelled()
    assert await asyncio.to_thread(cgroup.is_removed.wait, PATIENCE_S)
