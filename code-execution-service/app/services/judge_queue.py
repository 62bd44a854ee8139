"""The queue as a judge sees it: one claimed submission, kept by a lease, ended by its result."""

import logging
import secrets
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial

from app import metrics, tracing
from app.domain.files import SourceFile
from app.domain.judging import GivenTestCase, JudgedRun, JudgementResult
from app.domain.judging_rules import JudgingRules
from app.domain.language import Language
from app.domain.limits import DEFAULT_LIMITS, Limits, wall_time_ms_for
from app.domain.turns import Priority
from app.languages import LanguageRegistry
from app.models import Event, Job, Judgement, Run, Submission, SubmissionFile, SubmissionTestCase
from app.repositories.unit_of_work import Transactions, UnitOfWork
from app.services import judging_rules
from app.services.events import submission_completed_event
from app.services.fresh_events import FreshEvents
from app.services.fresh_jobs import FreshJobs
from app.services.leases import kept_lease

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedJob:
    """A submission that this worker, and no other, judges now."""

    job_id: int
    submission_id: int
    user_id: int
    contest_id: int | None
    reference: str | None
    request_id: str | None
    traceparent: str | None
    lease_token: str
    attempts: int
    queued_at: datetime
    started_at: datetime
    code: str
    language: Language
    input_data: str
    limits: Limits
    compile_options: tuple[str, ...]
    files: tuple[SourceFile, ...]
    test_cases: tuple[GivenTestCase, ...]
    rules: JudgingRules


class JudgeQueue:
    """Hands out submissions, one owner at a time, and takes their results."""

    def __init__(
        self,
        *,
        transactions: Transactions,
        languages: LanguageRegistry,
        fresh_jobs: FreshJobs,
        fresh_events: FreshEvents,
        lease_s: float,
    ) -> None:
        self._transactions = transactions
        self._languages = languages
        self._fresh_jobs = fresh_jobs
        self._fresh_events = fresh_events
        self._lease = timedelta(seconds=lease_s)

    async def claim(self) -> ClaimedJob | None:
        """Take a submission that has just come, else the one that has waited longest, if any."""
        now = datetime.now(tz=UTC)
        fresh = self._fresh_jobs.take(now=now)
        if fresh is not None:
            new = fresh.submission
            return self._claimed(fresh.job, new, new.test_cases, new.files, now)
        async with self._transactions.write_at_once() as work:
            return await self._claim(work, now)

    def kept_lease(self, job: ClaimedJob) -> AbstractAsyncContextManager[None]:
        """Extend the lease while the block runs.

        Raises:
            LeaseLostError: it ran out, and the block was cancelled.
            CancelledError: somebody else cancelled the block.
        """
        every_s = self._lease.total_seconds() / 3
        return kept_lease(partial(self._extend_lease, job), every_s=every_s)

    async def give_back(self) -> None:
        """Return submissions to the queue that have just come and that nobody judges any more."""
        while (fresh := self._fresh_jobs.take(now=datetime.now(tz=UTC))) is not None:
            job = fresh.job
            assert job.lease_token is not None  # noqa: S101  # fresh ones are claimed
            async with self._transactions.write() as work:
                await work.jobs.release(
                    job.id,
                    lease_token=job.lease_token,
                    available_at=datetime.now(tz=UTC),
                    attempts=0,
                )

    async def release(self, job: ClaimedJob, *, attempts: int, after_s: int = 0) -> None:
        """Give the submission back, to be taken again after so many seconds.

        `attempts` is how many tries then count as made.
        """
        async with self._transactions.write() as work:
            await work.jobs.release(
                job.job_id,
                lease_token=job.lease_token,
                available_at=datetime.now(tz=UTC) + timedelta(seconds=after_s),
                attempts=attempts,
            )

    async def complete(
        self, job: ClaimedJob, result: JudgementResult, *, takes_next: bool = False
    ) -> ClaimedJob | None:
        """Store judgement, runs, status and outgoing event together, if the job is still ours.

        Who goes on is given the next one, if one waits: that costs less than to come again.
        """
        now = datetime.now(tz=UTC)
        shown = _shown(result, now)
        judgement = Judgement(
            submission_id=job.submission_id,
            verdict=result.verdict,
            started_at=job.started_at,
            finished_at=now,
            runs=[_run_row(position, run) for position, run in enumerate(result.runs)],
        )
        event = self._event_of(job, judgement, shown, now)
        async with self._transactions.write_at_once() as work:
            is_ours = await work.submissions.complete(
                judgement, event, shown=shown, job_id=job.job_id, lease_token=job.lease_token
            )
            following = await self._claim(work, datetime.now(tz=UTC)) if takes_next else None
        if is_ours:
            self._fresh_events.put(event)
            logger.info("judged", extra={"facts": {"verdict": result.verdict}})
            tracing.note(verdict=result.verdict)
            metrics.judged(
                language=job.language.id,
                verdict=result.verdict,
                seconds=(now - job.started_at).total_seconds(),
            )
        else:
            metrics.lease_lost()
            logger.warning("submission %d: judged twice, second dropped", job.submission_id)
        return following

    async def _claim(self, work: UnitOfWork, now: datetime) -> ClaimedJob | None:
        claimed = await work.jobs.claim_next(
            lease_token=secrets.token_hex(16), now=now, lease_ends_at=now + self._lease
        )
        if claimed is None:
            return None
        submission = claimed.submission
        test_cases = await work.submissions.test_cases(submission.id)
        files = await work.submissions.files(submission.id) if claimed.has_files else ()
        return self._claimed(claimed.job, submission, test_cases, files, now)

    def _event_of(
        self, job: ClaimedJob, judgement: Judgement, shown: Mapping[str, object], now: datetime
    ) -> Event:
        submission = Submission(
            id=job.submission_id,
            user_id=job.user_id,
            contest_id=job.contest_id,
            reference=job.reference,
            **shown,
        )
        event = submission_completed_event(submission, judgement, now=now)
        event.request_id = job.request_id
        event.traceparent = tracing.traceparent()
        self._fresh_events.claim(event, now=now)
        return event

    async def _extend_lease(self, job: ClaimedJob) -> bool:
        async with self._transactions.write() as work:
            return await work.jobs.extend_lease(
                job.job_id,
                lease_token=job.lease_token,
                lease_ends_at=datetime.now(tz=UTC) + self._lease,
            )

    def _claimed(
        self,
        job: Job,
        submission: Submission,
        test_cases: Sequence[SubmissionTestCase],
        files: Sequence[SubmissionFile],
        now: datetime,
    ) -> ClaimedJob:
        assert job.lease_token is not None  # noqa: S101  # just claimed
        if job.attempts == 1:
            priority = Priority(job.priority).name.lower()
            metrics.job_claimed(priority=priority, waited_s=(now - job.created_at).total_seconds())
        return ClaimedJob(
            job_id=job.id,
            submission_id=submission.id,
            user_id=submission.user_id,
            contest_id=submission.contest_id,
            reference=submission.reference,
            request_id=submission.request_id,
            traceparent=submission.traceparent,
            lease_token=job.lease_token,
            attempts=job.attempts,
            queued_at=job.created_at,
            started_at=now,
            code=submission.code,
            language=self._languages.get(submission.language),
            input_data=submission.input_data,
            limits=_limits_of(submission),
            compile_options=tuple(submission.compile_options),
            files=tuple(SourceFile(name=file.name, content=file.content) for file in files),
            test_cases=tuple(
                GivenTestCase(
                    id=case.external_id,
                    input=case.input,
                    input_sha256=case.input_sha256,
                    expected_output=case.expected_output,
                    expected_output_sha256=case.expected_output_sha256,
                    is_sample=case.is_sample,
                    group=case.group_name,
                )
                for case in test_cases
            ),
            rules=judging_rules.from_document(submission.judging_rules),
        )


