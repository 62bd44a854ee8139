"""The queue table: claiming by conditional update, ownership by lease."""

from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.turns import Priority
from app.models import Job
from app.repositories.rows import delete_row, insert_row


class JobRepository:
    """Reads and writes the queue."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, job: Job) -> None:
        """Queue a job and give it its id."""
        job.id = await insert_row(self._session, job)

    async def find_by_submission(self, submission_id: int) -> Job | None:
        """Return the submission's job, if it waits or runs."""
        return await self._session.scalar(select(Job).where(Job.submission_id == submission_id))

    async def claim_next(
        self, *, lease_token: str, now: datetime, lease_ends_at: datetime
    ) -> Job | None:
        """Take the job whose turn it is, free or let go by a worker whose lease ran out.

        Another worker may look at the same moment: on PostgreSQL locked rows are skipped, on SQLite
        the write lock of the transaction keeps the other one out.
        """
        first = (
            select(Job.id)
            .where(Job.available_at <= now)
            .order_by(Job.priority, Job.turn_at, Job.id)
            .limit(1)
            .with_for_update(skip_locked=True)
            .scalar_subquery()
        )
        claim = (
            update(Job)
            .where(Job.id == first)
            .values(lease_token=lease_token, available_at=lease_ends_at, attempts=Job.attempts + 1)
            .returning(Job)
        )
        return await self._session.scalar(claim)

    async def count_of_user(self, user_id: int, *, priority: Priority) -> int:
        """Count the jobs of a user that wait or run."""
        of_user = select(func.count()).where(Job.user_id == user_id, Job.priority == priority)
        return await self._session.scalar(of_user) or 0

    async def is_longer_than(self, length: int) -> bool:
        """Tell whether more jobs than that wait or run."""
        found = await self._session.scalar(select(Job.id).offset(length).limit(1))
        return found is not None

    async def extend_lease(self, job_id: int, *, lease_token: str, lease_ends_at: datetime) -> bool:
        """Keep the job for longer; false when it is no longer ours."""
        result = await self._session.execute(
            update(Job)
            .where(Job.id == job_id, Job.lease_token == lease_token)
            .values(available_at=lease_ends_at)
            .returning(Job.id)
        )
        return result.scalar() is not None

    async def release(
        self, job_id: int, *, lease_token: str, available_at: datetime, attempts: int
    ) -> None:
        """Give the job back to the queue from then on, if it is still ours."""
        await self._session.execute(
            update(Job)
            .where(Job.id == job_id, Job.lease_token == lease_token)
            .values(lease_token=None, available_at=available_at, attempts=attempts)
        )

    async def finish(self, job_id: int, *, lease_token: str) -> bool:
        """Take the job out of the queue; false when it is no longer ours."""
        return await delete_row(self._session, Job, job_id, lease_token=lease_token)
