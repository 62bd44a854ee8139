"""How the process tells its loops to end, without cutting through a transaction."""

import asyncio
from collections.abc import Coroutine
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
        self._event = asyncio.Event()

    @property
    def is_set(self) -> bool:
        """Whether the loops are to end."""
        return self._event.is_set()

    def set(self) -> None:
        """Tell the loops to end."""
        self._event.set()

    async def unless_soon(self, work: Coroutine[Any, Any, T]) -> T:
        """Return what the work returns; told to stop, cancel it unless it ends within `drain_s`.

        Raises:
            StoppedError: it was cancelled.
            CancelledError: somebody cancelled this very call, and with it the work.
        """
        return await self._run(work, patience_s=self._drain_s)

    async def unless(self, work: Coroutine[Any, Any, T]) -> T:
        """Return what the work returns, or cancel it when told to stop.

        Raises:
            StoppedError: it was cancelled.
            CancelledError: somebody cancelled this very call, and with it the work.
        """
        return await self._run(work, patience_s=0)

    async def _run(self, work: Coroutine[Any, Any, T], *, patience_s: float) -> T:
        task = asyncio.ensure_future(work)
        stopping = asyncio.ensure_future(self._event.wait())
        try:
            await asyncio.wait({task, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if not task.done():
                await asyncio.wait({task}, timeout=patience_s)
            if task.done():
                return task.result()
            raise StoppedError
        finally:
            for each in (task, stopping):
                each.cancel()
            await asyncio.wait({task, stopping})
