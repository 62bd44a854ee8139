"""Judging a program while its caller waits for the answer."""

import logging
import time
import uuid
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from app import metrics
from app.domain.checkers import ExactChecker, check
from app.domain.judging import JudgedRun, TestCase, judge_run, judge_unrun
from app.domain.language import Language
from app.domain.limits import MIB, Limits, limits_for
from app.domain.runs import CompileResult
from app.domain.verdicts import Verdict
from app.engines.base import Engine, Program
from app.errors import DatabaseUnavailableError, EngineError, EngineUnavailableError
from app.languages import LanguageRegistry
from app.models import JudgeSubmission
from app.repositories.unit_of_work import Transactions
from app.services.new_submissions import check_code
from app.services.slots import Slots

logger = logging.getLogger(__name__)

EXACT = ExactChecker()
DEFAULT_TIMEOUT_S = 5  # contract S000-Q12
WAITING_S = 1
"""How much longer than its CPU time a run may take altogether."""
ANSWER_OUTPUT_BYTES = 16 * MIB
"""What all runs of a call together may show of their output, an equal part each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeCall:
    """A program, the test cases to run it on, at least one, and the time that each run may take."""

    language: str
    code: str
    test_cases: tuple[TestCase, ...]
    timeout_s: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallResult:
    """What became of a call; `runs` has one entry per test case, in their order."""

    execution_id: str
    language: Language
    timeout_s: int
    started_at: datetime
    wall_time_ms: int
    runs: tuple[JudgedRun, ...]


class DirectJudge:
    """Judges programs whose callers wait, and keeps what they hand in."""

    def __init__(
        self,
        *,
        engine: Engine,
        languages: LanguageRegistry,
        slots: Slots,
        transactions: Transactions,
        max_timeout_s: int,
    ) -> None:
        self._engine = engine
        self._languages = languages
        self._slots = slots
        self._transactions = transactions
        self._max_timeout_s = max_timeout_s

    async def judge(self, call: JudgeCall) -> CallResult:
        """Run the program on every test case; a longer timeout than the service's is cut to that.

        Raises:
            InvalidRequestError: the code is empty or too long.
            UnsupportedLanguageError: there is no such language.
            BusyError: too many other callers wait already.
        """
        started_at, started_s = datetime.now(tz=UTC), time.monotonic()
        check_code(call.code)
        language = self._languages.get(call.language)
        timeout_s = min(call.timeout_s or DEFAULT_TIMEOUT_S, self._max_timeout_s)
        limits = _limits_of(language, timeout_s)
        program = Program(language=language, source=call.code.encode(), limits=limits)
        async with self._slots.taken():
            runs = await self._run(program, call.test_cases)
        return CallResult(
            execution_id=str(uuid.uuid4()),
            language=language,
            timeout_s=timeout_s,
            started_at=started_at,
            wall_time_ms=round((time.monotonic() - started_s) * 1000),
            runs=tuple(runs),
        )

    async def keep(
        self,
        call: JudgeCall,
        result: CallResult,
        *,
        user_id: str,
        question_id: str,
        test_results: list[dict[str, Any]],
        summary: dict[str, Any],
    ) -> str | None:
        """Store a submission and return its id; `None` if the database could not take it."""
        submission_id = str(uuid.uuid4())
        row = JudgeSubmission(
            submission_id=submission_id,
            user_id=user_id,
            question_id=question_id,
            language=result.language.id,
            code=call.code,
            test_results=test_results,
            summary=summary,
            execution_id=result.execution_id,
            created_at=result.started_at,
        )
        try:
            async with self._transactions.write() as work:
                await work.judge_submissions.add(row)
        except DatabaseUnavailableError:
            logger.exception("execution %s could not be saved", result.execution_id)
            return None
        return submission_id

    async def _run(self, program: Program, test_cases: Sequence[TestCase]) -> list[JudgedRun]:
        inputs = [case.input for case in test_cases]
        shown_bytes = min(program.limits.output_bytes, ANSWER_OUTPUT_BYTES // len(inputs))
        runs: list[JudgedRun] = []
        try:
            async with aclosing(self._engine.execute(program, inputs)) as results:
                async for result in results:
                    if not isinstance(result, CompileResult):
                        runs.append(
                            judge_run(
                                test_cases[len(runs)],
                                result,
                                program.limits,
                                check(EXACT, result.stdout, test_cases[len(runs)].expected_output),
                                sample_output_bytes=shown_bytes,
                            )
                        )
                    elif not result.is_ok:
                        return _unrun(test_cases, Verdict.CE, result.message)
        except EngineUnavailableError as error:
            return runs + _unrun(test_cases[len(runs) :], Verdict.IE, error.detail)
        except EngineError as error:
            metrics.engine_failed()
            logger.exception("the engine failed")
            return runs + _unrun(test_cases[len(runs) :], Verdict.IE, error.title)
        return runs


def _limits_of(language: Language, timeout_s: int) -> Limits:
    """Take the caller's seconds as they are, and everything else as the language has it."""
    return replace(
        limits_for(language),
        cpu_time_ms=timeout_s * 1000,
        wall_time_ms=(timeout_s + WAITING_S) * 1000,
    )


def _unrun(test_cases: Sequence[TestCase], verdict: Verdict, reason: str) -> list[JudgedRun]:
    return [judge_unrun(case, verdict, reason) for case in test_cases]
