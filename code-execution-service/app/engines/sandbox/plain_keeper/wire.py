"""What service and keeper say to each other, in step with `keeper_protocol.py`."""

import os
import socket
import struct
import sys
from collections.abc import Iterator, Sequence

FRAME = struct.Struct("=II")
RESULT = struct.Struct("=IiiI6Q")
SIZE = struct.Struct("=Q")
NO_FILE = 2**64 - 1
PUT_FILE, UNPACK, RUN, PACK, PUT_INPUT, CONNECT, STOP = 2, 3, 4, 5, 7, 8, 9
DONE, RESULT_REPLY, FAILURE, ARCHIVE = 1, 2, 3, 4
HEARD_REPLIES = (6, 7)
ENDED, TIME_LIMIT, WALL_LIMIT, MEMORY_LIMIT, OUTPUT_LIMIT = range(5)

_COMMAND = struct.Struct("=7Q6I")
_CHUNK_BYTES = 1 << 20


class Service:
    """The control socket; its end is ours, for then nobody waits for us any more."""

    def __init__(self, control: int) -> None:
        self._socket = socket.socket(fileno=control)

    def fileno(self) -> int:
        """Tell the descriptor, to be polled."""
        return self._socket.fileno()

    def requests(self) -> Iterator[tuple[int, int, list[int]]]:
        """Wait for frames: kind, length of what follows, descriptors that came along."""
        while True:
            frame, descriptors, _, _ = socket.recv_fds(self._socket, FRAME.size, 2)
            if not frame:
                return
            for descriptor in descriptors:
                os.set_inheritable(descriptor, False)  # noqa: FBT003 - by position only
            frame += self.receive(FRAME.size - len(frame))
            yield (*FRAME.unpack(frame), descriptors)

    def expect_stop(self) -> None:
        """Take the one request that may come while a command runs.

        Raises:
            ValueError: it is another one.
        """
        kind, _ = FRAME.unpack(self.receive(FRAME.size))
        if kind != STOP:
            raise ValueError(f"a request in the middle of a command: {kind}")

    def receive(self, length: int) -> bytes:
        """Receive so many bytes."""
        data = bytearray()
        while len(data) < length:
            part = self._socket.recv(min(length - len(data), _CHUNK_BYTES))
            if not part:
                sys.exit()
            data += part
        return bytes(data)

    def reply(self, kind: int, payload: bytes = b"", following: bytes = b"") -> None:
        """Answer; what follows the payload does not count to its length."""
        self.send(FRAME.pack(kind, len(payload)) + payload + following)

    def send(self, data: bytes) -> None:
        """Send it, and wait until the service takes it."""
        self._socket.sendall(data)

    def push(self, data: bytes) -> bytes:
        """Send as much as the service takes now; what is left."""
        try:
            sent = self._socket.send(data, socket.MSG_DONTWAIT) if data else 0
        except BlockingIOError:
            sent = 0
        return data[sent:]

    def reply_descriptors(self, kind: int, descriptors: list[int]) -> None:
        """Answer by descriptors."""
        socket.send_fds(self._socket, [FRAME.pack(kind, 0)], descriptors)


class Command:
    """What is to be run: numbers, strings and input as the service sent them."""

    def __init__(self, service: Service, length: int) -> None:
        payload = service.receive(length)
        numbers: tuple[int, ...] = _COMMAND.unpack_from(payload)
        (
            self.cpu_time_ns,
            self.wall_time_ns,
            self.memory_bytes,
            self.output_bytes,
            self.file_bytes,
            stdin_bytes,
            self.result_file_bytes,
            self.processes,
            self.is_box_writable,
            argc,
            envc,
            _,
            self.is_heard,
        ) = numbers
        strings = payload[_COMMAND.size :].split(b"\0")[:-1]
        self.arguments = strings[:argc]
        self.environment = dict(text.split(b"=", 1) for text in strings[argc : argc + envc])
        self.result_files = strings[argc + envc :]
        self.stdin = service.receive(stdin_bytes)


class Means:
    """What the service gave us for the command.

    `cpu_usage` is a file of the cgroup, or -1. `input_bytes` is the memory of files that were put
    into the scratch directory, `streams` are the program's stdin and stdout if somebody else writes
    and reads them.
    """

    def __init__(
        self, *, is_memory_watched: bool, cpu_usage: int, attach: Sequence[int], system_calls: bytes
    ) -> None:
        self.is_memory_watched = is_memory_watched
        self.cpu_usage = cpu_usage
        self.attach = attach
        self.system_calls = system_calls
        self.input_bytes = 0
        self.streams: list[int] = []
