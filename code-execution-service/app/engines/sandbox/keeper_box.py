"""A box that the keeper makes: one command after the other on the files of one submission."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import replace

from app.domain.runs import RunResult, RunStatus
from app.engines.base import OutputListener
from app.engines.sandbox.box import Archive
from app.engines.sandbox.cgroups import Cgroup
from app.engines.sandbox.heard_output import HEARD_STREAMS, HeardOutput
from app.engines.sandbox.keeper_connection import KeeperConnection
from app.engines.sandbox.keeper_protocol import (
    CONNECT,
    PACK,
    STOP,
    UNPACK,
    Command,
    ReplyKind,
    decode_result,
    encode_command,
    encode_file,
)

_ANSWER_TIMEOUT_S = 30
"""What the keeper gets on top of a command's own time; only a broken one needs it."""
_MORE_PROCESSES = 64
"""What the rlimit allows beyond the cgroup's limit, so that the cgroup refuses first and counts."""


class KeeperBox:
    """An open box of a lane; only `stop` may be called while another method has not returned."""

    def __init__(
        self, connection: KeeperConnection, cgroup: Cgroup, controllers: Collection[str]
    ) -> None:
        self._connection = connection
        self._cgroup = cgroup
        self._controllers = controllers
        self._unanswered = 0
        self._is_busy = False

    @property
    def is_settled(self) -> bool:
        """Whether every request has been answered, so that the next one can follow."""
        return not self._is_busy and not self._unanswered

    async def put_file(self, name: str, content: bytes) -> None:
        """Put a file into the box's working directory; only before the first command."""
        with self._busy():
            await self._connection.send(*encode_file(name, content))
        self._unanswered += 1

    def unpack(self, archive: Archive) -> None:
        """Put the files of another box into this one, which is still empty."""
        self._connection.send_now(UNPACK, archive.descriptor)
        self._unanswered += 1

    def connect(self, *, stdin: int, stdout: int) -> None:
        """Let the next command read and write these descriptors; the caller may close them then."""
        self._connection.send_now(CONNECT, stdin, stdout)
        self._unanswered += 1

    def stop(self) -> None:
        """End the command that runs now; its result still comes."""
        self._connection.send_now(STOP)

    async def run(self, command: Command, on_output: OutputListener | None = None) -> RunResult:
        """Run a command to its end; whoever listens is told what it writes until then."""
        limits = command.limits
        self._cgroup.begin(memory_bytes=limits.memory_bytes, processes=limits.processes)
        patience_s = limits.wall_time_ms / 1000 + _ANSWER_TIMEOUT_S
        with self._busy():
            async with self._connection.answering_within(patience_s):
                result = await self._run(command, on_output)
        return self._with_facts(result)

    async def pack(self) -> Archive | None:
        """Pack the box's files; `None` if they are too many or too deep for it."""
        with self._busy():
            async with self._connection.answering_within(_ANSWER_TIMEOUT_S):
                self._connection.send_now(PACK)
                await self._receive_answers()
                await self._connection.receive(ReplyKind.ARCHIVE)
        descriptor = self._connection.take_descriptor()
        return None if descriptor is None else Archive(descriptor)

    async def settle(self) -> None:
        """Wait until everything that was put into the box is in it."""
        async with self._connection.answering_within(_ANSWER_TIMEOUT_S):
            await self._receive_answers()

    async def _run(self, command: Command, on_output: OutputListener | None) -> RunResult:
        if "pids" in self._controllers:
            processes = command.limits.processes + _MORE_PROCESSES
            command = replace(command, limits=replace(command.limits, processes=processes))
        heard = None if on_output is None else HeardOutput(on_output, command.limits.output_bytes)
        await self._connection.send(*encode_command(command, is_heard=heard is not None))
        self._unanswered += len(command.files)
        await self._receive_answers()
        try:
            header = decode_result(await self._receive_result(heard))
        except ValueError as error:
            raise self._connection.failure(f"an answer that is none: {error}") from error
        output = await self._connection.receive_bytes(header.following_bytes)
        result = header.with_output(output, command)
        if heard is not None:
            heard.finish(result)
        return result

    async def _receive_result(self, heard: HeardOutput | None) -> bytes:
        """Receive the payload of the result, and before it what is heard.

        Raises:
            ValueError: more is heard than the limit allows.
        """
        if heard is None:
            return await self._connection.receive(ReplyKind.RESULT)
        while True:
            kind, payload = await self._connection.receive_one_of(ReplyKind.RESULT, *HEARD_STREAMS)
            if kind is ReplyKind.RESULT:
                return payload
            heard.take(kind, payload)

    @contextmanager
    def _busy(self) -> Iterator[None]:
        """Mark that an answer is due; it stays marked when the block fails or is cancelled."""
        self._is_busy = True
        yield
        self._is_busy = False

    async def _receive_answers(self) -> None:
        """Of requests that nobody had to wait for, so that the next one could follow at once."""
        while self._unanswered:
            await self._connection.receive(ReplyKind.DONE)
            self._unanswered -= 1

    def _with_facts(self, run: RunResult) -> RunResult:
        """Let the kernel's counts take the place of what the keeper saw from outside."""
        facts = self._cgroup.facts()
        # The kernel's peak is rough below a few hundred KiB, and the keeper's knows one process.
        memory_bytes = max(run.usage.memory_bytes, facts.memory_peak_bytes or 0)
        return replace(
            run,
            status=RunStatus.MEMORY_LIMIT if facts.was_memory_refused else run.status,
            usage=replace(run.usage, memory_bytes=memory_bytes),
            were_processes_refused=bool(facts.were_processes_refused),
        )