def _limits_of(submission: Submission) -> Limits:
    cpu_time_ms = submission.cpu_time_limit_ms or DEFAULT_LIMITS.cpu_time_ms
    return replace(
        DEFAULT_LIMITS,
        cpu_time_ms=cpu_time_ms,
        wall_time_ms=wall_time_ms_for(cpu_time_ms),
        memory_bytes=submission.memory_limit_bytes or DEFAULT_LIMITS.memory_bytes,
    )


def _run_row(position: int, run: JudgedRun) -> Run:
    return Run(
        position=position,
        test_case_id=run.test_case_id,
        is_sample=run.is_sample,
        verdict=run.verdict,
        score=run.score,
        judge_message=run.judge_message,
        wall_time_ms=run.usage.wall_time_ms,
        cpu_time_ms=run.usage.cpu_time_ms,
        memory_bytes=run.usage.memory_bytes,
        exit_code=run.exit_code,
        signal=run.signal,
        output=run.output,
        error=run.error,
    )


def _shown(result: JudgementResult, now: datetime) -> dict[str, object]:
    """Give the columns of a submission that show the result of its newest judgement."""
    return {
        "status": result.status,
        "verdict": result.verdict,
        "output": result.output,
        "error_output": result.error_output,
        "exit_code": result.exit_code,
        "execution_time_ms": result.usage.wall_time_ms if result.usage else None,
        "memory_usage_bytes": result.usage.memory_bytes if result.usage else None,
        "webhook_sent": False,
        "webhook_response": None,
        "completed_at": now,
    }
