"""Executions of a single process without Redis: its memory keeps them, and lets them wait."""

import asyncio
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from typing_extensions import override

from app.domain.executions import Execution, OutputPiece
from app.domain.limits import MIB
from app.errors import StorageFullError
from app.repositories.executions.base import (
    ClaimedExecution,
    ExecutionQueue,
    ExecutionStore,
)

MAX_CHARACTERS = 256 * MIB
"""What all executions may have together; most characters of programs take a byte."""
OTHER_CHARACTERS = 2048
"""What an execution is counted for besides its texts."""
PIECE_CHARACTERS = 256
"""What a piece of output is counted for besides its text, which may be a single character."""


@dataclass(slots=True)
class _Kept:
    execution: Execution
    ends_at_s: float = 0
    pieces: list[OutputPiece] = field(default_factory=list)
    characters_of_pieces: int = 0

    @property
    def characters(self) -> int:
        execution = self.execution
        texts = (execution.code, execution.input_data, execution.output, execution.error_output)
        return OTHER_CHARACTERS + self.characters_of_pieces + sum(len(text or "") for text in texts)

    def add(self, piece: OutputPiece) -> None:
        """Keep it; there may be thousands, so that they are counted as they come."""
        self.pieces.append(piece)
        self.characters_of_pieces += PIECE_CHARACTERS + len(piece.text)


class MemoryExecutionStore(ExecutionStore):
    """Keeps executions in the order of their last write, which is that in which they end."""

    def __init__(
        self,
        *,
        kept_s: float,
        max_characters: int = MAX_CHARACTERS,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._kept_s = kept_s
        self._max_characters = max_characters
        self._now_s = now_s
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._characters = 0
        self._timer: asyncio.TimerHandle | None = None

    @override
    async def add(self, execution: Execution) -> None:
        """Keep a new one.

        Raises:
            StorageFullError: as much is kept as may be.
        """
        self._drop_ended()
        new = _Kept(execution)
        if self._characters + new.characters > self._max_characters:
            raise StorageFullError
        self._write(new)

    @override
    async def find(self, execution_id: str) -> Execution | None:
        """Return the newest state, or `None` if there is none, or none any more."""
        self._drop_ended()
        kept = self._kept.get(execution_id)
        return kept.execution if kept else None

    @override
    async def replace(self, execution: Execution) -> bool:
        """Store the state that follows the stored one; false if another has got in before."""
        self._drop_ended()
        kept = self._kept.get(execution.id)
        if kept is None:
            self._write(_Kept(execution))
            return True
        if kept.execution.version != execution.version - 1:
            return kept.execution == execution
        self._drop(execution.id)
        kept.execution = execution
        self._write(kept)
        return True

    @override
    async def add_output(self, piece: OutputPiece) -> None:
        """Keep a piece for whoever comes to watch later."""
        self._drop_ended()
        if kept := self._kept.get(piece.execution_id):
            self._drop(piece.execution_id)
            kept.add(piece)
            self._write(kept)

    @override
    async def output_so_far(self, execution_id: str) -> list[OutputPiece]:
        """Return the pieces in their order."""
        self._drop_ended()
        kept = self._kept.get(execution_id)
        return list(kept.pieces) if kept else []

    @override
    async def close(self) -> None:
        """Forget everything."""
        if self._timer:
            self._timer.cancel()
        self._kept.clear()

    def _write(self, kept: _Kept) -> None:
        kept.ends_at_s = self._now_s() + self._kept_s
        self._kept[kept.execution.id] = kept
        self._characters += kept.characters
        if self._timer is None:
            self._wake_up_after(self._kept_s)

    def _drop(self, execution_id: str) -> None:
        if kept := self._kept.pop(execution_id, None):
            self._characters -= kept.characters

    def _drop_ended(self) -> None:
        now_s = self._now_s()
        while self._kept:
            first = next(iter(self._kept.values()))
            if first.ends_at_s > now_s:
                return
            self._drop(first.execution.id)

    def _wake_up_after(self, pause_s: float) -> None:
        self._timer = asyncio.get_running_loop().call_later(pause_s, self._sweep)

    def _sweep(self) -> None:
        """Drop also what nobody asks for, and look again when the next one ends."""
        self._timer = None
        self._drop_ended()
        if self._kept:
            self._wake_up_after(next(iter(self._kept.values())).ends_at_s - self._now_s())


@dataclass(slots=True)
class _Queued:
    available_at_s: float
    lease_token: str | None = None


class MemoryExecutionQueue(ExecutionQueue):
    """Lets executions wait in the order in which they came."""

    def __init__(self, *, lease_s: float, now_s: Callable[[], float] = time.monotonic) -> None:
        self._lease_s = lease_s
        self._now_s = now_s
        self._queued: dict[str, _Queued] = {}
        self._rings = asyncio.Semaphore(0)

    @override
    async def put(self, execution_id: str) -> None:
        """Queue an execution; one that is queued already stays where it is."""
        if execution_id not in self._queued:
            self._queued[execution_id] = _Queued(self._now_s())
            self._rings.release()

    @override
    async def waiting(self) -> int:
        """Return how many wait for a worker."""
        now_s = self._now_s()
        return sum(queued.available_at_s <= now_s for queued in self._queued.values())

    @override
    async def claim(self) -> ClaimedExecution | None:
        """Take the one that has waited longest, or whose worker was lost."""
        now_s = self._now_s()
        for execution_id, queued in self._queued.items():
            if queued.available_at_s <= now_s:
                queued.lease_token = secrets.token_hex(16)
                queued.available_at_s = now_s + self._lease_s
                return ClaimedExecution(execution_id=execution_id, lease_token=queued.lease_token)
        return None

    @override
    async def wait(self, *, at_most_s: float) -> bool:
        """Return true when an execution was queued, false when the time is up."""
        try:
            async with asyncio.timeout(at_most_s):
                return await self._rings.acquire()
        except TimeoutError:
            return False

    @override
    async def extend(self, claimed: ClaimedExecution) -> bool:
        """Keep it for another lease; false when it is no longer ours."""
        queued = self._ours(claimed)
        if queued is None:
            return False
        queued.available_at_s = self._now_s() + self._lease_s
        return True

    @override
    async def release(self, claimed: ClaimedExecution, *, after_s: float = 0) -> None:
        """Let others take it after so many seconds, if it is still ours."""
        if queued := self._ours(claimed):
            queued.lease_token = None
            queued.available_at_s = self._now_s() + after_s
            self._rings.release()

    @override
    async def finish(self, claimed: ClaimedExecution) -> None:
        """Take it out of the queue, if it is still ours."""
        if self._ours(claimed):
            del self._queued[claimed.execution_id]

    @override
    async def remove(self, execution_id: str) -> None:
        """Take it out of the queue, whoever has it."""
        self._queued.pop(execution_id, None)

    @override
    async def close(self) -> None:
        """Forget everything."""
        self._queued.clear()

    def _ours(self, claimed: ClaimedExecution) -> _Queued | None:
        queued = self._queued.get(claimed.execution_id)
        return queued if queued and queued.lease_token == claimed.lease_token else None
