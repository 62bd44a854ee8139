"""Where no keeper can be built: plain bubblewrap, made anew for every command.

Behind the same interface as `lane` and `keeper_box`, with the same walls, limits and facts; only
that every compile step and every run pays for walls of its own.
"""

import asyncio
import os
from collections.abc import AsyncGenerator, Callable, Collection
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from app.domain.runs import RunResult, RunStatus
from app.engines.base import OutputListener
from app.engines.sandbox.box import Archive, Box
from app.engines.sandbox.bubblewrap import Bubblewrap, start_bubblewrap
from app.engines.sandbox.cgroups import Cgroup
from app.engines.sandbox.filters import filter_path, has_filter
from app.engines.sandbox.keeper_box import KeeperBox
from app.engines.sandbox.keeper_protocol import Command
from app.engines.sandbox.walls import PYTHON, Walls
from app.errors import EngineUnavailableError, SandboxFailureError

_TOO_LARGE = b"\nWhat the compiler left is too large to be run: more than 64 MiB"


def expect_plain_lanes(keeper_complaint: str) -> None:
    """Return if this host can do without the keeper, which can't be built.

    Raises:
        EngineUnavailableError: it can't; the detail says why there is no keeper, and what to do.
    """
    if not Path(PYTHON[0]).exists():
        raise EngineUnavailableError(f"{keeper_complaint}; or: apt-get install python3")
    if not has_filter():
        raise EngineUnavailableError(f"{keeper_complaint} ({os.uname().machine} needs it)")


class PlainLane:
    """One command at a time, each behind walls that are made for it and die with it."""

    def __init__(
        self,
        walls: Walls,
        keeper: Path,
        create_cgroup: Callable[[], Cgroup],
        controllers: Collection[str],
    ) -> None:
        self._walls = walls
        self._keeper = keeper
        self._create_cgroup = create_cgroup
        self._controllers = controllers
        self._is_memory_watched = "memory" not in controllers
        self._system_calls = filter_path(is_memory_watched=self._is_memory_watched)
        self._standing: Bubblewrap | None = None
        self._is_broken_off = False

    @asynccontextmanager
    async def box(self) -> AsyncGenerator[Box, None]:
        """Use a box; it is empty.

        Raises:
            SandboxFailureError: the host gives no cgroup.
        """
        cgroup = self._create_cgroup()
        box = _PlainBox(self, cgroup)
        try:
            yield box
        finally:
            box.disconnect()
            # In a thread, as it waits for who dies slowly; it goes on if we are cancelled.
            await asyncio.shield(asyncio.create_task(asyncio.to_thread(cgroup.close)))

    @asynccontextmanager
    async def walls(self, cgroup: Cgroup) -> AsyncGenerator[KeeperBox, None]:
        """Build walls for one command; they are gone when the block has ended.

        Raises:
            SandboxFailureError: they can't be built.
        """
        if self._is_broken_off:
            raise SandboxFailureError("The engine is being stopped")
        bubblewrap = start_bubblewrap(
            self._walls,
            self._keeper,
            cgroup,
            is_memory_watched=self._is_memory_watched,
            system_calls=self._system_calls,
        )
        self._standing = bubblewrap
        try:
            yield KeeperBox(bubblewrap.connection, cgroup, self._controllers)
        finally:
            await asyncio.shield(asyncio.create_task(bubblewrap.end()))
            self._standing = None

    def get_ready(self) -> None:
        """Do nothing: what there is to build depends on the command."""

    def break_off(self) -> None:
        """End what runs, and let nothing run any more."""
        self._is_broken_off = True
        if self._standing is not None:
            self._standing.connection.shut_down()

    async def close(self) -> None:
        """Return when nothing runs."""
        if self._standing is not None:
            await self._standing.end()


class _PlainBox:
    """Files that are put behind new walls for every command."""

    def __init__(self, lane: PlainLane, cgroup: Cgroup) -> None:
        self._lane = lane
        self._cgroup = cgroup
        self._files: list[tuple[str, bytes]] = []
        self._archive: Archive | None = None
        self._streams: list[int] = []
        self._running: KeeperBox | None = None

    async def put_file(self, name: str, content: bytes) -> None:
        self._files.append((name, content))

    def unpack(self, archive: Archive) -> None:
        self._archive = archive

    def connect(self, *, stdin: int, stdout: int) -> None:
        self.disconnect()
        self._streams = [os.dup(stdin), os.dup(stdout)]

    def disconnect(self) -> None:
        """Close what a command was to be connected with."""
        while self._streams:
            os.close(self._streams.pop())

    def stop(self) -> None:
        if self._running is not None:
            self._running.stop()

    async def run(self, command: Command, on_output: OutputListener | None = None) -> RunResult:
        async with self._lane.walls(self._cgroup) as box:
            await self._fill(box)
            self._running = box
            try:
                run = await box.run(command, on_output)
            finally:
                self._running = None
            if not command.is_compiling or run.status is not RunStatus.OK:
                return run
            self._archive, self._files = await box.pack(), []
        if self._archive is not None:
            return run
        stderr = run.stderr + _TOO_LARGE
        return replace(run, status=RunStatus.NONZERO_EXIT, exit_code=1, stderr=stderr)

    async def pack(self) -> Archive | None:
        return self._archive

    async def _fill(self, box: KeeperBox) -> None:
        if self._archive is not None:
            box.unpack(self._archive)
        for name, content in self._files:
            await box.put_file(name, content)
        if self._streams:
            stdin, stdout = self._streams
            box.connect(stdin=stdin, stdout=stdout)
            self.disconnect()
