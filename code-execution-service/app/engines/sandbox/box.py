"""One box, from birth to death."""

import asyncio
import itertools
import os
import socket
import subprocess
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Self

from app.domain.limits import MIB
from app.domain.runs import RunResult
from app.engines.sandbox.keeper_protocol import (
    FRAME,
    MAX_PAYLOAD_BYTES,
    Command,
    ReplyKind,
    decode_result,
    encode_command,
    encode_file,
)
from app.engines.sandbox.walls import (
    FIRST_USER_ID,
    GROUP,
    PASSWD,
    USER_IDS,
    BoxDescriptors,
    Walls,
    box_command,
)
from app.errors import SandboxFailureError

BOX_BYTES = 128 * MIB
"""For a submission's source and all that its compiler makes of it."""
_ANSWER_TIMEOUT_S = 30
"""What the keeper gets on top of a command's own time; only a broken one needs it."""
_DEATH_TIMEOUT_S = 10
_STDERR_BYTES = 2_000

_user_ids = itertools.cycle(range(FIRST_USER_ID, FIRST_USER_ID + USER_IDS))


class Box:
    """A running box with its keeper; no method may be called while another one has not returned."""

    def __init__(
        self, process: subprocess.Popen[bytes], control: socket.socket, stderr: int
    ) -> None:
        self._process = process
        self._control = control
        self._stderr = stderr
        self._is_gone = asyncio.Event()
        self._pidfd = os.pidfd_open(process.pid)
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._pidfd, self._reap)

    @classmethod
    @asynccontextmanager
    async def open(cls, walls: Walls, keeper: Path) -> AsyncGenerator[Self, None]:
        """Build a box that lives as long as the block.

        Raises:
            SandboxFailureError: it could not be built.
        """
        box = cls(*_spawn(walls, keeper))
        try:
            await box._expect_done()
            yield box
        finally:
            await box.close()

    async def put_file(self, name: str, content: bytes) -> None:
        """Put a file into the box's working directory; only before the first command.

        Raises:
            SandboxFailureError: the box is broken.
        """
        await self._send(encode_file(name, content))
        await self._expect_done()

    async def run(self, command: Command) -> RunResult:
        """Run a command to its end.

        Raises:
            SandboxFailureError: the box is broken.
        """
        await self._send(encode_command(command))
        await self._send(command.stdin)
        patience_s = command.limits.wall_time_ms / 1000 + _ANSWER_TIMEOUT_S
        payload = await self._receive_reply(ReplyKind.RESULT, patience_s)
        try:
            header = decode_result(payload)
        except ValueError as error:
            raise self._failure(f"an answer that is none: {error}") from error
        output = await self._receive(header.stdout_bytes + header.stderr_bytes, _ANSWER_TIMEOUT_S)
        return header.with_output(output)

    async def stop(self) -> None:
        """Destroy the box under the feet of whoever uses it; returns when nothing of it is left."""
        with suppress(OSError):  # the keeper may have ended on its own
            self._control.shutdown(socket.SHUT_RDWR)
        await self._is_gone.wait()

    async def close(self) -> None:
        """Destroy the box with everything in it; returns when nothing of it is left."""
        self._control.close()  # the keeper is pid 1 of the box: it ends, and the kernel the rest
        try:
            async with asyncio.timeout(_DEATH_TIMEOUT_S):
                await self._is_gone.wait()
        except TimeoutError:
            self._process.kill()
            await self._is_gone.wait()
        if self._stderr >= 0:
            os.close(self._stderr)
            self._stderr = -1

    def _reap(self) -> None:
        self._loop.remove_reader(self._pidfd)
        os.close(self._pidfd)
        self._process.wait()
        self._is_gone.set()

    async def _expect_done(self) -> None:
        await self._receive_reply(ReplyKind.DONE, _ANSWER_TIMEOUT_S)

    async def _send(self, data: bytes) -> None:
        try:
            async with asyncio.timeout(_ANSWER_TIMEOUT_S):
                await self._loop.sock_sendall(self._control, data)
        except OSError as error:  # TimeoutError is one too
            raise self._failure("the keeper does not listen") from error

    async def _receive_reply(self, wanted: ReplyKind, patience_s: float) -> bytes:
        kind, length = FRAME.unpack(await self._receive(FRAME.size, patience_s))
        if length > MAX_PAYLOAD_BYTES:
            raise self._failure(f"an answer of {length} bytes")
        payload = await self._receive(length, _ANSWER_TIMEOUT_S)
        if kind == ReplyKind.FAILURE:
            raise self._failure(payload.decode(errors="replace"))
        if kind != wanted:
            raise self._failure(f"an answer of kind {kind} where {wanted} was due")
        return payload

    async def _receive(self, length: int, patience_s: float) -> bytes:
        data = bytearray(length)
        rest = memoryview(data)
        try:
            async with asyncio.timeout(patience_s):
                while rest:
                    count = await self._loop.sock_recv_into(self._control, rest)
                    if count == 0:
                        raise self._failure("the keeper has ended")
                    rest = rest[count:]
        except OSError as error:
            raise self._failure("the keeper does not answer") from error
        return bytes(data)

    def _failure(self, reason: str) -> SandboxFailureError:
        said = os.pread(self._stderr, _STDERR_BYTES, 0).decode(errors="replace").strip()
        return SandboxFailureError(f"{reason}; {said}" if said else reason)


def _spawn(walls: Walls, keeper: Path) -> tuple[subprocess.Popen[bytes], socket.socket, int]:
    """Start bubblewrap; Python does that by vfork, so the service's size does not matter.

    Raises:
        SandboxFailureError: the host can't start it.
    """
    ours, theirs = socket.socketpair()
    ours.setblocking(False)  # noqa: FBT003 - the standard library wants it by position
    stderr = os.memfd_create("bwrap-stderr")
    try:
        with theirs, _descriptors(theirs, keeper) as descriptors:
            command = box_command(walls, descriptors, user_id=next(_user_ids), box_bytes=BOX_BYTES)
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=stderr,
                pass_fds=(
                    descriptors.control,
                    descriptors.keeper,
                    descriptors.passwd,
                    descriptors.group,
                ),
                cwd="/",  # the present one may be closed to the box's user
                env={},
            )
    except OSError as error:
        ours.close()
        os.close(stderr)
        raise SandboxFailureError(f"bubblewrap can't be started: {error}") from error
    return process, ours, stderr


@contextmanager
def _descriptors(control: socket.socket, keeper: Path) -> Iterator[BoxDescriptors]:
    with (
        keeper.open("rb") as keeper_file,
        _memory_file(PASSWD) as passwd,
        _memory_file(GROUP) as group,
    ):
        yield BoxDescriptors(
            control=control.fileno(), keeper=keeper_file.fileno(), passwd=passwd, group=group
        )


@contextmanager
def _memory_file(content: bytes) -> Iterator[int]:
    descriptor = os.memfd_create("box-file")
    try:
        os.pwrite(descriptor, content, 0)
        yield descriptor
    finally:
        os.close(descriptor)
