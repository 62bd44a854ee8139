"""The lanes of the host: first come, first served."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Protocol

from app.engines.sandbox.box import Box
from app.errors import EngineUnavailableError


class AnyLane(Protocol):
    """Makes one box after the other, by a keeper or without one."""

    def box(self) -> AbstractAsyncContextManager[Box]:
        """Use a box, fresh and empty; it is gone when the block has ended.

        Raises:
            SandboxFailureError: it could not be made.
        """
        ...

    def get_ready(self) -> None:
        """Make ahead what the next box needs; what fails is told to whoever uses it next."""

    def break_off(self) -> None:
        """End whatever runs in the lane, under the feet of whoever uses it."""

    async def close(self) -> None:
        """Destroy what stands of it; returns when nothing is left."""


class Lanes:
    """Hands out lanes, one user at a time each."""

    def __init__(self, lanes: Sequence[AnyLane]) -> None:
        self._lanes = tuple(lanes)
        self._idle = deque(lanes)
        self._waiting: deque[asyncio.Future[AnyLane]] = deque()
        self._is_closed = False

    @asynccontextmanager
    async def one(self) -> AsyncGenerator[AnyLane, None]:
        """Wait for a lane and use it.

        Raises:
            EngineUnavailableError: the lanes are closed.
        """
        lane = await self._acquire()
        try:
            yield lane
        finally:
            self._release(lane)

    @asynccontextmanager
    async def an_idle_one(self) -> AsyncGenerator[AnyLane | None, None]:
        """Use a lane that nobody needs now, `None` if there is none; see `are_wanted`."""
        if self._is_closed or not self._idle:
            yield None
            return
        lane = self._idle.popleft()
        try:
            yield lane
        finally:
            self._release(lane)

    @property
    def idle_count(self) -> int:
        """How many are free and wanted by nobody."""
        return len(self._idle)

    @property
    def are_wanted(self) -> bool:
        """Whether somebody waits, so that a lane which is only helping out should be given back."""
        return bool(self._waiting)

    async def close(self) -> None:
        """Break everything off; returns when nothing of any lane is left."""
        self._is_closed = True
        for future in self._waiting:
            if not future.done():
                future.set_exception(EngineUnavailableError("The engine is being stopped"))
        for lane in self._lanes:
            lane.break_off()
        await asyncio.gather(*(lane.close() for lane in self._lanes))

    async def _acquire(self) -> AnyLane:
        if self._is_closed or not self._lanes:
            raise EngineUnavailableError("The engine is not started")
        if self._idle:
            return self._idle.popleft()
        future: asyncio.Future[AnyLane] = asyncio.get_running_loop().create_future()
        self._waiting.append(future)
        try:
            return await future
        except asyncio.CancelledError:
            if future.done() and not future.cancelled() and future.exception() is None:
                self._release(future.result())  # handed over in the moment of the cancellation
            raise
        finally:
            if future in self._waiting:
                self._waiting.remove(future)

    def _release(self, lane: AnyLane) -> None:
        if not self._is_closed:
            lane.get_ready()
        while self._waiting:
            future = self._waiting.popleft()
            if not future.done():
                future.set_result(lane)
                return
        self._idle.append(lane)
