"""Submissions: accept them once, queue them, show them."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from typing import Any

from app import tracing
from app.domain.checking import StoredProgram
from app.domain.files import MAX_FILE_BYTES, MAX_FILES_BYTES, SourceFile, check_files
from app.domain.judging import GivenTestCase, SubmissionStatus
from app.domain.judging_rules import DEFAULT_RULES, JudgingRules
from app.domain.language import Language
from app.domain.limits import limits_for
from app.domain.test_groups import check_groups
from app.domain.turns import Priority, turn_of
from app.errors import (
    BusyError,
    ContestNotFoundError,
    IdempotencyMismatchError,
    IllegalTransitionError,
    InvalidRequestError,
    SubmissionNotFoundError,
)
from app.languages import LanguageRegistry
from app.logs import context
from app.models import Job, Judgement, Submission, SubmissionFile, SubmissionTestCase
from app.repositories.rows import IdempotencyKeyTakenError
from app.repositories.unit_of_work import Transactions, UnitOfWork
from app.services import judging_rules
from app.services.fresh_jobs import FreshJobs
from app.services.test_data import TestDataService

MAX_CODE_BYTES = 100 * 1024  # contract S001-Q01


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSubmission:
    """What a caller asks for.

    Limits that are `None` are the service's defaults, multipliers that are `None` the language's.
    """

    code: str
    language: str
    user_id: int
    contest_id: int | None
    input_data: str
    reference: str | None
    cpu_time_limit_ms: int | None
    memory_limit_bytes: int | None
    time_multiplier: float | None
    memory_multiplier: float | None
    compile_options: tuple[str, ...]
    files: tuple[SourceFile, ...]
    test_cases: tuple[GivenTestCase, ...]
    rules: JudgingRules
    contents: Mapping[str, bytes]
    """What came along of the test data that the rules refer to."""
    is_executed_at_once: bool
    priority: Priority

    def fingerprint(self) -> str:
        """Return a hash that is the same for the same request.

        Only what was asked for counts, so that a field which a later version adds changes nothing.
        """
        asked = _fields(self)
        del asked["contents"]  # the rules have their hashes
        del asked["priority"]  # says when, not what
        asked["rules"] = None if self.rules == DEFAULT_RULES else asdict(self.rules)
        asked["files"] = [_fields(file) for file in self.files]
        asked["test_cases"] = [_given(case) for case in self.test_cases]
        asked = {name: value for name, value in asked.items() if value}
        text = json.dumps(asked, sort_keys=True, default=bytes.hex)
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def hashes(self) -> frozenset[str]:
        """What of the kept test data it refers to."""
        return self.rules.hashes.union(*(case.hashes for case in self.test_cases))


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmissionDetails:
    """A submission with its newest judgement, if it has been judged."""

    submission: Submission
    judgement: Judgement | None


class SubmissionService:
    """Creates, queues and finds submissions."""

    def __init__(
        self,
        *,
        transactions: Transactions,
        languages: LanguageRegistry,
        test_data: TestDataService,
        fresh_jobs: FreshJobs,
        max_queued: int,
    ) -> None:
        self._transactions = transactions
        self._languages = languages
        self._test_data = test_data
        self._fresh_jobs = fresh_jobs
        self._max_queued = max_queued

    async def create(
        self, request: NewSubmission, *, idempotency_key: str | None
    ) -> SubmissionDetails:
        """Store and queue a submission; a repeated key returns what it created the first time.

        Raises:
            InvalidRequestError: the code is empty or too long, the contest unknown, a compile
                option not allowed, or a file, the test groups or the test data not acceptable.
            UnsupportedLanguageError: there is no such language.
            UnknownTestDataError: it refers to hashes that nothing is kept for.
            IdempotencyMismatchError: the key came before with another request.
            BusyError: too many submissions wait already; nothing was stored.
        """
        check_code(request.code)
        language = self._languages.get(request.language)
        language.options_with(request.compile_options)
        check_files(request.files, source_file=language.source_file)
        check_groups([case.group for case in request.test_cases], request.rules.groups)
        if request.rules.interactor and not request.test_cases:
            raise InvalidRequestError("An interactor needs test cases")
        await self._expect_test_data(request)
        try:
            return await self._store(request, language, idempotency_key)
        except IdempotencyKeyTakenError:
            return await self._find_repeated(request, idempotency_key)

    async def _expect_test_data(self, request: NewSubmission) -> None:
        for program in request.rules.programs:
            names = [SourceFile(name=file.name, content=b"") for file in program.files]
            check_files(names, source_file=self._languages.get(program.language).source_file)
        hashes = request.hashes
        if not hashes:
            return
        await self._test_data.keep(request.contents)
        sizes = await self._test_data.expect(hashes)
        for program in request.rules.programs:
            _check_sizes(program, sizes)

    async def _store(
        self, request: NewSubmission, language: Language, idempotency_key: str | None
    ) -> SubmissionDetails:
        now = datetime.now(tz=UTC)
        async with self._transactions.write() as work:
            await _check_contest(work, request.contest_id)
            submission = _new_row(request, language, idempotency_key, now)
            is_fresh = request.is_executed_at_once and self._fresh_jobs.can_be_judged_at_once
            if is_fresh:
                submission.status = SubmissionStatus.RUNNING
                submission.executed_at = now
            await work.submissions.add(submission)
            job = _new_job(submission, now)
            if is_fresh:
                self._fresh_jobs.claim(job, now=now)
            elif request.is_executed_at_once:
                # Not before: who repeats a request gets the first answer, however full it is now.
                job.turn_at = await self._turn_of(work, job, now)
            if request.is_executed_at_once:
                await work.jobs.add(job)
        if request.is_executed_at_once:
            self._fresh_jobs.put(job, submission)
        submission.status = SubmissionStatus.PENDING  # for the answer, which tells how it came in
        return SubmissionDetails(submission=submission, judgement=None)

    async def _turn_of(self, work: UnitOfWork, job: Job, now: datetime) -> datetime:
        """Look what its user has waiting; where a judge is idle there is nothing to be put off by.

        Raises:
            BusyError: too many jobs wait already.
        """
        waiting = await work.jobs.waiting(
            job.user_id, priority=Priority(job.priority), length=self._max_queued
        )
        if waiting.are_more:
            raise BusyError
        return turn_of(now=now, waiting=waiting.of_user)

    async def _find_repeated(
        self, request: NewSubmission, idempotency_key: str | None
    ) -> SubmissionDetails:
        assert idempotency_key is not None  # noqa: S101  # only one that is there can be taken
        async with self._transactions.read() as work:
            earlier = await work.submissions.find_by_idempotency_key(idempotency_key)
            assert earlier is not None  # noqa: S101  # nothing deletes submissions
            if earlier.request_hash != request.fingerprint():
                raise IdempotencyMismatchError
            judgement = await work.submissions.find_newest_judgement(earlier.id)
        return SubmissionDetails(submission=earlier, judgement=judgement)

    async def get(self, submission_id: int) -> SubmissionDetails:
        """Return a submission with its newest judgement.

        Raises:
            SubmissionNotFoundError: there is none with this id.
        """
        async with self._transactions.read() as work:
            submission = await work.submissions.find(submission_id)
            if submission is None:
                raise SubmissionNotFoundError
            judgement = await work.submissions.find_newest_judgement(submission_id)
        return SubmissionDetails(submission=submission, judgement=judgement)

    async def list(
        self,
        *,
        user_id: int | None,
        contest_id: int | None,
        status: SubmissionStatus | None,
        skip: int,
        limit: int,
    ) -> Sequence[Submission]:
        """Return submissions without their judgements, the newest first."""
        async with self._transactions.read() as work:
            return await work.submissions.list(
                user_id=user_id, contest_id=contest_id, status=status, skip=skip, limit=limit
            )

    async def execute(self, submission_id: int) -> None:
        """Queue a submission that waits, or judge one that ended in an error once more.

        Raises:
            SubmissionNotFoundError: there is none with this id.
            IllegalTransitionError: it is running or completed.
            BusyError: too many submissions wait already.
        """
        now = datetime.now(tz=UTC)
        async with self._transactions.write() as work:
            submission = await work.submissions.find(submission_id, for_update=True)
            if submission is None:
                raise SubmissionNotFoundError
            status = SubmissionStatus(submission.status)
            if status not in {SubmissionStatus.PENDING, SubmissionStatus.ERROR}:
                raise IllegalTransitionError(
                    f"Cannot execute submission with status: {status.value}"
                )
            submission.status = SubmissionStatus.PENDING
            if await work.jobs.find_by_submission(submission_id) is None:
                job = _new_job(submission, now)
                job.turn_at = await self._turn_of(work, job, now)
                await work.jobs.add(job)
        self._fresh_jobs.bell.ring()


def check_code(code: str) -> None:
    """Return if somebody may hand in such a source text.

    Raises:
        InvalidRequestError: it is empty or too long.
    """
    if not code.strip():
        raise InvalidRequestError("Code is required")
    size_bytes = len(code.encode())
    if size_bytes > MAX_CODE_BYTES:
        raise InvalidRequestError(
            f"Code has {size_bytes} bytes; the limit is {MAX_CODE_BYTES} bytes (100 KiB)"
        )


def _check_sizes(program: StoredProgram, sizes: Mapping[str, int]) -> None:
    for sha256 in program.hashes:
        if sizes[sha256] > MAX_FILE_BYTES:
            raise InvalidRequestError(
                f"Source or file {sha256} of a checker or interactor has {sizes[sha256]} bytes;"
                f" the limit is {MAX_FILE_BYTES}"
            )
    size_bytes = sum(sizes[sha256] for sha256 in program.hashes)
    if size_bytes > MAX_FILES_BYTES:
        raise InvalidRequestError(
            f"A checker or interactor of {size_bytes} bytes; the limit is {MAX_FILES_BYTES}"
        )


async def _check_contest(work: UnitOfWork, contest_id: int | None) -> None:
    if contest_id is not None and await work.contests.find(contest_id) is None:
        raise InvalidRequestError(ContestNotFoundError.title)


def _new_row(
    request: NewSubmission, language: Language, idempotency_key: str | None, now: datetime
) -> Submission:
    limits = limits_for(
        language,
        cpu_time_ms=request.cpu_time_limit_ms,
        memory_bytes=request.memory_limit_bytes,
        time_multiplier=request.time_multiplier,
        memory_multiplier=request.memory_multiplier,
    )
    return Submission(
        contest_id=request.contest_id,
        user_id=request.user_id,
        reference=request.reference,
        code=request.code,
        language=language.id,
        input_data=request.input_data,
        cpu_time_limit_ms=limits.cpu_time_ms,
        memory_limit_bytes=limits.memory_bytes,
        compile_options=list(request.compile_options),
        judging_rules=judging_rules.to_document(request.rules),
        priority=request.priority,
        status=SubmissionStatus.PENDING,
        webhook_sent=False,
        created_at=now,
        idempotency_key=idempotency_key,
        request_hash=request.fingerprint() if idempotency_key else None,
        request_id=context.request_id(),
        traceparent=tracing.traceparent(),
        test_cases=[
            SubmissionTestCase(
                position=position,
                external_id=case.id,
                input=case.input or "",
                input_sha256=case.input_sha256,
                expected_output=case.expected_output or "",
                expected_output_sha256=case.expected_output_sha256,
                is_sample=case.is_sample,
                group_name=case.group,
            )
            for position, case in enumerate(request.test_cases)
        ],
        files=[SubmissionFile(name=file.name, content=file.content) for file in request.files],
    )


def _fields(value: NewSubmission | SourceFile | GivenTestCase) -> dict[str, Any]:
    """Return what the value consists of; unlike `asdict`, without copying it."""
    return {field.name: getattr(value, field.name) for field in fields(value)}


def _given(case: GivenTestCase) -> dict[str, Any]:
    return {name: value for name, value in _fields(case).items() if value is not None}


def _new_job(submission: Submission, now: datetime) -> Job:
    return Job(
        submission_id=submission.id,
        user_id=submission.user_id,
        priority=submission.priority,
        turn_at=now,
        created_at=now,
        available_at=now,
        attempts=0,
    )
