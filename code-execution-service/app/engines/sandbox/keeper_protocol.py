"""What service and keeper say to each other; in step with `keeper/keeper.h`, native byte order.

Every message is a frame (kind, length of the payload). A run's input follows its frame, and a
result's two outputs and the files that it leaves follow theirs, so that nothing large is copied
into a payload. Before it, a command that is heard is answered by pieces of its outputs. An archive
of a box's files travels as a file descriptor beside its frame, and so do streams that are not the
service's to write and read.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

from app.domain.files import SourceFile
from app.domain.limits import Limits
from app.domain.runs import ResultFile, RunResult, RunStatus, Usage

FRAME = struct.Struct("=II")
_COMMAND = struct.Struct("=7Q6I")
_RESULT = struct.Struct("=IiiI6Q")
_RESULT_FILE = struct.Struct("=Q")
_NO_FILE = 2**64 - 1
_NS_PER_MS = 1_000_000
MAX_PAYLOAD_BYTES = 64 * 1024
"""Of a reply: a piece of output; a result is 64 bytes, a failure one line."""


class RequestKind(IntEnum):
    """What the service asks for: `OPEN` of the lane, everything else of the open box.

    `STOP` alone has no answer, and may come while a command runs.
    """

    OPEN = 1
    PUT_FILE = 2
    UNPACK = 3
    RUN = 4
    PACK = 5
    END = 6
    PUT_INPUT = 7
    CONNECT = 8
    STOP = 9


class ReplyKind(IntEnum):
    """What the keeper answers: `DONE` has no payload, `FAILURE` and `GONE` a text.

    `STDOUT` and `STDERR` are what a command that is heard has written since the last of them.
    """

    DONE = 1
    RESULT = 2
    FAILURE = 3
    ARCHIVE = 4
    GONE = 5
    STDOUT = 6
    STDERR = 7


class _Outcome(IntEnum):
    ENDED = 0
    TIME_LIMIT = 1
    WALL_LIMIT = 2
    MEMORY_LIMIT = 3
    OUTPUT_LIMIT = 4


_STATUS_OF_LIMIT = {
    _Outcome.TIME_LIMIT: RunStatus.TIME_LIMIT,
    _Outcome.WALL_LIMIT: RunStatus.WALL_LIMIT,
    _Outcome.MEMORY_LIMIT: RunStatus.MEMORY_LIMIT,
    _Outcome.OUTPUT_LIMIT: RunStatus.OUTPUT_LIMIT,
}

OPEN = FRAME.pack(RequestKind.OPEN, 0)
UNPACK = FRAME.pack(RequestKind.UNPACK, 0)
PACK = FRAME.pack(RequestKind.PACK, 0)
END = FRAME.pack(RequestKind.END, 0)
CONNECT = FRAME.pack(RequestKind.CONNECT, 0)
STOP = FRAME.pack(RequestKind.STOP, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A command for the keeper; a compile step has /box writable and as its working directory.

    `files` are put into the working directory of a run.
    """

    arguments: tuple[str, ...]
    environment: tuple[tuple[str, str], ...]
    limits: Limits
    stdin: bytes = b""
    is_compiling: bool = False
    files: tuple[SourceFile, ...] = ()
    result_files: tuple[str, ...] = ()
    result_file_bytes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultHeader:
    """A result whose outputs, and the files that it leaves, are still to come."""

    status: RunStatus
    exit_code: int | None
    signal: int | None
    usage: Usage
    stdout_bytes: int
    stderr_bytes: int
    result_files_bytes: int

    @property
    def following_bytes(self) -> int:
        """How much comes behind it."""
        return self.stdout_bytes + self.stderr_bytes + self.result_files_bytes

    def with_output(self, output: bytes, command: Command) -> RunResult:
        """Make the result from all that followed, one behind the other as it came."""
        files_at = self.stdout_bytes + self.stderr_bytes
        return RunResult(
            status=self.status,
            exit_code=self.exit_code,
            signal=self.signal,
            usage=self.usage,
            stdout=output[: self.stdout_bytes],
            stderr=output[self.stdout_bytes : files_at],
            files=tuple(_result_files(output[files_at:], command)),
        )


def encode_file(name: str, content: bytes) -> tuple[bytes, ...]:
    """Make the request that puts a file into /box, in parts, so that contents are not copied."""
    return _file_request(RequestKind.PUT_FILE, name, content)


def encode_command(command: Command, *, is_heard: bool) -> tuple[bytes, ...]:
    """Make the requests that put a command's files in place and run it, with its input behind.

    In parts, as above. Of one that `is_heard` the output is told while it runs.
    """
    limits = command.limits
    environment = [f"{name}={value}" for name, value in command.environment]
    fixed = _COMMAND.pack(
        limits.cpu_time_ms * _NS_PER_MS,
        limits.wall_time_ms * _NS_PER_MS,
        limits.memory_bytes,
        limits.output_bytes,
        limits.file_bytes,
        len(command.stdin),
        command.result_file_bytes,
        limits.processes,
        command.is_compiling,
        len(command.arguments),
        len(environment),
        len(command.result_files),
        is_heard,
    )
    texts = (*command.arguments, *environment, *command.result_files)
    strings = b"".join(text.encode() + b"\0" for text in texts)
    frame = FRAME.pack(RequestKind.RUN, len(fixed) + len(strings))
    files = (
        part
        for file in command.files
        for part in _file_request(RequestKind.PUT_INPUT, file.name, file.content)
    )
    return (*files, frame + fixed + strings, command.stdin)


def decode_result(payload: bytes) -> ResultHeader:
    """Read the payload of a `RESULT`.

    Raises:
        ValueError: it is none.
    """
    try:
        outcome, exit_code, signal, _, *numbers = _RESULT.unpack(payload)
    except struct.error as error:
        raise ValueError(str(error)) from error
    cpu_time_ns, wall_time_ns, memory_bytes, stdout_bytes, stderr_bytes, files_bytes = numbers
    return ResultHeader(
        status=_status(_Outcome(outcome), exit_code, signal),
        exit_code=exit_code if exit_code >= 0 else None,
        signal=signal or None,
        usage=Usage(
            cpu_time_ms=_rounded_ms(cpu_time_ns),
            wall_time_ms=_rounded_ms(wall_time_ns),
            memory_bytes=memory_bytes,
        ),
        stdout_bytes=stdout_bytes,
        stderr_bytes=stderr_bytes,
        result_files_bytes=files_bytes,
    )


def _file_request(kind: RequestKind, name: str, content: bytes) -> tuple[bytes, bytes]:
    header = name.encode() + b"\0"
    return FRAME.pack(kind, len(header) + len(content)) + header, content


def _result_files(data: bytes, command: Command) -> Iterator[ResultFile]:
    """Read, per wanted file, its size and as much of it as is wanted."""
    position = 0
    for name in command.result_files:
        (size,) = _RESULT_FILE.unpack_from(data, position)
        position += _RESULT_FILE.size
        if size == _NO_FILE:
            continue
        content = data[position : position + min(size, command.result_file_bytes)]
        position += len(content)
        yield ResultFile(name=name, content=content, is_cut=size > len(content))


def _status(outcome: _Outcome, exit_code: int, signal: int) -> RunStatus:
    if outcome is not _Outcome.ENDED:
        return _STATUS_OF_LIMIT[outcome]
    if signal:
        return RunStatus.SIGNALED
    return RunStatus.NONZERO_EXIT if exit_code else RunStatus.OK


def _rounded_ms(nanoseconds: int) -> int:
    return (nanoseconds + _NS_PER_MS // 2) // _NS_PER_MS
