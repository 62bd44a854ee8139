"""The ports that memory and Redis implement alike; one suite of tests holds both to them."""

from contextlib import AbstractAsyncContextManager
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
        """Keep a new one."""

    async def find(self, execution_id: str) -> Execution | None:
        """Return the newest state, or `None` if there is none, or none any more."""

    async def replace(self, execution: Execution) -> bool:
        """Store the state that follows the stored one; false if another has got in before.

        Where nothing is stored any more, as Redis has lost it, it is stored too.
        """
        ...

    async def add_output(self, piece: OutputPiece) -> None:
        """Keep a piece for whoever comes to watch later."""

    async def output_so_far(self, execution_id: str) -> list[OutputPiece]:
        """Return the pieces in their order."""
        ...
