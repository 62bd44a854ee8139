"""Who watches in this process, and what each of them has not taken yet."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from typing_extensions import override

from app.domain.executions import Execution, ExecutionUpdate
from app.repositories.executions.base import Watch, WatchLostError

PENDING_MAX = 256
"""How many updates are kept for somebody who does not take them; the store has them anyway."""


class LocalWatch(Watch):
    """The updates of one execution for one who watches it."""

    __slots__ = ("_is_lost", "_pending", "_waiter")

    def __init__(self) -> None:
        # Mostly empty, and there may be thousands: an empty deque would take ten times as much.
        self._pending: list[ExecutionUpdate] = []
        self._is_lost = False
        self._waiter: asyncio.Future[None] | None = None

    @override
    async def next(self) -> ExecutionUpdate:
        """Wait for the next update.

        Raises:
            WatchLostError: some may have been missed; the state has to be asked for anew.
        """
        if not self._pending and not self._is_lost:
            self._waiter = asyncio.get_running_loop().create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        if self._is_lost:
            raise WatchLostError
        return self._pending.pop(0)

    def tell(self, update: ExecutionUpdate) -> None:
        """Add an update, or lose them all if nobody takes them."""
        if len(self._pending) >= PENDING_MAX:
            self.lose()
        elif not self._is_lost:
            self._pending.append(update)
            self._wake()

    def lose(self) -> None:
        """End it: an update may have been missed."""
        self._is_lost = True
        self._pending.clear()
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


class LocalWatches:
    """All watches of this process, by the execution that they are of."""

    def __init__(self) -> None:
        self._watches: dict[str, set[LocalWatch]] = {}

    @contextmanager
    def watching(self, execution_id: str) -> Iterator[LocalWatch]:
        """Receive updates while the block runs."""
        watch = LocalWatch()
        self._watches.setdefault(execution_id, set()).add(watch)
        try:
            yield watch
        finally:
            others = self._watches[execution_id]
            others.discard(watch)
            if not others:
                del self._watches[execution_id]

    def is_watched(self, execution_id: str) -> bool:
        """Tell whether anybody watches it."""
        return execution_id in self._watches

    def tell(self, update: ExecutionUpdate) -> None:
        """Tell all who watch the update's execution."""
        execution_id = update.id if isinstance(update, Execution) else update.execution_id
        for watch in self._watches.get(execution_id, ()):
            watch.tell(update)

    def lose_all(self) -> None:
        """End every watch."""
        for watches in self._watches.values():
            for watch in watches:
                watch.lose()
