"""Submissions and their judgements in the database."""

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import BindParameter, bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from app.models import (
    Event,
    Job,
    Judgement,
    Submission,
    SubmissionFile,
    SubmissionStatus,
    SubmissionTestCase,
)
from app.repositories.rows import (
    Change,
    Parts,
    Removal,
    addition,
    insert_new_rows,
    insert_rows,
    row_of,
    table_of,
    write_together,
)

# Built once: that costs more than sending them.
_OF_SUBMISSION: BindParameter[int] = bindparam("submission_id")
_TEST_CASES, _FILES = table_of(SubmissionTestCase), table_of(SubmissionFile)
_FIND_TEST_CASES = (
    select(_TEST_CASES)
    .where(_TEST_CASES.c.submission_id == _OF_SUBMISSION)
    .order_by(_TEST_CASES.c.position)
)
_FIND_FILES = select(_FILES).where(_FILES.c.submission_id == _OF_SUBMISSION).order_by(_FILES.c.name)


class SubmissionRepository:
    """Reads and writes submissions."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, *submissions: Submission) -> Sequence[Submission]:
        """Store new submissions with their test cases and files, and give them their ids.

        Returns those that were stored: all but those whose idempotency key is in use.
        """
        ids = await insert_new_rows(self._session, submissions, told_apart_by="idempotency_key")
        stored = [each for each in submissions if each.idempotency_key in ids]
        for submission in stored:
            submission.id = ids[submission.idempotency_key]
            for case in submission.test_cases:
                case.submission_id = submission.id
            for file in submission.files:
                file.submission_id = submission.id
        await insert_rows(self._session, [case for each in stored for case in each.test_cases])
        await insert_rows(self._session, [file for each in stored for file in each.files])
        return stored

    async def find(self, submission_id: int, *, for_update: bool = False) -> Submission | None:
        """Return the submission, if it exists; its row locked when it is to be changed."""
        return await self._session.get(Submission, submission_id, with_for_update=for_update)

    async def find_by_idempotency_keys(self, keys: Collection[str]) -> dict[str, Submission]:
        """Return what was created under these keys, as far as there is something."""
        query = select(Submission).where(Submission.idempotency_key.in_(keys))
        found = await self._session.scalars(query)
        return {each.idempotency_key: each for each in found if each.idempotency_key}

    async def list(
        self,
        *,
        user_id: int | None,
        contest_id: int | None,
        status: SubmissionStatus | None,
        skip: int,
        limit: int,
    ) -> Sequence[Submission]:
        """Return submissions, the newest first."""
        query = select(Submission).order_by(Submission.id.desc()).offset(skip).limit(limit)
        if user_id is not None:
            query = query.where(Submission.user_id == user_id)
        if contest_id is not None:
            query = query.where(Submission.contest_id == contest_id)
        if status is not None:
            query = query.where(Submission.status == status)
        return (await self._session.scalars(query)).all()

    async def test_cases(self, submission_id: int) -> Sequence[SubmissionTestCase]:
        """Return a submission's test cases in order."""
        found = await self._session.execute(_FIND_TEST_CASES, {"submission_id": submission_id})
        return [row_of(SubmissionTestCase, row) for row in found.mappings()]

    async def files(self, submission_id: int) -> Sequence[SubmissionFile]:
        """Return a submission's files by name."""
        found = await self._session.execute(_FIND_FILES, {"submission_id": submission_id})
        return [row_of(SubmissionFile, row) for row in found.mappings()]

    async def complete(
        self,
        judgement: Judgement,
        event: Event,
        *,
        shown: Mapping[str, object],
        job_id: int,
        lease_token: str,
    ) -> bool:
        """Take the job out of the queue; false, and nothing done, when it is no longer ours.

        With it, store a judgement with its runs, what the submission shows of it, and the event.
        Judgement and event get their ids.
        """
        _, judgement_id, event_id = await write_together(
            self._session,
            Change(Submission, shown, judgement.submission_id),
            addition(judgement, Parts("judgement_id", judgement.runs)),
            addition(event),
            in_place_of=Removal(Job, job_id, {"lease_token": lease_token}),
        )
        if judgement_id is None or event_id is None:
            return False
        judgement.id, event.id = judgement_id, event_id
        return True

    async def find_newest_judgement(self, submission_id: int) -> Judgement | None:
        """Return the newest judgement with its runs."""
        query = (
            select(Judgement)
            .where(Judgement.submission_id == submission_id)
            .order_by(Judgement.id.desc())
            .limit(1)
            .options(selectinload(Judgement.runs))
        )
        return await self._session.scalar(query)
