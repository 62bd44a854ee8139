"""Submissions and their judgements in the database."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BindParameter, bindparam, exists, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from app.models import (
    Event,
    Judgement,
    Submission,
    SubmissionFile,
    SubmissionStatus,
    SubmissionTestCase,
)
from app.repositories.rows import (
    Change,
    IdempotencyKeyTakenError,
    addition,
    insert_row,
    insert_rows,
    row_of,
    table_of,
    write_together,
)

# Built once: that costs more than sending them.
_OF_SUBMISSION: BindParameter[int] = bindparam("submission_id")
_SUBMISSIONS = table_of(Submission)
_HAS_FILES = "has_files"
_START = (
    update(_SUBMISSIONS)
    .where(_SUBMISSIONS.c.id == _OF_SUBMISSION)
    .values(status=SubmissionStatus.RUNNING, executed_at=bindparam("now"))
    .returning(
        _SUBMISSIONS,
        exists()
        .where(SubmissionFile.submission_id == _SUBMISSIONS.c.id)
        .correlate(_SUBMISSIONS)
        .label(_HAS_FILES),
    )
)
_TEST_CASES = (
    select(SubmissionTestCase)
    .where(SubmissionTestCase.submission_id == _OF_SUBMISSION)
    .order_by(SubmissionTestCase.position)
)
_FILES = (
    select(SubmissionFile)
    .where(SubmissionFile.submission_id == _OF_SUBMISSION)
    .order_by(SubmissionFile.name)
)


@dataclass(frozen=True, slots=True)
class Started:
    """A submission that is judged from now on, and what came with it."""

    submission: Submission
    test_cases: Sequence[SubmissionTestCase]
    files: Sequence[SubmissionFile]


class SubmissionRepository:
    """Reads and writes submissions."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, submission: Submission) -> None:
        """Store a new submission with its test cases and files, and give it its id.

        Raises:
            IdempotencyKeyTakenError: its key, the one thing that can clash, is in use.
        """
        try:
            submission.id = await insert_row(self._session, submission)
        except IntegrityError as error:
            raise IdempotencyKeyTakenError from error
        for case in submission.test_cases:
            case.submission_id = submission.id
        for file in submission.files:
            file.submission_id = submission.id
        await insert_rows(self._session, submission.test_cases)
        await insert_rows(self._session, submission.files)

    async def find(self, submission_id: int, *, for_update: bool = False) -> Submission | None:
        """Return the submission, if it exists; its row locked when it is to be changed."""
        return await self._session.get(Submission, submission_id, with_for_update=for_update)

    async def find_by_idempotency_key(self, key: str) -> Submission | None:
        """Return the submission that was created under this key."""
        return await self._session.scalar(
            select(Submission).where(Submission.idempotency_key == key)
        )

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

    async def start(self, submission_id: int, *, now: datetime) -> Started:
        """Say that a submission is judged; return it with its test cases in order and its files.

        Raises:
            NoResultFound: it does not exist.
        """
        of_submission = {"submission_id": submission_id}
        started = await self._session.execute(_START, of_submission | {"now": now})
        row = started.mappings().one()
        test_cases = await self._session.scalars(_TEST_CASES, of_submission)
        return Started(
            row_of(Submission, row),
            test_cases.all(),
            (await self._session.scalars(_FILES, of_submission)).all() if row[_HAS_FILES] else (),
        )

    async def complete(
        self, judgement: Judgement, event: Event, *, shown: Mapping[str, object]
    ) -> None:
        """Store a judgement with its runs, what the submission shows of it, and the event.

        Judgement and event get their ids.
        """
        _, judgement_id, event_id = await write_together(
            self._session,
            Change(Submission, shown, judgement.submission_id),
            addition(judgement),
            addition(event),
        )
        assert judgement_id is not None  # noqa: S101  # it is new
        assert event_id is not None  # noqa: S101  # it is new
        judgement.id, event.id = judgement_id, event_id
        for run in judgement.runs:
            run.judgement_id = judgement_id
        await insert_rows(self._session, judgement.runs)

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
