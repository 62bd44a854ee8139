"""Running queued executions, and telling whoever watches what becomes of them."""

import logging
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager, aclosing, asynccontextmanager
from datetime import UTC, datetime
from functools import partial

from app import metrics
from app.domain.executions import Execution, ExecutionStatus, OutputPiece
from app.domain.judging import (
    JudgementResult,
    judge_compile_error,
    judge_platform_fault,
    judge_single_run,
)
from app.domain.limits import limits_for
from app.domain.runs import CompileResult
from app.engines.base import Engine, OutputListener, Program
from app.errors import (
    EngineBusyError,
    EngineError,
    EngineUnavailableError,
    RedisUnavailableError,
)
from app.languages import LanguageRegistry
from app.logs.context import bound
from app.repositories.executions.base import ClaimedExecution
from app.repositories.executions.ports import ExecutionPorts
from app.services.leases import LeaseLostError, kept_lease
from app.services.live_output import told_live
from app.services.stop import Stop, StoppedError

logger = logging.getLogger(__name__)

MAX_ATTEMPTS = 2
"""An execution whose worker was lost is run once more, then given up (contract, section 2)."""
LOOK_S = 0.5
"""How often a worker looks whether its execution is still wanted."""
PAUSE_WITHOUT_REDIS_S = 0.5


