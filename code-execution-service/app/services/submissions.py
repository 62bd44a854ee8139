"""Submissions: accept them once, queue them, show them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from app.domain.checking import StoredProgram
from app.domain.files import MAX_FILE_BYTES, MAX_FILES_BYTES, SourceFile, check_files
from app.domain.judging import SubmissionStatus
from app.domain.language import Language
from app.domain.test_groups import check_groups
from app.domain.turns import Priority, turn_of
from app.errors import (
    BusyError,
    ClientError,
    ContestNotFoundError,
    IdempotencyMismatchError,
    IllegalTransitionError,
    InvalidRequestError,
    ServiceError,
    SubmissionNotFoundError,
)
from app.languages import LanguageRegistry
from app.models import Job, Judgement, Submission
from app.repositories.unit_of_work import Transactions, UnitOfWork
from app.services.fresh_jobs import FreshJobs
from app.services.new_submissions import NewSubmission, Order, check_code, job_of, row_of
from app.services.test_data import TestDataService


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmissionDetails:
    """A submission with its newest judgement, if it has been judged."""

    submission: Submission
    judgement: Judgement | None


@dataclass(frozen=True, slots=True)
class Accepted:
    """A submission that is kept, from now on or from when its key came first."""

    submission: Submission
    is_repeated: bool


@dataclass(slots=True, eq=False)
class _Draft:
    """A submission that may be stored."""

    row: Submission
    is_executed_at_once: bool
    is_fresh: bool = False
    """Whether it is for a judge of this process who is idle."""
    turn_at: datetime | None = None
    """`None` if nothing more may wait."""

    @property
    def can_be_stored(self) -> bool:
        """Whether it needs no place in the queue, or has one."""
        return not self.is_executed_at_once or self.turn_at is not None


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

    async def create(self, order: Order) -> SubmissionDetails:
        """Store and queue a submission; a repeated key returns what it created the first time.

        Raises:
            InvalidRequestError: the code is empty or too long, the contest unknown, a compile
                option not allowed, or a file, the test groups or the test data not acceptable.
            UnsupportedLanguageError: there is no such language.
            UnknownTestDataError: it refers to hashes that nothing is kept for.
            IdempotencyMismatchError: the key came before with another request.
            BusyError: too many submissions wait already; nothing was stored.
        """
        [accepted] = await self.create_all([order])
        if isinstance(accepted, ServiceError):
            raise accepted
        if accepted.is_repeated:
            return await self.get(accepted.submission.id)
        return SubmissionDetails(submission=accepted.submission, judgement=None)

    async def create_all(self, orders: Sequence[Order]) -> list[Accepted | ServiceError]:
        """Store and queue submissions in one transaction; tell of each, in order, how it went.

        An error is what `create` would raise; it is in nobody else's way.
        """
        now = datetime.now(tz=UTC)
        drafts = [await self._draft(order, now) for order in orders]
        good = [each for each in drafts if isinstance(each, _Draft)]
        outcomes = await self._store(good, now) if good else {}
        return [each if isinstance(each, ServiceError) else outcomes[each] for each in drafts]

    async def _draft(self, order: Order, now: datetime) -> _Draft | ClientError:
        try:
            language = await self._check(order.request)
        except ClientError as error:
            return error
        return _Draft(row_of(order, language, now=now), order.request.is_executed_at_once)

    async def _check(self, request: NewSubmission) -> Language:
        check_code(request.code)
        language = self._languages.get(request.language)
        language.options_with(request.compile_options)
        check_files(request.files, source_file=language.source_file)
        check_groups([case.group for case in request.test_cases], request.rules.groups)
        if request.rules.interactor and not request.test_cases:
            raise InvalidRequestError("An interactor needs test cases")
        await self._expect_test_data(request)
        return language

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
        self, drafts: Sequence[_Draft], now: datetime
    ) -> Mapping[_Draft, Accepted | ServiceError]:
        async with self._transactions.write() as work:
            placed = await _in_known_contests(work, drafts)
            candidates = _first_of_each_key(placed)
            await self._give_places(work, candidates, now)
            storable = [each for each in candidates if each.can_be_stored]
            # All in the same order, so that no two who store the same ones wait for each other.
            in_order = sorted(storable, key=lambda each: each.row.idempotency_key or "")
            rows = set(await work.submissions.add(*(each.row for each in in_order)))
            stored = [each for each in storable if each.row in rows]
            jobs = {
                each: self._job(each, each.turn_at, now)
                for each in stored
                if each.turn_at is not None
            }
            await work.jobs.add(*jobs.values())
            outcomes = await _found_earlier(work, [each for each in placed if each not in stored])
        for draft in stored:
            if draft in jobs:
                self._fresh_jobs.put(jobs[draft], draft.row)
            draft.row.status = SubmissionStatus.PENDING  # for the answer: how it came in
            outcomes[draft] = Accepted(draft.row, is_repeated=False)
        nowhere = InvalidRequestError(ContestNotFoundError.title)
        return {each: outcomes.get(each, nowhere) for each in drafts}

    async def _give_places(self, work: UnitOfWork, drafts: Sequence[_Draft], now: datetime) -> None:
        """Give idle judges of this process what they can begin with, and the rest its turn."""
        executed = [each for each in drafts if each.is_executed_at_once]
        fresh = executed[: self._fresh_jobs.judged_at_once]
        for draft in fresh:
            draft.is_fresh = True
            draft.turn_at = draft.row.executed_at = now
            draft.row.status = SubmissionStatus.RUNNING
        await self._give_turns(work, executed[len(fresh) :], beside=fresh, now=now)

    async def _give_turns(
        self, work: UnitOfWork, drafts: Sequence[_Draft], *, beside: Sequence[_Draft], now: datetime
    ) -> None:
        """Look what their users have waiting; where a judge is idle nothing puts anybody off."""
        if not drafts:
            return
        most = self._max_queued + 1
        users = {each.row.user_id for each in drafts}
        waiting = await work.jobs.waiting(users, most=most)
        of_users = waiting.of_users + Counter(map(_turns_with, beside))
        for draft in drafts[: max(most - waiting.in_all - len(beside), 0)]:
            draft.turn_at = turn_of(now=now, waiting=of_users[_turns_with(draft)])
            of_users[_turns_with(draft)] += 1

    def _job(self, draft: _Draft, turn_at: datetime, now: datetime) -> Job:
        job = job_of(draft.row, turn_at=turn_at, now=now)
        if draft.is_fresh:
            self._fresh_jobs.claim(job, now=now)
        return job

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
                draft = _Draft(submission, is_executed_at_once=True)
                await self._give_turns(work, [draft], beside=[], now=now)
                if draft.turn_at is None:
                    raise BusyError
                await work.jobs.add(job_of(submission, turn_at=draft.turn_at, now=now))
        self._fresh_jobs.bell.ring()


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


async def _in_known_contests(work: UnitOfWork, drafts: Sequence[_Draft]) -> Sequence[_Draft]:
    contests = {each.row.contest_id for each in drafts if each.row.contest_id is not None}
    known = {None, *await work.contests.known(contests)}
    return [each for each in drafts if each.row.contest_id in known]


def _first_of_each_key(drafts: Sequence[_Draft]) -> Sequence[_Draft]:
    """Leave out what comes twice at once."""
    first: dict[object, _Draft] = {}
    for draft in drafts:
        first.setdefault(draft.row.idempotency_key or draft, draft)
    return list(first.values())


def _turns_with(draft: _Draft) -> tuple[int, Priority]:
    """Say among which submissions this one has its turn."""
    return draft.row.user_id, Priority(draft.row.priority)


async def _found_earlier(
    work: UnitOfWork, drafts: Sequence[_Draft]
) -> dict[_Draft, Accepted | ServiceError]:
    """Find what came before under the same keys; for the rest there was no place.

    Who repeats a request gets the first answer, however full it is now.
    """
    if not drafts:
        return {}
    keys = {each.row.idempotency_key for each in drafts if each.row.idempotency_key is not None}
    found = await work.submissions.find_by_idempotency_keys(keys)
    return {each: _repeated(each.row, found.get(each.row.idempotency_key or "")) for each in drafts}


def _repeated(row: Submission, earlier: Submission | None) -> Accepted | ServiceError:
    if earlier is None:
        return BusyError()
    if earlier.request_hash != row.request_hash:
        return IdempotencyMismatchError()
    return Accepted(earlier, is_repeated=True)
