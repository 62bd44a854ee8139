"""How the service is doing, looked at seldom however often somebody asks."""

import asyncio
import shutil
import time
from datetime import UTC, datetime
from pathlib import Path

from app.domain.operations import DatabaseFacts, DiskFacts, Operations, WorkerFacts
from app.errors import RedisUnavailableError
from app.models import JudgeWorker
from app.repositories.executions.base import ExecutionQueue
from app.repositories.unit_of_work import Transactions
from app.services.judge_workers import SILENT_AFTER

KEPT_FOR_S = 3.0


class OperationsService:
    """Gathers the figures, and remembers them for some seconds."""

    def __init__(
        self,
        *,
        transactions: Transactions,
        has_database: bool,
        executions: ExecutionQueue,
        data_directory: Path,
    ) -> None:
        self._transactions = transactions
        self._has_database = has_database
        self._executions = executions
        self._data_directory = data_directory
        self._looking = asyncio.Lock()
        self._last: Operations | None = None
        self._looked_at_s = float("-inf")

    async def get(self) -> Operations:
        """Give the figures.

        Raises:
            DatabaseUnavailableError: the database does not answer.
        """
        async with self._looking:
            if self._last is None or time.monotonic() - self._looked_at_s > KEPT_FOR_S:
                self._last = await self._look()
                self._looked_at_s = time.monotonic()
            return self._last

    async def _look(self) -> Operations:
        disk = shutil.disk_usage(self._data_directory)
        return Operations(
            database=await self._ask_database() if self._has_database else None,
            executions_waiting=await self._count_executions(),
            disk=DiskFacts(free_bytes=disk.free, total_bytes=disk.total),
        )

    async def _ask_database(self) -> DatabaseFacts:
        now = datetime.now(tz=UTC)
        async with self._transactions.read() as work:
            return DatabaseFacts(
                queues=await work.operations.queues(now=now),
                events=await work.operations.events(now=now),
                judgements=await work.operations.judgements(now=now),
                workers=tuple(_facts_of(each, now) for each in await work.judge_workers.list()),
            )

    async def _count_executions(self) -> int | None:
        try:
            return await self._executions.waiting()
        except RedisUnavailableError:
            return None


def _facts_of(worker: JudgeWorker, now: datetime) -> WorkerFacts:
    silent = now - worker.seen_at
    return WorkerFacts(
        place=worker.place,
        pid=worker.pid,
        lanes=worker.lanes,
        version=worker.version,
        silent_s=max(0.0, silent.total_seconds()),
        is_silent=silent > SILENT_AFTER,
    )