class ExecutionRunner:
    """Runs one execution after the other."""

    def __init__(
        self,
        *,
        ports: ExecutionPorts,
        engine: Engine,
        languages: LanguageRegistry,
        waits_for_callbacks: bool,
        stop: Stop,
    ) -> None:
        self._store = ports.store
        self._queue = ports.queue
        self._updates = ports.updates
        self._engine = engine
        self._languages = languages
        self._waits_for_callbacks = waits_for_callbacks
        self._stop = stop
        self._is_redis_away = False  # so that it is logged once

    async def wait(self, *, at_most_s: float) -> bool:
        """Return true when an execution was queued, false when the time is up or Redis is away."""
        try:
            return await self._stop.unless(self._queue.wait(at_most_s=at_most_s))
        except StoppedError:
            return False
        except RedisUnavailableError:
            await self._stop.comes_within(PAUSE_WITHOUT_REDIS_S)
            return False

    async def run_next(self) -> bool:
        """Run the execution that has waited longest; false when none waits, or Redis is away.

        Told to stop, it gives the execution back to the queue.
        """
        try:
            claimed = await self._queue.claim()
            execution = await self._begin(claimed) if claimed else None
        except RedisUnavailableError as error:
            # What was claimed is for everybody again when its lease has run out.
            if not self._is_redis_away:
                logger.warning("no execution can be taken: %s", error.__cause__)
            self._is_redis_away = True
            return False
        self._is_redis_away = False
        if claimed and execution:
            with _lines_about(execution):
                await self._run(claimed, execution)
        return claimed is not None

    async def _begin(self, claimed: ClaimedExecution) -> Execution | None:
        """Say that it runs now; `None` if it is over, or somebody else was faster."""
        execution = await self._store.find(claimed.execution_id)
        if execution is None or execution.status.is_final:
            await self._queue.finish(claimed)
            return None
        if execution.attempts >= MAX_ATTEMPTS:
            fault = judge_platform_fault("The worker was lost.")
            with _lines_about(execution):
                await self._end(claimed, execution.finished(fault, now=_now()))
            return None
        running = await self._change(execution.started(now=_now()))
        if running and self._waits_for_callbacks:
            return await self._change(running.moved_to(ExecutionStatus.WAITING, now=_now()))
        return running

    async def _run(self, claimed: ClaimedExecution, execution: Execution) -> None:
        is_wanted = partial(self._is_still_wanted, claimed)
        try:
            async with kept_lease(is_wanted, every_s=LOOK_S):
                with metrics.execution_running():
                    result = await self._stop.unless_soon(self._execute(execution))
        except LeaseLostError:
            logger.info("execution %s: no longer wanted from this worker", execution.id)
        except StoppedError:
            await self._give_back(claimed, execution)
        except EngineBusyError as error:
            await self._give_back(claimed, execution, after_s=error.retry_after_s)
        else:
            if result is None:
                await self._queue.release(claimed)
            else:
                logger.info("executed", extra={"facts": {"verdict": result.verdict}})
                await self._end(claimed, execution.finished(result, now=_now()))

    async def _is_still_wanted(self, claimed: ClaimedExecution) -> bool:
        """Extend the lease; false when the execution was cancelled, or is another worker's."""
        try:
            # A Redis that has been away may have lost both: then the result is wanted all the more.
            return (
                await self._queue.extend(claimed)
                or await self._store.find(claimed.execution_id) is None
            )
        except RedisUnavailableError:
            return True

    async def _execute(self, execution: Execution) -> JudgementResult | None:
        """Return the result, or `None` when it is worth another try.

        Raises:
            EngineBusyError: the engine takes no programs for now.
        """
        try:
            async with self._listener_for(execution) as listener:
                return await self._judge(execution, listener)
        except EngineUnavailableError as error:
            return judge_platform_fault(error.detail)
        except EngineBusyError:
            raise
        except EngineError as error:
            metrics.engine_failed()
            logger.exception("execution %s: the engine failed", execution.id)
            is_last = execution.attempts >= MAX_ATTEMPTS
            return judge_platform_fault(error.title) if is_last else None

    async def _judge(
        self, execution: Execution, listener: OutputListener | None
    ) -> JudgementResult:
        language = self._languages.get(execution.language)
        limits = limits_for(language)
        program = Program(language=language, source=execution.code.encode(), limits=limits)
        inputs = [execution.input_data.encode()]
        async with aclosing(self._engine.execute(program, inputs, on_output=listener)) as results:
            async for result in results:
                if not isinstance(result, CompileResult):
                    return judge_single_run(result, limits)
                if not result.is_ok:
                    return judge_compile_error(result)
        raise EngineError("The engine gave no result")

    @asynccontextmanager
    async def _listener_for(self, execution: Execution) -> AsyncIterator[OutputListener | None]:
        if not execution.is_streaming or await self._may_have_told(execution):
            yield None
            return
        async with told_live(execution.id, self._tell) as listener:
            yield listener

    async def _may_have_told(self, execution: Execution) -> bool:
        """Tell whether whoever watches may have seen what an earlier start of it wrote."""
        if execution.attempts > 1:
            return True
        try:
            return bool(await self._store.output_so_far(execution.id))
        except RedisUnavailableError:
            return True

    async def _tell(self, piece: OutputPiece) -> None:
        try:
            await self._store.add_output(piece)
        except RedisUnavailableError:
            return  # the result has it all
        await self._updates.publish(piece)

    async def _change(self, execution: Execution) -> Execution | None:
        if not await self._store.replace(execution):
            return None
        await self._updates.publish(execution)
        return execution

    async def _end(self, claimed: ClaimedExecution, ended: Execution) -> None:
        """Keep the last state, however long Redis is away."""
        is_late = False
        while not await self._is_ended(claimed, ended):
            if not is_late:
                logger.warning("execution %s: its result waits for Redis", ended.id)
            is_late = True
            if self._stop.is_set:
                return
            await self._stop.comes_within(PAUSE_WITHOUT_REDIS_S)

    async def _is_ended(self, claimed: ClaimedExecution, ended: Execution) -> bool:
        try:
            await self._change(ended)
            await self._queue.finish(claimed)
        except RedisUnavailableError:
            return False
        return True

    async def _give_back(
        self, claimed: ClaimedExecution, execution: Execution, *, after_s: float = 0
    ) -> None:
        try:
            await self._change(execution.given_back(now=_now()))
            await self._queue.release(claimed, after_s=after_s)
        except RedisUnavailableError as error:
            logger.warning("execution %s: not given back: %s", execution.id, error.__cause__)


def _lines_about(execution: Execution) -> AbstractContextManager[None]:
    return bound(request_id=execution.request_id, execution_id=execution.id)


def _now() -> datetime:
    return datetime.now(tz=UTC)
