"""What this process has promised to run, for the day on which Redis forgets it."""

import logging
import time
from dataclasses import dataclass

from app.domain.executions import Execution
from app.errors import RedisUnavailableError
from app.repositories.executions.ports import ExecutionPorts
from app.services.stop import Stop

logger = logging.getLogger(__name__)

LOOK_S = 3.0


@dataclass(frozen=True, slots=True)
class _Accepted:
    execution: Execution
    until_s: float


class AcceptedExecutions:
    """Remembers executions until they have ended, and queues again what was lost.

    A Redis without persistence is empty when it comes back. At most as many are remembered as may
    wait, and few more.
    """

    def __init__(self, ports: ExecutionPorts, *, kept_s: float) -> None:
        self._store = ports.store
        self._queue = ports.queue
        self._kept_s = kept_s
        self._accepted: dict[str, _Accepted] = {}

    def remember(self, execution: Execution) -> None:
        """Look after an execution that has been stored and queued."""
        until_s = time.monotonic() + self._kept_s
        self._accepted[execution.id] = _Accepted(execution, until_s)

    def forget(self, execution_id: str) -> None:
        """Look no more after one that nobody wants: were it lost now, it would be run after all."""
        self._accepted.pop(execution_id, None)

    async def look_after(self, stop: Stop) -> None:
        """Look again and again until told to stop."""
        while not await stop.comes_within(LOOK_S):
            try:
                await self.look()
            except RedisUnavailableError as error:
                logger.warning("executions can't be looked after: %s", error.__cause__)

    async def look(self) -> None:
        """Queue what was lost, forget what is over.

        Raises:
            RedisUnavailableError: Redis is used and does not answer.
        """
        for execution_id, accepted in list(self._accepted.items()):
            found = await self._store.find(execution_id)
            if accepted.until_s < time.monotonic() or (found and found.status.is_final):
                self.forget(execution_id)
            if execution_id not in self._accepted:
                continue
            if found is None:
                logger.warning("execution %s was lost, and is queued again", execution_id)
                await self._store.add(accepted.execution)
            await self._queue.put(execution_id)
