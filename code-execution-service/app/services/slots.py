"""How many calls use the engine at the same moment, and how many may wait for their turn."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from app.errors import BusyError


class Slots:
    """So many calls work side by side, so many more wait in order, and the rest is sent away."""

    def __init__(self, *, working: int, waiting: int) -> None:
        self._free = asyncio.Semaphore(working)
        self._max_waiting = waiting
        self._waiting = 0

    @asynccontextmanager
    async def taken(self) -> AsyncIterator[None]:
        """Hold a slot while the block runs.

        Raises:
            BusyError: as many callers as may wait do so already.
        """
        if self._free.locked() and self._waiting >= self._max_waiting:
            raise BusyError
        self._waiting += 1
        try:
            await self._free.acquire()
        finally:
            self._waiting -= 1
        try:
            yield
        finally:
            self._free.release()
