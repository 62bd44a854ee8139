"""One lane: walls that stand as long as the service, and in them one box after the other."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Collection
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from app.engines.sandbox.box import Box
from app.engines.sandbox.bubblewrap import Bubblewrap, start_bubblewrap
from app.engines.sandbox.cgroups import Cgroup
from app.engines.sandbox.keeper_box import KeeperBox
from app.engines.sandbox.keeper_connection import KeeperConnection
from app.engines.sandbox.keeper_protocol import END, OPEN, ReplyKind
from app.engines.sandbox.walls import Walls
from app.errors import SandboxFailureError

_ANSWER_TIMEOUT_S = 30


class Lane:
    """Bubblewrap with the keeper in it; the next box is always ready before it is asked for.

    A box that was left in the middle of something takes its lane with it, which is then built anew.
    Between two uses nothing of it belongs to an event loop.
    """

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
        self._built: _Built | None = None
        self._has_old_box = False

    @asynccontextmanager
    async def box(self) -> AsyncGenerator[Box, None]:
        """Use the next box, fresh and empty; it is gone when the block has ended.

        Raises:
            SandboxFailureError: it could not be made.
        """
        built = self._built or self.build()
        box = KeeperBox(built.connection, built.cgroup, self._controllers)
        is_ready = False
        try:
            await self._expect_box(built.connection)
            is_ready = True
            yield box
            await box.settle()
        finally:
            # Between request and answer nobody knows what would come next.
            is_reusable = is_ready and box.is_settled and not built.cgroup.is_worn
            if not is_reusable or not self._change_boxes(built.connection):
                await self.close()

    def build(self) -> "_Built":
        """Build the walls, and let the first box be made; returns before they stand.

        Raises:
            SandboxFailureError: the host can't start bubblewrap.
        """
        cgroup = self._create_cgroup()
        try:
            bubblewrap = start_bubblewrap(
                self._walls,
                self._keeper,
                cgroup,
                is_memory_watched="memory" not in self._controllers,
            )
        except SandboxFailureError:
            cgroup.close()
            raise
        self._built = _Built(bubblewrap, cgroup)
        self._built.connection.send_now(OPEN)
        self._has_old_box = False
        return self._built

    def get_ready(self) -> None:
        """Build the walls if they do not stand; if they can't be, whoever uses it next is told."""
        if self._built is None:
            with suppress(SandboxFailureError):
                self.build()

    def break_off(self) -> None:
        """End whatever runs in the lane, under the feet of whoever uses it."""
        if self._built:
            self._built.connection.shut_down()

    async def close(self) -> None:
        """Destroy the walls with everything in them; returns when nothing of it is left."""
        built, self._built = self._built, None
        if built is not None:
            # Goes on if we are cancelled: new walls may be built beside the old ones.
            await asyncio.shield(asyncio.create_task(_destroy(built)))

    def _change_boxes(self, connection: KeeperConnection) -> bool:
        """Let the old box end and the new one be made meanwhile; false if the keeper has died."""
        self._has_old_box = True
        try:
            connection.send_now(END + OPEN)
        except SandboxFailureError:
            return False
        return True

    async def _expect_box(self, connection: KeeperConnection) -> None:
        async with connection.answering_within(_ANSWER_TIMEOUT_S):
            if self._has_old_box:
                await connection.receive(ReplyKind.GONE)
                self._has_old_box = False
            await connection.receive(ReplyKind.DONE)


@dataclass(frozen=True, slots=True)
class _Built:
    """What stands of a lane."""

    bubblewrap: Bubblewrap
    cgroup: Cgroup

    @property
    def connection(self) -> KeeperConnection:
        """The line to its keeper."""
        return self.bubblewrap.connection


async def _destroy(built: _Built) -> None:
    try:
        await built.bubblewrap.end()
    finally:
        await asyncio.to_thread(built.cgroup.close)  # waits for who dies slowly
