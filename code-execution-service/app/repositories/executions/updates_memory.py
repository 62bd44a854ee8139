"""Updates inside one process."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from typing_extensions import override

from app.domain.executions import ExecutionUpdate
from app.repositories.executions.base import ExecutionUpdates, Watch
from app.repositories.executions.watches import LocalWatches


class MemoryUpdates(ExecutionUpdates):
    """Tells those who watch in this very process."""

    def __init__(self) -> None:
        self._watches = LocalWatches()

    @override
    async def publish(self, update: ExecutionUpdate) -> None:
        """Tell all who watch."""
        self._watches.tell(update)

    @override
    @asynccontextmanager
    async def watched(self, execution_id: str) -> AsyncIterator[Watch]:
        """Receive updates while the block runs."""
        with self._watches.watching(execution_id) as watch:
            yield watch

    @override
    async def close(self) -> None:
        """End; every watch is lost."""
        self._watches.lose_all()
