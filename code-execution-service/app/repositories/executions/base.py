"""The ports that memory and Redis implement alike; one suite of tests holds both to them."""

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from app.domain.executions import Execution, ExecutionUpdate, OutputPiece


class WatchLostError(Exception):
    """Updates may have been missed: whoever watched too slowly, or Redis was away."""


class Watch(Protocol):
    """What somebody who watches an execution is told, in the order it was published."""

    async def next(self) -> ExecutionUpdate:
        """Wait for the next update.

        Raises:
            WatchLostError: some may have been missed; the state has to be asked for anew.
        """


class ExecutionUpdates(Protocol):
    """Carries updates from whoever runs executions to whoever watches them, in any replica."""

    async def publish(self, update: ExecutionUpdate) -> None:
        """Tell all who watch of what has been stored before; where Redis is away nobody is told.

        Before, so that whoever begins to watch, then reads the store, misses nothing.
        """

    def watched(self, execution_id: str) -> AbstractAsyncContextManager[Watch]:
        """Receive updates while the block runs, all that are published after it was entered.

        Raises:
            RedisUnavailableError: Redis does not answer.
        """
        ...

    async def close(self) -> None:
        """End; every watch is lost."""


class ExecutionStore(Protocol):
    """Keeps executions until their time is over; every write gives them their whole time anew.

    Every method raises `RedisUnavailableError` where Redis is used and does not answer.
    """

    async def add(self, execution: Execution) -> None:
        """Keep a new one.

        Raises:
            StorageFullError: as much is kept as may be.
        """

    async def find(self, execution_id: str) -> Execution | None:
        """Return the newest state, or `None` if there is none, or none any more."""

    async def replace(self, execution: Execution) -> bool:
        """Store the state that follows the stored one; false if another has got in before.

        Where nothing is stored any more, as Redis has lost it, it is stored too. Doing it again
        with the same state does no harm.
        """
        ...

    async def add_output(self, piece: OutputPiece) -> None:
        """Keep a piece for whoever comes to watch later."""

    async def output_so_far(self, execution_id: str) -> list[OutputPiece]:
        """Return the pieces in their order."""
        ...

    async def close(self) -> None:
        """Give back what it holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedExecution:
    """An execution that this worker runs as long as the token is that of its lease."""

    execution_id: str
    lease_token: str


class ExecutionQueue(Protocol):
    """Hands each execution to one worker at a time, who loses it when it lets its lease run out.

    Every method raises `RedisUnavailableError` where Redis is used and does not answer.
    """

    async def put(self, execution_id: str) -> None:
        """Queue an execution; one that is queued already stays where it is."""

    async def waiting(self) -> int:
        """Return how many wait for a worker."""
        ...

    async def claim(self) -> ClaimedExecution | None:
        """Take the one that has waited longest, or whose worker was lost; `None` if there is none.

        It is taken for as long as a lease lasts.
        """

    async def wait(self, *, at_most_s: float) -> bool:
        """Return true when an execution was queued, false when the time is up."""
        ...

    async def extend(self, claimed: ClaimedExecution) -> bool:
        """Keep it for another lease; false when it is no longer ours."""
        ...

    async def release(self, claimed: ClaimedExecution, *, after_s: float = 0) -> None:
        """Let others take it after so many seconds, if it is still ours."""

    async def finish(self, claimed: ClaimedExecution) -> None:
        """Take it out of the queue, if it is still ours."""

    async def remove(self, execution_id: str) -> None:
        """Take it out of the queue, whoever has it."""

    async def close(self) -> None:
        """Give back what it holds."""
