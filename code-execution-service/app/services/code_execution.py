"""Judging queued submissions: run them in the engine, turn what it saw into a verdict."""

import logging
from collections.abc import Mapping
from contextlib import AbstractContextManager, aclosing

from app import metrics, tracing
from app.domain.judging import (
    GivenTestCase,
    JudgementResult,
    TestCase,
    judge_compile_error,
    judge_platform_fault,
    judge_single_run,
)
from app.domain.progress import JudgingStage, Progress, ProgressListener
from app.domain.runs import CompileResult
from app.domain.test_groups import TestPlan
from app.engines.base import Engine, Program
from app.errors import (
    EngineBusyError,
    EngineError,
    EngineUnavailableError,
    TestDataGoneError,
)
from app.languages import LanguageRegistry
from app.logs.context import bound
from app.services.judge_queue import ClaimedJob, JudgeQueue
from app.services.leases import LeaseLostError
from app.services.progress import ProgressReporter
from app.services.stop import Stop, StoppedError
from app.services.test_data import TestDataService
from app.services.test_judging import TestJudge, judge_planned, judges_of

logger = logging.getLogger(__name__)

MAX_ATTEMPTS = 2
"""A submission whose worker was lost is queued once more, then given up (contract, section 2)."""


class JudgeService:
    """Judges one submission after the other."""

    def __init__(
        self,
        *,
        queue: JudgeQueue,
        engine: Engine,
        languages: LanguageRegistry,
        test_data: TestDataService,
        progress: ProgressReporter,
        stop: Stop,
    ) -> None:
        self._queue = queue
        self._engine = engine
        self._languages = languages
        self._test_data = test_data
        self._progress = progress
        self._stop = stop

    async def give_back(self) -> None:
        """Return to the queue what has just come; no judge works any more."""
        await self._queue.give_back()

    async def judge_next(self) -> bool:
        """Judge the submission whose turn it is; false when none waits.

        Told to stop, it gives the submission back to the queue.
        """
        job = await self._queue.claim()
        if job is None:
            return False
        await self._judge_claimed(job, goes_on=False)
        return True

    async def judge_all(self) -> bool:
        """Judge one submission after the other until none waits; false when none did.

        Told to stop, it gives back the one at hand.
        """
        job = await self._queue.claim()
        has_found = job is not None
        while job is not None:
            job = await self._judge_claimed(job, goes_on=True)
        return has_found

    async def _judge_claimed(self, job: ClaimedJob, *, goes_on: bool) -> ClaimedJob | None:
        """Judge it and return the next one, if one waits, and somebody goes on with it."""
        with bound(request_id=job.request_id, submission_id=job.submission_id), _traced(job):
            result = await self._judge_leased(job)
            goes_on = goes_on and not self._stop.is_set
            if result is not None:
                return await self._queue.complete(job, result, takes_next=goes_on)
        return await self._queue.claim() if goes_on else None

    async def _judge_leased(self, job: ClaimedJob) -> JudgementResult | None:
        """Return the result; without one, the job is the queue's again, or somebody else's."""
        try:
            async with self._queue.kept_lease(job):
                result = await self._stop.unless_soon(self._judge(job))
        except LeaseLostError:
            metrics.lease_lost()
            logger.warning("submission %d: lease lost, result dropped", job.submission_id)
            return None
        except StoppedError:
            # The next worker starts afresh, and this try does not count.
            await self._queue.release(job, attempts=job.attempts - 1)
            return None
        except EngineBusyError as error:
            await self._queue.release(job, attempts=job.attempts - 1, after_s=error.retry_after_s)
            return None
        if result is None:
            await self._queue.release(job, attempts=job.attempts)
        return result

    async def _judge(self, job: ClaimedJob) -> JudgementResult | None:
        """Return the result, or `None` when it is worth another try.

        Raises:
            EngineBusyError: the engine takes no programs for now.
        """
        if job.attempts > MAX_ATTEMPTS:
            return judge_platform_fault("The worker was lost.")
        try:
            with self._progress.reporting(job) as on_progress:
                return await self._run(job, on_progress)
        except (EngineUnavailableError, TestDataGoneError) as error:
            return judge_platform_fault(error.detail)
        except EngineBusyError:
            raise
        except EngineError as error:
            metrics.engine_failed()
            logger.exception("submission %d: the engine failed", job.submission_id)
            is_last = job.attempts >= MAX_ATTEMPTS
            return judge_platform_fault(error.title) if is_last else None

    async def _run(self, job: ClaimedJob, on_progress: ProgressListener) -> JudgementResult:
        program = Program(
            language=job.language,
            source=job.code.encode(),
            limits=job.limits,
            files=job.files,
            compile_options=job.compile_options,
        )
        if not job.test_cases:
            return await self._run_once(program, job.input_data.encode(), on_progress)
        hashes = job.rules.hashes.union(*(case.hashes for case in job.test_cases))
        contents = await self._test_data.load(hashes)
        judge = TestJudge(self._engine, program, judges_of(job.rules, contents, self._languages))
        tests = [_test_case(case, contents) for case in job.test_cases]
        plan = TestPlan([case.group for case in job.test_cases], job.rules.groups)
        return await judge_planned(judge, tests, plan, on_progress)

    async def _run_once(
        self, program: Program, data: bytes, on_progress: ProgressListener
    ) -> JudgementResult:
        on_progress(Progress(stage=JudgingStage.COMPILING, tests_done=0, tests_total=0))
        async with aclosing(self._engine.execute(program, [data])) as results:
            async for result in results:
                if not isinstance(result, CompileResult):
                    return judge_single_run(result, program.limits)
                if not result.is_ok:
                    return judge_compile_error(result)
                on_progress(Progress(stage=JudgingStage.TESTING, tests_done=0, tests_total=0))
        raise EngineError("The engine gave no result")


def _traced(job: ClaimedJob) -> AbstractContextManager[None]:
    return tracing.judging(
        told=job.traceparent,
        request_id=job.request_id,
        submission_id=job.submission_id,
        language=job.language.id,
        attempt=job.attempts,
        queued_at=job.queued_at,
        claimed_at=job.started_at,
    )


def _test_case(case: GivenTestCase, contents: Mapping[str, bytes]) -> TestCase:
    def content(text: str | None, sha256: str | None) -> bytes:
        return contents[sha256] if sha256 else (text or "").encode()

    return TestCase(
        id=case.id,
        input=content(case.input, case.input_sha256),
        expected_output=content(case.expected_output, case.expected_output_sha256),
        is_sample=case.is_sample,
    )
