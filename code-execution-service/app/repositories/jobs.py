"""The queue table: claiming by conditional update, ownership by lease."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.turns import Priority
from app.models import Job
from app.repositories.rows import delete_row, insert_row, row_of, table_of

# Built once: that costs more than sending them.
_JOBS = table_of(Job)
_FIRST = (
    select(_JOBS.c.id)
    .where(_JOBS.c.available_at <= bindparam("now"))
    .order_by(_JOBS.c.priority, _JOBS.c.turn_at, _JOBS.c.id)
    .limit(1)
    .with_for_update(skip_locked=True)
)
_CLAIM = (
    update(_JOBS)
    .where(_JOBS.c.id == _FIRST.scalar_subquery())
    .values(
        lease_token=bindparam("token"),
        available_at=bindparam("lease_ends_at"),
        attempts=_JOBS.c.attempts + 1,
    )
    .returning(_JOBS)
)
_OF_USER = select(func.count()).where(
    Job.user_id == bindparam("user_id"), Job.priority == bindparam("priority")
)
_BEYOND = select(Job.id).offset(bindparam("length")).limit(1)
_WAITING = select(
    _OF_USER.scalar_subquery().label("of_user"), _BEYOND.scalar_subquery().label("beyond")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """How many jobs wait or run already."""

    of_user: int
    """Of one user, with one priority."""
    are_more: bool
    """Whether all of them are more than the asked number."""


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
        parameters = {"token": lease_token, "now": now, "lease_ends_at": lease_ends_at}
        row = (await self._session.execute(_CLAIM, parameters)).mappings().one_or_none()
        return None if row is None else row_of(Job, row)

    async def waiting(self, user_id: int, *, priority: Priority, length: int) -> Waiting:
        """Count a user's jobs with this priority, and tell whether all are more than `length`."""
        parameters = {"user_id": user_id, "priority": priority, "length": length}
        found = (await self._session.execute(_WAITING, parameters)).one()
        return Waiting(of_user=found.of_user, are_more=found.beyond is not None)

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
