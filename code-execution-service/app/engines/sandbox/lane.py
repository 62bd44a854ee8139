"""One lane: walls that stand as long as the service, and in them one box after the other."""

import asyncio
import itertools
import os
import socket
import subprocess
from collections.abc import AsyncGenerator, Callable, Collection, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from app.domain.limits import MIB
from app.engines.sandbox.box import Box
from app.engines.sandbox.cgroups import Cgroup
from app.engines.sandbox.keeper_connection import KeeperConnection
from app.engines.sandbox.keeper_protocol import END, OPEN, ReplyKind
from app.engines.sandbox.walls import (
    FIRST_USER_ID,
    GROUP,
    PASSWD,
    USER_IDS,
    LaneDescriptors,
    Walls,
    lane_command,
)
from app.errors import SandboxFailureError

BOX_BYTES = 128 * MIB
"""For a submission's files and all that its compiler makes of them."""
_ANSWER_TIMEOUT_S = 30
_DEATH_TIMEOUT_S = 10

_user_ids = itertools.cycle(range(FIRST_USER_ID, FIRST_USER_ID + USER_IDS))


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
        box = Box(built.connection, built.cgroup, self._controllers)
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
            process, control, stderr = _spawn(
                self._walls,
                self._keeper,
                cgroup,
                is_memory_watched="memory" not in self._controllers,
            )
        except SandboxFailureError:
            cgroup.close()
            raise
        self._built = _Built(process, KeeperConnection(control, stderr), cgroup)
        self._built.connection.send_now(OPEN)
        self._has_old_box = False
        return self._built

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

    @property
    def is_built(self) -> bool:
        """Whether its walls stand, as far as is known."""
        return self._built is not None

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

    process: subprocess.Popen[bytes]
    connection: KeeperConnection
    cgroup: Cgroup


async def _destroy(built: _Built) -> None:
    built.connection.close()  # the keeper is pid 1: it ends, and the kernel ends the rest
    try:
        async with asyncio.timeout(_DEATH_TIMEOUT_S):
            await asyncio.to_thread(built.process.wait)
    except TimeoutError:
        built.process.kill()
        await asyncio.to_thread(built.process.wait)
    finally:
        built.cgroup.close()


def _spawn(
    walls: Walls, keeper: Path, cgroup: Cgroup, *, is_memory_watched: bool
) -> tuple[subprocess.Popen[bytes], socket.socket, int]:
    """Start bubblewrap; Python does that by vfork, so the service's size does not matter.

    Raises:
        SandboxFailureError: the host can't start it.
    """
    ours, theirs = socket.socketpair()
    ours.setblocking(False)  # noqa: FBT003 - the standard library wants it by position
    stderr = os.memfd_create("bwrap-stderr")
    try:
        with theirs, _descriptors(theirs, keeper, cgroup) as descriptors:
            command = lane_command(
                walls,
                descriptors,
                user_id=next(_user_ids),
                box_bytes=BOX_BYTES,
                is_memory_watched=is_memory_watched,
            )
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=stderr,
                pass_fds=descriptors.all,
                cwd="/",  # the present one may be closed to the lane's user
                env={},
            )
    except OSError as error:
        ours.close()
        os.close(stderr)
        raise SandboxFailureError(f"bubblewrap can't be started: {error}") from error
    return process, ours, stderr


@contextmanager
def _descriptors(control: socket.socket, keeper: Path, cgroup: Cgroup) -> Iterator[LaneDescriptors]:
    with (
        keeper.open("rb") as keeper_file,
        _memory_file(PASSWD) as passwd,
        _memory_file(GROUP) as group,
    ):
        yield LaneDescriptors(
            control=control.fileno(),
            keeper=keeper_file.fileno(),
            passwd=passwd,
            group=group,
            cpu_usage=cgroup.descriptors.cpu_usage,
            attach=cgroup.descriptors.attach,
        )


@contextmanager
def _memory_file(content: bytes) -> Iterator[int]:
    descriptor = os.memfd_create("box-file")
    try:
        os.pwrite(descriptor, content, 0)
        yield descriptor
    finally:
        os.close(descriptor)
