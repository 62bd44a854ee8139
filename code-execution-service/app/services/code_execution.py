"""Judging queued submissions: run them in the engine, turn what it saw into a verdict."""

import logging
from contextlib import aclosing

from app.domain.judging import (
    JudgedRun,
    JudgementResult,
    judge_all,
    judge_compile_error,
    judge_platform_fault,
    judge_run,
    judge_single_run,
)
from app.domain.runs import CompileResult
from app.engines.base import Engine, Program
from app.errors import EngineBusyError, EngineError, EngineUnavailableError
from app.services.judge_queue import ClaimedJob, JudgeQueue, LeaseLostError
from app.services.stop import Stop, StoppedError

logger = logging.getLogger(__name__)

MAX_ATTEMPTS = 2
"""A submission whose worker was lost is queued once more, then given up (contract, section 2)."""


class JudgeService:
    """Judges one submission after the other."""

    def __init__(self, *, queue: JudgeQueue, engine: Engine, stop: Stop) -> None:
        self._queue = queue
        self._engine = engine
        self._stop = stop

    async def give_back(self) -> None:
        """Return to the queue what has just come; no judge works any more."""
        await self._queue.give_back()

    async def judge_next(self) -> bool:
        """Judge the submission that has waited longest; false when none waits.

        Told to stop, it gives the submission back to the queue.
        """
        job = await self._queue.claim()
        if job is None:
            return False
        try:
            async with self._queue.kept_lease(job):
                result = await self._stop.unless(self._judge(job))
        except LeaseLostError:
            logger.warning("submission %d: lease lost, result dropped", job.submission_id)
            return True
        except StoppedError:
            # The next worker starts afresh, and this try does not count.
            await self._queue.release(job, attempts=job.attempts - 1)
            return True
        except EngineBusyError as error:
            await self._queue.release(job, attempts=job.attempts - 1, after_s=error.retry_after_s)
            return True
        if result is None:
            await self._queue.release(job, attempts=job.attempts)
        else:
            await self._queue.complete(job, result)
        return True

    async def _judge(self, job: ClaimedJob) -> JudgementResult | None:
        """Return the result, or `None` when it is worth another try.

        Raises:
            EngineBusyError: the engine takes no programs for now.
        """
        if job.attempts > MAX_ATTEMPTS:
            return judge_platform_fault("The worker was lost.")
        try:
            return await self._run(job)
        except EngineUnavailableError as error:
            return judge_platform_fault(error.detail)
        except EngineBusyError:
            raise
        except EngineError as error:
            logger.exception("submission %d: the engine failed", job.submission_id)
            is_last = job.attempts >= MAX_ATTEMPTS
            return judge_platform_fault(error.title) if is_last else None

    async def _run(self, job: ClaimedJob) -> JudgementResult:
        program = Program(
            language=job.language,
            source=job.code.encode(),
            limits=job.limits,
            files=job.files,
            compile_options=job.compile_options,
        )
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
