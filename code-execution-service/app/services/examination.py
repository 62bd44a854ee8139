"""Examining the host on request, seldom however often somebody asks."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from app.errors import ExaminationRunningError

KEPT_FOR_S = 30.0
PATIENCE_S = 20.0
"""How long a caller waits for an examination; it goes on without them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Examination:
    """What the doctor found, and when; `report` has the form that the doctor gives it."""

    examined_at: datetime
    report: dict[str, Any]


class ExaminationService:
    """Calls the doctor, one visit at a time, and remembers for a while what was found."""

    def __init__(self, examine: Callable[[], Awaitable[dict[str, Any]]]) -> None:
        self._examine = examine
        self._running: asyncio.Task[Examination] | None = None
        self._fresh_until_s = float("-inf")

    async def get(self) -> Examination:
        """Give the newest report, after examining the host again if it is no longer fresh.

        Raises:
            ExaminationRunningError: it takes long; its report can be had later.
            ExaminationFailedError: the doctor has no report to give.
        """
        if self._running is None or self._is_stale(self._running):
            self._running = asyncio.create_task(self._run())
        try:
            async with asyncio.timeout(PATIENCE_S):
                return await asyncio.shield(self._running)
        except TimeoutError:
            raise ExaminationRunningError from None

    async def close(self) -> None:
        """End an examination that is running."""
        if self._running is not None:
            self._running.cancel()
            await asyncio.wait([self._running])

    def _is_stale(self, examination: asyncio.Task[Examination]) -> bool:
        return examination.done() and time.monotonic() > self._fresh_until_s

    async def _run(self) -> Examination:
        try:
            report = await self._examine()
        finally:
            self._fresh_until_s = time.monotonic() + KEPT_FOR_S
        return Examination(examined_at=datetime.now(tz=UTC), report=report)
