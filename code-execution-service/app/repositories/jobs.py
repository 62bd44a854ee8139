"""The queue table: claiming by conditional update, ownership by lease."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    CompoundSelect,
    Executable,
    RowMapping,
    bindparam,
    exists,
    func,
    null,
    select,
    union_all,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.turns import Priority
from app.models import Job, Submission, SubmissionFile, SubmissionStatus
from app.repositories.rows import insert_new_rows, row_of, table_of

# Built once: that costs more than sending them.
_JOBS, _SUBMISSIONS = table_of(Job), table_of(Submission)
_OF_JOB, _HAS_FILES = "job_", "has_files"
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
    .returning(*(each.label(_OF_JOB + each.name) for each in _JOBS.c))
)
_START = (
    update(_SUBMISSIONS)
    .values(status=SubmissionStatus.RUNNING, executed_at=bindparam("now"))
    .returning(
        _SUBMISSIONS,
        exists()
        .where(SubmissionFile.submission_id == _SUBMISSIONS.c.id)
        .correlate(_SUBMISSIONS)
        .label(_HAS_FILES),
    )
)
_START_ONE = _START.where(_SUBMISSIONS.c.id == bindparam("submission_id"))
_CLAIMED = _CLAIM.cte("claimed")
_STARTED = _START.where(_SUBMISSIONS.c.id == _CLAIMED.c.job_submission_id).cte("started")
_CLAIM_AND_START = select(_CLAIMED, _STARTED).where(_STARTED.c.id == _CLAIMED.c.job_submission_id)
_OF_USERS = (
    select(Job.user_id, Job.priority, func.count())
    .where(Job.user_id.in_(bindparam("user_ids", expanding=True)))
    .group_by(Job.user_id, Job.priority)
)
_FIRST_ONES = select(Job.id).limit(bindparam("most")).subquery()
_OF_ALL = select(null(), null(), func.count()).select_from(_FIRST_ONES)
_WAITING: CompoundSelect[Any] = union_all(_OF_USERS, _OF_ALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """How many jobs wait or run already."""

    of_users: Counter[tuple[int, Priority]]
    """Of each user that was asked about, with each priority."""
    in_all: int
    """Not more than the asked number."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A job that is somebody's from now on, and the submission that is judged."""

    job: Job
    submission: Submission
    has_files: bool


class JobRepository:
    """Reads and writes the queue."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, *jobs: Job) -> None:
        """Queue jobs and give them their ids."""
        ids = await insert_new_rows(self._session, jobs, told_apart_by="submission_id")
        for job in jobs:
            job.id = ids[job.submission_id]

    async def find_by_submission(self, submission_id: int) -> Job | None:
        """Return the submission's job, if it waits or runs."""
        return await self._session.scalar(select(Job).where(Job.submission_id == submission_id))

    async def claim_next(
        self, *, lease_token: str, now: datetime, lease_ends_at: datetime
    ) -> Claimed | None:
        """Take the job whose turn it is, free or let go by a worker whose lease ran out.

        Another worker may look at the same moment: on PostgreSQL locked rows are skipped, on SQLite
        the write lock of the transaction keeps the other one out.
        """
        parameters = {"token": lease_token, "now": now, "lease_ends_at": lease_ends_at}
        started = None
        if self._session.get_bind().dialect.name == "postgresql":
            claimed = started = await self._one(_CLAIM_AND_START, parameters)
        elif claimed := await self._one(_CLAIM, parameters):
            of_submission = {"submission_id": claimed["job_submission_id"], "now": now}
            started = await self._one(_START_ONE, of_submission)
        if not claimed:
            return None
        assert started is not None  # noqa: S101  # a job goes with its submission
        return Claimed(
            row_of(Job, claimed, prefix=_OF_JOB), row_of(Submission, started), started[_HAS_FILES]
        )

    async def waiting(self, user_ids: Collection[int], *, most: int) -> Waiting:
        """Count the jobs of users, and all of them, at most that many."""
        parameters = {"user_ids": list(user_ids), "most": most}
        of_users, in_all = Counter[tuple[int, Priority]](), 0
        for user_id, priority, count in await self._session.execute(_WAITING, parameters):
            if user_id is None:
                in_all = count
            else:
                of_users[user_id, Priority(priority)] = count
        return Waiting(of_users=of_users, in_all=in_all)

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

    async def _one(
        self, statement: Executable, parameters: Mapping[str, object]
    ) -> RowMapping | None:
        return (await self._session.execute(statement, parameters)).mappings().one_or_none()
