"""Bubblewrap with a keeper behind its walls: started, spoken to, ended."""

import asyncio
import itertools
import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from app.domain.limits import MIB
from app.engines.sandbox.cgroups import Cgroup
from app.engines.sandbox.keeper_connection import KeeperConnection
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
_DEATH_TIMEOUT_S = 10

_user_ids = itertools.cycle(range(FIRST_USER_ID, FIRST_USER_ID + USER_IDS))


@dataclass(frozen=True, slots=True)
class Bubblewrap:
    """Walls that stand, and the line to the keeper in them."""

    process: subprocess.Popen[bytes]
    connection: KeeperConnection

    async def end(self) -> None:
        """Destroy the walls with everything in them; returns when nothing of it is left."""
        self.connection.close()  # the keeper is pid 1: it ends, and the kernel ends the rest
        try:
            async with asyncio.timeout(_DEATH_TIMEOUT_S):
                await asyncio.to_thread(self.process.wait)
        except TimeoutError:
            self.process.kill()
            await asyncio.to_thread(self.process.wait)


def start_bubblewrap(
    walls: Walls,
    keeper: Path,
    cgroup: Cgroup,
    *,
    is_memory_watched: bool,
    system_calls: Path | None = None,
) -> Bubblewrap:
    """Start it; Python does that by vfork, so the service's size does not matter.

    `system_calls` is the filter for a keeper that can't make its own, see `lane_command`.

    Raises:
        SandboxFailureError: the host can't start it.
    """
    ours, theirs = socket.socketpair()
    ours.setblocking(False)  # noqa: FBT003 - the standard library wants it by position
    stderr = os.memfd_create("bwrap-stderr")
    try:
        with theirs, _descriptors(theirs, keeper, cgroup, system_calls) as descriptors:
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
    return Bubblewrap(process, KeeperConnection(ours, stderr))


@contextmanager
def _descriptors(
    control: socket.socket, keeper: Path, cgroup: Cgroup, system_calls: Path | None
) -> Iterator[LaneDescriptors]:
    with (
        keeper.open("rb") as keeper_file,
        _memory_file(PASSWD) as passwd,
        _memory_file(GROUP) as group,
        ExitStack() as stack,
    ):
        filter_file = system_calls and stack.enter_context(system_calls.open("rb"))
        yield LaneDescriptors(
            control=control.fileno(),
            keeper=keeper_file.fileno(),
            passwd=passwd,
            group=group,
            system_calls=filter_file.fileno() if filter_file else None,
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
