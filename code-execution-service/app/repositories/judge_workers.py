"""Which processes judge."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.models import JudgeWorker


class JudgeWorkerRepository:
    """Reads and writes what judge workers tell of themselves."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def note(self, worker: JudgeWorker) -> None:
        """Say that it is there."""
        seen = update(JudgeWorker).where(JudgeWorker.id == worker.id)
        found = await self._session.execute(
            seen.values(seen_at=worker.seen_at).returning(JudgeWorker.id)
        )
        if found.scalar() is None:
            columns = JudgeWorker.__table__.columns.keys()
            values = {name: getattr(worker, name) for name in columns}
            await self._session.execute(insert(JudgeWorker).values(values))

    async def forget(self, worker_id: str) -> None:
        """Say that it has gone."""
        await self._session.execute(delete(JudgeWorker).where(JudgeWorker.id == worker_id))

    async def forget_silent(self, *, since: datetime, place: str | None = None) -> None:
        """Forget those that have said nothing since then, at one place or everywhere."""
        silent = delete(JudgeWorker).where(JudgeWorker.seen_at < since)
        if place is not None:
            silent = silent.where(JudgeWorker.place == place)
        await self._session.execute(silent)

    async def list(self) -> Sequence[JudgeWorker]:
        """Return all that are known, the longest there first."""
        workers = select(JudgeWorker).order_by(JudgeWorker.started_at, JudgeWorker.id)
        return (await self._session.scalars(workers)).all()
