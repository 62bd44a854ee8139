"""Judging queued submissions: claim, run in the engine, store judgement and outgoing event."""

import asyncio
import logging
import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from app.domain.judging import (
    JudgedRun,
    JudgementResult,
    SubmissionStatus,
    TestCase,
    judge_all,
    judge_compile_error,
    judge_platform_fault,
    judge_run,
    judge_single_run,
)
from app.domain.language import Language
from app.domain.limits import DEFAULT_LIMITS, Limits, wall_time_ms_for
from app.domain.runs import CompileResult
from app.engines.base import Engine, Program
from app.errors import EngineError, EngineUnavailableError
from app.languages import LanguageRegistry
from app.models import Event, Judgement, Run, Submission
from app.repositories.unit_of_work import Transactions, UnitOfWork
from app.services.events import submission_completed_event
from app.services.wake_up import WakeUp

logger = logging.getLogger(__name__)

MAX_ATTEMPTS = 2
"""A submission whose worker was lost is queued once more, then given up (contract, section 2)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedJob:
    """A submission that this worker, and no other, judges now."""

    job_id: int
    submission_id: int
    lease_token: str
    attempts: int
    started_at: datetime
    code: str
    language: Language
    input_data: str
    limits: Limits
    test_cases: tuple[TestCase, ...]


class LeaseLostError(Exception):
    """The lease ran out and somebody else may judge the submission by now."""


class JudgeService:
    """Judges one submission after the other."""

    def __init__(
        self,
        *,
        transactions: Transactions,
        engine: Engine,
        languages: LanguageRegistry,
        events_waiting: WakeUp,
        lease_s: float,
    ) -> None:
        self._transactions = transactions
        self._engine = engine
        self._languages = languages
        self._events_waiting = events_waiting
        self._lease = timedelta(seconds=lease_s)

    async def judge_next(self) -> bool:
        """Judge the submission that has waited longest; false when none waits.

        Raises:
            CancelledError: this worker is told to stop; the submission is back in the queue.
        """
        job = await self._claim()
        if job is None:
            return False
        try:
            async with self._kept_lease(job):
                result = await self._judge(job)
        except LeaseLostError:
            logger.warning("submission %d: lease lost, result dropped", job.submission_id)
            return True
        except asyncio.CancelledError:
            # We are told to stop: the next worker starts afresh, and this try does not count.
            await asyncio.shield(self._release(job, attempts=job.attempts - 1))
            raise
        if result is None:
            await self._release(job, attempts=job.attempts)
        else:
            await self._complete(job, result)
        return True

    async def _claim(self) -> ClaimedJob | None:
        now = datetime.now(tz=UTC)
        lease_token = secrets.token_hex(16)
        async with self._transactions.write() as work:
            row = await work.jobs.claim_next(
                lease_token=lease_token, now=now, lease_ends_at=now + self._lease
            )
            if row is None:
                return None
            submission = await work.submissions.find(row.submission_id)
            assert submission is not None  # noqa: S101  # a job's foreign key
            submission.status = SubmissionStatus.RUNNING
            submission.executed_at = now
            test_cases = await work.submissions.test_cases(submission.id)
            return ClaimedJob(
                job_id=row.id,
                submission_id=submission.id,
                lease_token=lease_token,
                attempts=row.attempts,
                started_at=now,
                code=submission.code,
                language=self._languages.get(submission.language),
                input_data=submission.input_data,
                limits=_limits_of(submission),
                test_cases=tuple(
                    TestCase(
                        id=case.external_id,
                        input=case.input,
                        expected_output=case.expected_output,
                        is_sample=case.is_sample,
                    )
                    for case in test_cases
                ),
            )

    async def _judge(self, job: ClaimedJob) -> JudgementResult | None:
        """Return the result, or `None` when it is worth another try."""
        if job.attempts > MAX_ATTEMPTS:
            return judge_platform_fault("The worker was lost.")
        try:
            return await self._run(job)
        except EngineUnavailableError as error:
            return judge_platform_fault(error.detail)
        except EngineError as error:
            logger.exception("submission %d: the engine failed", job.submission_id)
            is_last = job.attempts >= MAX_ATTEMPTS
            return judge_platform_fault(error.title) if is_last else None

    async def _run(self, job: ClaimedJob) -> JudgementResult:
        program = Program(language=job.language, source=job.code.encode(), limits=job.limits)
        texts = [case.input for case in job.test_cases] or [job.input_data]
        results = self._engine.execute(program, [text.encode() for text in texts])
        runs: list[JudgedRun] = []
        async with aclosing(results):
            async for result in results:
                if isinstance(result, CompileResult):
                    if not result.is_ok:
                        return judge_compile_error(result)
                elif job.test_cases:
                    runs.append(judge_run(job.test_cases[len(runs)], result, job.limits))
                else:
                    return judge_single_run(result, job.limits)
        return judge_all(runs)

    @asynccontextmanager
    async def _kept_lease(self, job: ClaimedJob) -> AsyncIterator[None]:
        """Extend the lease while the block runs.

        Raises:
            LeaseLostError: it ran out, and the block was cancelled.
            CancelledError: somebody else cancelled the block.
        """
        block = asyncio.current_task()
        assert block is not None  # noqa: S101  # we are inside a coroutine
        is_lost = False

        async def extend() -> None:
            nonlocal is_lost
            while not is_lost:
                await asyncio.sleep(self._lease.total_seconds() / 3)
                is_lost = not await self._extend_lease(job)
            block.cancel()

        keeper = asyncio.create_task(extend())
        try:
            yield
        except asyncio.CancelledError:
            if is_lost and block.uncancel() == 0:
                raise LeaseLostError from None
            raise
        finally:
            keeper.cancel()
            await asyncio.wait([keeper])

    async def _extend_lease(self, job: ClaimedJob) -> bool:
        async with self._transactions.write() as work:
            return await work.jobs.extend_lease(
                job.job_id,
                lease_token=job.lease_token,
                lease_ends_at=datetime.now(tz=UTC) + self._lease,
            )

    async def _release(self, job: ClaimedJob, *, attempts: int) -> None:
        async with self._transactions.write() as work:
            await work.jobs.release(
                job.job_id,
                lease_token=job.lease_token,
                now=datetime.now(tz=UTC),
                attempts=attempts,
            )

    async def _complete(self, job: ClaimedJob, result: JudgementResult) -> None:
        """Store judgement, runs, status and outgoing event together, if the job is still ours."""
        now = datetime.now(tz=UTC)
        async with self._transactions.write() as work:
            if not await work.jobs.finish(job.job_id, lease_token=job.lease_token):
                logger.warning("submission %d: judged twice, second dropped", job.submission_id)
                return
            await self._store(work, job, result, now)
        self._events_waiting.ring()

    async def _store(
        self, work: UnitOfWork, job: ClaimedJob, result: JudgementResult, now: datetime
    ) -> None:
        submission = await work.submissions.find(job.submission_id)
        assert submission is not None  # noqa: S101  # we hold its job
        judgement = _judgement_row(job, result, now)
        await work.submissions.add_judgement(judgement)
        _show_result(submission, result, now)
        event: Event = submission_completed_event(submission, judgement, now=now)
        await work.events.add(event)


def _limits_of(submission: Submission) -> Limits:
    cpu_time_ms = submission.cpu_time_limit_ms or DEFAULT_LIMITS.cpu_time_ms
    return replace(
        DEFAULT_LIMITS,
        cpu_time_ms=cpu_time_ms,
        wall_time_ms=wall_time_ms_for(cpu_time_ms),
        memory_bytes=submission.memory_limit_bytes or DEFAULT_LIMITS.memory_bytes,
    )


def _judgement_row(job: ClaimedJob, result: JudgementResult, now: datetime) -> Judgement:
    return Judgement(
        submission_id=job.submission_id,
        verdict=result.verdict,
        started_at=job.started_at,
        finished_at=now,
        runs=_run_rows(result.runs),
    )


def _run_rows(runs: Sequence[JudgedRun]) -> list[Run]:
    return [
        Run(
            position=position,
            test_case_id=run.test_case_id,
            is_sample=run.is_sample,
            verdict=run.verdict,
            wall_time_ms=run.usage.wall_time_ms,
            cpu_time_ms=run.usage.cpu_time_ms,
            memory_bytes=run.usage.memory_bytes,
            exit_code=run.exit_code,
            signal=run.signal,
            output=run.output,
            error=run.error,
        )
        for position, run in enumerate(runs)
    ]


def _show_result(submission: Submission, result: JudgementResult, now: datetime) -> None:
    submission.status = result.status
    submission.verdict = result.verdict
    submission.output = result.output
    submission.error_output = result.error_output
    submission.exit_code = result.exit_code
    submission.execution_time_ms = result.usage.wall_time_ms if result.usage else None
    submission.memory_usage_bytes = result.usage.memory_bytes if result.usage else None
    submission.webhook_sent = False
    submission.webhook_response = None
    submission.completed_at = now
