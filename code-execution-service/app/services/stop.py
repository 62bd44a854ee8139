"""How the process tells its loops to end, without cutting through a transaction."""

import asyncio
import time
from collections.abc import Coroutine
from math import inf
from typing import Any, TypeVar

T = TypeVar("T")


class StoppedError(Exception):
    """The work was given up because the process is told to stop."""


class Stop:
    """A flag that ends the loops, and at once whatever they run inside `unless`.

    Cancelling a loop itself could hit it inside a transaction; a database driver that is cut off
    there may keep a lock that nobody gives back.
    """

    def __init__(self, *, drain_s: float = 0) -> None:
        self._drain_s = drain_s
        self._over_at_s = inf
        self._event = asyncio.Event()

    @property
    def is_set(self) -> bool:
        """Whether the loops are to end."""
        return self._event.is_set()

    @property
    def is_over(self) -> bool:
        """Whether the time is up, too, that was left to what had begun."""
        return time.monotonic() >= self._over_at_s

    def set(self) -> None:
        """Tell the loops to end."""
        self._over_at_s = time.monotonic() + self._drain_s
        self._event.set()

    async def comes_within(self, seconds: float) -> bool:
        """Return true as soon as the loops are to end, else false after so many seconds."""
        try:
            async with asyncio.timeout(seconds):
                return await self._event.wait()
        except TimeoutError:
            return False

    async def unless_soon(self, work: Coroutine[Any, Any, T]) -> T:
        """Return what the work returns, or cancel it `drain_s` after the word to stop.

        Raises:
            StoppedError: it was cancelled.
            CancelledError: somebody cancelled this very call, and with it the work.
        """
        return await self._run(work, is_patient=True)

    async def unless(self, work: Coroutine[Any, Any, T]) -> T:
        """Return what the work returns, or cancel it when told to stop.

        Raises:
            StoppedError: it was cancelled.
            CancelledError: somebody cancelled this very call, and with it the work.
        """
        return await self._run(work, is_patient=False)

    async def _run(self, work: Coroutine[Any, Any, T], *, is_patient: bool) -> T:
        task = asyncio.ensure_future(work)
        stopping = asyncio.ensure_future(self._event.wait())
        try:
            await asyncio.wait({task, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if not task.done() and is_patient:
                await asyncio.wait({task}, timeout=max(0, self._over_at_s - time.monotonic()))
            if task.done():
                return task.result()
            raise StoppedError
        finally:
            for each in (task, stopping):
                each.cancel()
            await asyncio.wait({task, stopping})
