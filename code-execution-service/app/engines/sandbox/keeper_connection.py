"""The control socket to a keeper: frames and descriptors out, frames and descriptors in."""

import asyncio
import os
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress

from app.engines.sandbox.keeper_protocol import FRAME, MAX_PAYLOAD_BYTES, ReplyKind
from app.errors import SandboxFailureError

_CHUNK_BYTES = 256 * 1024
_STDERR_BYTES = 2_000


class KeeperConnection:
    """One request or answer at a time; every failure says what the keeper wrote on its stderr."""

    def __init__(self, control: socket.socket, stderr: int) -> None:
        self._control = control
        self._stderr = stderr
        self._received = bytearray()
        self._descriptors: list[int] = []

    def close(self) -> None:
        """Close it; the keeper ends."""
        self._control.close()
        for descriptor in self._descriptors:
            os.close(descriptor)
        self._descriptors.clear()
        if self._stderr >= 0:
            os.close(self._stderr)
            self._stderr = -1

    def shut_down(self) -> None:
        """Let the keeper end and whoever waits for its answer fail."""
        with suppress(OSError):  # it may have ended on its own
            self._control.shutdown(socket.SHUT_RDWR)

    def send_now(self, data: bytes, *descriptors: int) -> None:
        """Send something small, which fits into the socket's buffer when nothing is under way.

        Raises:
            SandboxFailureError: the keeper has ended.
        """
        try:
            if descriptors:
                socket.send_fds(self._control, [data], descriptors)
            else:
                self._control.send(data)
        except OSError as error:
            raise self.failure("the keeper does not listen") from error

    async def send(self, *parts: bytes) -> None:
        """Send something of any size; only what is small is copied to be sent at once.

        Raises:
            SandboxFailureError: the keeper has ended.
        """
        is_small = sum(len(part) for part in parts) <= _CHUNK_BYTES
        loop = asyncio.get_running_loop()
        try:
            for data in (b"".join(parts),) if is_small else parts:
                await loop.sock_sendall(self._control, data)
        except OSError as error:
            raise self.failure("the keeper does not listen") from error

    @asynccontextmanager
    async def answering_within(self, seconds: float) -> AsyncGenerator[None, None]:
        """Bound the time of everything in the block.

        Raises:
            SandboxFailureError: it took longer; only a broken keeper does.
        """
        try:
            async with asyncio.timeout(seconds):
                yield
        except TimeoutError as error:
            raise self.failure("the keeper does not answer") from error

    async def receive(self, wanted: ReplyKind) -> bytes:
        """Receive the payload of the next reply.

        Raises:
            SandboxFailureError: the reply is another one, or the keeper has ended.
        """
        _, payload = await self.receive_one_of(wanted)
        return payload

    async def receive_one_of(self, *wanted: ReplyKind) -> tuple[ReplyKind, bytes]:
        """Receive the kind and the payload of the next reply.

        Raises:
            SandboxFailureError: the reply is another one, or the keeper has ended.
        """
        kind, length = FRAME.unpack(await self.receive_bytes(FRAME.size))
        if length > MAX_PAYLOAD_BYTES:
            raise self.failure(f"an answer of {length} bytes")
        payload = await self.receive_bytes(length)
        if kind in wanted:
            return ReplyKind(kind), payload
        if kind in {ReplyKind.FAILURE, ReplyKind.GONE}:
            raise self.failure(payload.decode(errors="replace"))
        raise self.failure(f"an answer of kind {kind} where {list(wanted)} was due")

    async def receive_bytes(self, length: int) -> bytes:
        """Receive so many bytes.

        Raises:
            SandboxFailureError: the keeper has ended.
        """
        while len(self._received) < length:
            await self._receive_more()
        data = bytes(self._received[:length])
        del self._received[:length]
        return data

    def take_descriptor(self) -> int | None:
        """Take the descriptor that came with the last reply, if any; the caller closes it."""
        return self._descriptors.pop() if self._descriptors else None

    def failure(self, reason: str) -> SandboxFailureError:
        """Make the error for whatever went wrong with this keeper."""
        if self._stderr < 0:
            return SandboxFailureError(reason)
        said = os.pread(self._stderr, _STDERR_BYTES, 0).decode(errors="replace").strip()
        return SandboxFailureError(f"{reason}; {said}" if said else reason)

    async def _receive_more(self) -> None:
        await self._until_readable()
        try:
            data, descriptors, _, _ = socket.recv_fds(self._control, _CHUNK_BYTES, 1)
        except BlockingIOError:
            return
        except OSError as error:
            raise self.failure("the keeper has ended") from error
        self._descriptors += descriptors
        if not data:
            raise self.failure("the keeper has ended")
        self._received += data

    async def _until_readable(self) -> None:
        loop = asyncio.get_running_loop()
        is_readable = loop.create_future()
        loop.add_reader(self._control, _resolve, is_readable)
        try:
            await is_readable
        finally:
            loop.remove_reader(self._control)


def _resolve(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
