"""Judging programs that talk to an interactor instead of reading an input."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace

from app.domain.checking import CheckOutcome, ProgramChecker, Protocol
from app.domain.program_checkers import (
    accepting_exit_codes,
    interaction_outcome,
    interactor_input,
    interactor_output,
    talking_limits,
)
from app.domain.runs import CompileResult, Interaction, RunResult, RunStatus
from app.engines.base import Engine, Interactor, Program
from app.services.program_checking import ProgramChecks, judges_program


@dataclass(frozen=True, slots=True, kw_only=True)
class TalkCase:
    """What an interactor, and maybe a checker after it, knows of one test."""

    problem_input: bytes
    answer: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedTalk:
    """How a participant's run counts, and what is said of it."""

    run: RunResult
    outcome: CheckOutcome


class Interactions:
    """Runs a participant's program against an interactor, test by test."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def judge(
        self,
        program: Program,
        interactor: ProgramChecker,
        cases: Sequence[TalkCase],
        *,
        checker: ProgramChecker | None = None,
    ) -> AsyncGenerator[CompileResult | JudgedTalk, None]:
        """Compile once, then talk once per test, in order.

        Yields one `CompileResult`, then, if that is ok, one `JudgedTalk` per test. A testlib
        interactor that accepts leaves the verdict to the checker, if there is one, which reads what
        the interactor wrote as the output.

        Raises:
            CheckerFailedError: interactor or checker does not compile, crashed, hit a limit, or
                broke its protocol.
            EngineError: the engine failed, or can't run interactors.
        """
        limits, interactor_limits = talking_limits(program.limits, interactor.limits)
        talks = self._engine.interact(
            replace(program, limits=limits),
            Interactor(
                program=replace(judges_program(interactor), limits=interactor_limits),
                accepting=accepting_exit_codes(interactor.protocol),
            ),
            [
                interactor_input(interactor, problem_input=case.problem_input, answer=case.answer)
                for case in cases
            ],
        )
        position = 0
        async with aclosing(talks):
            async for result in talks:
                if isinstance(result, CompileResult):
                    yield result
                    continue
                yield await self._judged(result, interactor, cases[position], checker)
                position += 1

    async def _judged(
        self,
        talk: Interaction,
        interactor: ProgramChecker,
        case: TalkCase,
        checker: ProgramChecker | None,
    ) -> JudgedTalk:
        run, outcome = interaction_outcome(interactor, talk)
        is_open = run.status is RunStatus.OK and outcome.is_accepted
        if checker is not None and interactor.protocol is Protocol.TESTLIB and is_open:
            # Not for all tests in one box: the next talk takes one for judges too.
            async with ProgramChecks(self._engine, checker) as checks:
                outcome = await checks.check(
                    problem_input=case.problem_input,
                    answer=case.answer,
                    output=interactor_output(talk.interactor),
                )
        return JudgedTalk(run=run, outcome=outcome)
