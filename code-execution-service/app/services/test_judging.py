"""Judging a program's runs test by test, by comparison or by the problem's own programs."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from functools import partial

from app.domain.checkers import Checker, check
from app.domain.checking import CheckOutcome, ProgramChecker, StoredProgram
from app.domain.files import SourceFile
from app.domain.judging import (
    JudgedRun,
    JudgementResult,
    TestCase,
    judge_all,
    judge_compile_error,
    judge_run,
    judge_skipped,
    judge_unchecked,
)
from app.domain.judging_rules import JudgingRules
from app.domain.limits import limits_for
from app.domain.program_checkers import talking_limits
from app.domain.progress import JudgingStage, Progress, ProgressListener
from app.domain.runs import CompileResult, RunResult, RunStatus
from app.domain.test_groups import TestPlan
from app.domain.verdicts import Verdict
from app.engines.base import Engine, Program
from app.errors import CheckerFailedError
from app.languages import LanguageRegistry
from app.services.interaction import Interactions, TalkCase
from app.services.program_checking import ProgramChecks

COMPARED_AT_ONCE_BYTES = 256 * 1024
"""More is compared in a thread, so that other requests go on."""

Ask = Callable[[TestCase, RunResult], Awaitable[CheckOutcome]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Judges:
    """Who decides about outputs: rules with the programs that they name."""

    checker: Checker | ProgramChecker
    interactor: ProgramChecker | None


def judges_of(
    rules: JudgingRules, contents: Mapping[str, bytes], languages: LanguageRegistry
) -> Judges:
    """Put the programs of a problem together from the test data that they consist of."""

    def program(stored: StoredProgram) -> ProgramChecker:
        return _program(stored, contents, languages)

    checker, interactor = rules.checker, rules.interactor
    return Judges(
        checker=program(checker) if isinstance(checker, StoredProgram) else checker,
        interactor=program(interactor) if interactor else None,
    )


class TestJudge:
    """Runs one program on tests and asks the judges about each."""

    __test__ = False

    def __init__(self, engine: Engine, program: Program, judges: Judges) -> None:
        self._engine = engine
        self._program = program
        self._checker = judges.checker
        self._interactor = judges.interactor

    async def judge(
        self, tests: Sequence[TestCase]
    ) -> AsyncGenerator[CompileResult | JudgedRun, None]:
        """Compile once, then judge test by test, in order.

        Yields one `CompileResult`, then, if that is ok, one `JudgedRun` per test; none after one
        whose checker or interactor failed.

        Raises:
            EngineError: the engine failed, or can't run such programs.
        """
        judged = self._compared(tests) if self._interactor is None else self._talked(tests)
        count = 0
        try:
            async with aclosing(judged):
                async for result in judged:
                    yield result
                    count += not isinstance(result, CompileResult)
        except CheckerFailedError as error:
            yield judge_unchecked(tests[count], error)

    async def _compared(
        self, tests: Sequence[TestCase]
    ) -> AsyncGenerator[CompileResult | JudgedRun, None]:
        waiting = iter(tests)
        results = self._engine.execute(self._program, [test.input for test in tests])
        async with aclosing(results), self._asking() as ask:
            async for result in results:
                if isinstance(result, CompileResult):
                    yield result
                    continue
                test = next(waiting)
                outcome = await ask(test, result) if result.status is RunStatus.OK else None
                yield judge_run(test, result, self._program.limits, outcome)

    async def _talked(
        self, tests: Sequence[TestCase]
    ) -> AsyncGenerator[CompileResult | JudgedRun, None]:
        assert self._interactor is not None  # noqa: S101  # else there is nobody to talk to
        waiting = iter(tests)
        limits, _ = talking_limits(self._program.limits, self._interactor.limits)
        talks = Interactions(self._engine).judge(
            self._program,
            self._interactor,
            [TalkCase(problem_input=test.input, answer=test.expected_output) for test in tests],
            checker=self._checker if isinstance(self._checker, ProgramChecker) else None,
        )
        async with aclosing(talks):
            async for talk in talks:
                if isinstance(talk, CompileResult):
                    yield talk
                else:
                    yield judge_run(next(waiting), talk.run, limits, talk.outcome)

    @asynccontextmanager
    async def _asking(self) -> AsyncGenerator[Ask, None]:
        if not isinstance(self._checker, ProgramChecker):
            yield partial(_compare, self._checker)
            return
        async with ProgramChecks(self._engine, self._checker) as checks:
            yield partial(_ask_program, checks)


async def _compare(checker: Checker, test: TestCase, run: RunResult) -> CheckOutcome:
    output, expected = run.stdout, test.expected_output
    if len(output) + len(expected) <= COMPARED_AT_ONCE_BYTES or output == expected:
        return check(checker, output, expected)
    return await asyncio.to_thread(check, checker, output, expected)


async def _ask_program(checks: ProgramChecks, test: TestCase, run: RunResult) -> CheckOutcome:
    return await checks.check(
        problem_input=test.input, answer=test.expected_output, output=run.stdout
    )


async def judge_planned(
    judge: TestJudge, tests: Sequence[TestCase], plan: TestPlan, on_progress: ProgressListener
) -> JudgementResult:
    """Judge what the plan asks for; begin anew whenever it asks for less than was begun.

    What the engine has begun in the meantime is lost then: no result depends on how far it came.
    What is told of the progress never goes back.

    Raises:
        EngineError: the engine failed, or can't run such programs.
    """
    runs: dict[int, JudgedRun] = {}
    has_fault = False

    def tell(stage: JudgingStage) -> None:
        done = len(tests) - len(plan.remaining)
        on_progress(Progress(stage=stage, tests_done=done, tests_total=len(tests)))

    tell(JudgingStage.COMPILING)
    while plan.remaining and not has_fault:
        async with aclosing(judge.judge([tests[n] for n in plan.remaining])) as results:
            async for result in results:
                if isinstance(result, CompileResult):
                    if not result.is_ok:
                        return judge_compile_error(result)
                    tell(JudgingStage.TESTING)
                    continue
                runs[plan.remaining[0]] = result
                has_fault = result.verdict is Verdict.IE
                are_fewer = plan.note(has_failed=result.has_failed)
                tell(JudgingStage.TESTING)
                if are_fewer:
                    break
    return judge_all([runs.get(n) or judge_skipped(test) for n, test in enumerate(tests)])


def _program(
    stored: StoredProgram, contents: Mapping[str, bytes], languages: LanguageRegistry
) -> ProgramChecker:
    language = languages.get(stored.language)
    return ProgramChecker(
        protocol=stored.protocol,
        language=language,
        source=contents[stored.source_sha256],
        files=tuple(
            SourceFile(name=file.name, content=contents[file.sha256]) for file in stored.files
        ),
        arguments=stored.arguments,
        limits=limits_for(
            language,
            cpu_time_ms=stored.cpu_time_ms,
            memory_bytes=stored.memory_bytes,
            time_multiplier=stored.time_multiplier,
            memory_multiplier=stored.memory_multiplier,
        ),
    )
