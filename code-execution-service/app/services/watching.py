"""Following an execution: every change once and in order, whatever gets lost on the way."""

import asyncio
import time
from collections.abc import AsyncGenerator

from app.domain.callers import Caller
from app.domain.executions import Execution, ExecutionUpdate, OutputPiece
from app.errors import ExecutionNotFoundError, ForbiddenError, RedisUnavailableError
from app.repositories.executions.base import Watch, WatchLostError
from app.repositories.executions.ports import ExecutionPorts

LOOK_S = 10.0
"""How long nothing may be heard before the store is asked: that something was told may be lost."""
PAUSE_S = 0.5
PATIENCE_S = 20.0
"""For how long Redis may be away, or have lost what it is told of again soon after."""
NEWCOMERS_PATIENCE_S = 2.0
"""The same for who has not been told anything yet: Redis may just be coming back."""


class WatchingService:
    """Tells owners what becomes of their executions."""

    def __init__(
        self, ports: ExecutionPorts, *, look_s: float = LOOK_S, patience_s: float = PATIENCE_S
    ) -> None:
        self._store = ports.store
        self._updates = ports.updates
        self._look_s = look_s
        self._patience_s = patience_s

    async def follow(self, execution_id: str, caller: Caller) -> AsyncGenerator[ExecutionUpdate]:
        """Give the state, what was written so far, and what is newer until the last state.

        Raises:
            ExecutionNotFoundError: there is none, or none any more.
            ForbiddenError: it is somebody else's.
            RedisUnavailableError: Redis does not answer, or has not for long.
        """
        follower = _Follower(patience_s=self._patience_s)
        while follower.wants_more():
            try:
                # First, so that nothing comes between what is read and what is heard.
                async with self._updates.watched(execution_id) as watch:
                    while follower.wants_more():
                        for update in await self._look(execution_id, caller, follower):
                            yield update
                        while follower.wants_more() and (told := await self._hear(watch, follower)):
                            if follower.takes(told):
                                yield told
            except WatchLostError:
                continue
            except RedisUnavailableError as error:
                follower.endure(error)
                await asyncio.sleep(PAUSE_S)

    async def _look(
        self, execution_id: str, caller: Caller, follower: "_Follower"
    ) -> list[ExecutionUpdate]:
        """Read what is new to the follower; the last state comes after all that was written.

        Raises:
            ForbiddenError: it is somebody else's.
        """
        execution = await self._store.find(execution_id)
        if execution is None:
            follower.endure(ExecutionNotFoundError())
            return []
        if execution.owner != caller.owner:
            raise ForbiddenError("This execution is somebody else's")
        pieces = await self._store.output_so_far(execution_id) if execution.is_streaming else []
        follower.be_content()
        updates: list[ExecutionUpdate] = [execution, *pieces]
        if execution.status.is_final:
            updates = [*pieces, execution]
        return [update for update in updates if follower.takes(update)]

    async def _hear(self, watch: Watch, follower: "_Follower") -> ExecutionUpdate | None:
        """Return what is told, or `None` when it is time to look: nothing came, or not all did."""
        try:
            async with asyncio.timeout(self._look_s):
                told = await watch.next()
        except TimeoutError:
            return None
        return None if follower.has_missed(told) else told


class _Follower:
    """How far somebody has come with an execution, and how much longer they wait for more."""

    __slots__ = (
        "_came_at_s",
        "_endures_until_s",
        "_is_at_end",
        "_patience_s",
        "_sequence",
        "_version",
    )

    def __init__(self, *, patience_s: float) -> None:
        self._is_at_end = False
        self._patience_s = patience_s
        self._version = -1
        self._sequence = -1
        self._came_at_s = time.monotonic()
        # Nobody waits for what has never been there.
        self._endures_until_s = 0.0

    def wants_more(self) -> bool:
        """Tell whether anything can come."""
        return not self._is_at_end

    def has_missed(self, told: ExecutionUpdate) -> bool:
        """Tell whether a piece that came before this one was not told."""
        return isinstance(told, OutputPiece) and told.sequence > self._sequence + 1

    def takes(self, update: ExecutionUpdate) -> bool:
        """Tell whether this is new, and go on to it."""
        if isinstance(update, Execution):
            # An execution that was lost and run again may end with a lower version.
            is_new = update.version > self._version or update.status.is_final
            self._is_at_end = update.status.is_final
            self._version = max(self._version, update.version)
            return is_new
        is_new = update.sequence > self._sequence
        self._sequence = max(self._sequence, update.sequence)
        return is_new

    def be_content(self) -> None:
        """Begin to wait anew: all is well."""
        self._endures_until_s = time.monotonic() + self._patience_s

    def endure(self, fault: ExecutionNotFoundError | RedisUnavailableError) -> None:
        """Wait on, or raise the fault where it has lasted too long.

        Raises:
            ExecutionNotFoundError: it was this.
            RedisUnavailableError: it was this.
        """
        until_s = self._endures_until_s
        if isinstance(fault, RedisUnavailableError):
            until_s = max(until_s, self._came_at_s + min(NEWCOMERS_PATIENCE_S, self._patience_s))
        if time.monotonic() >= until_s:
            raise fault
