"""Asking a problem's own checker about outputs."""

from contextlib import AsyncExitStack
from typing import Self

from app.domain.checking import CheckOutcome, ProgramChecker
from app.domain.program_checkers import check_outcome, checker_input
from app.engines.base import Engine, JudgesProgram, Program
from app.errors import CheckerFailedError

MAX_COMPLAINT_CHARACTERS = 4_000


class ProgramChecks:
    """A checker that is a program, in a box that no participant's program sees.

    As a context, for the outputs of one submission. The box is not opened before it is needed: so
    it is safe to begin before the participant's program, see `Engine.for_judges`.
    """

    def __init__(self, engine: Engine, checker: ProgramChecker) -> None:
        self._engine = engine
        self._checker = checker
        self._program: JudgesProgram | None = None
        self._boxes = AsyncExitStack()

    async def __aenter__(self) -> Self:
        """Open nothing yet."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Let the box go."""
        await self._boxes.aclose()

    async def check(self, *, problem_input: bytes, answer: bytes, output: bytes) -> CheckOutcome:
        """Ask what the checker says of an output of a program that ended well.

        Raises:
            CheckerFailedError: it does not compile, crashed, hit a limit, or broke its protocol.
            EngineError: the engine failed, or can't run checkers.
        """
        if self._program is None:
            opening = self._engine.for_judges(judges_program(self._checker))
            self._program = await self._boxes.enter_async_context(opening)
        compiled = self._program.compiled
        if not compiled.is_ok:
            complaint = f"The checker does not compile:\n{compiled.message}"
            raise CheckerFailedError(complaint[:MAX_COMPLAINT_CHARACTERS])
        run = await self._program.run(
            checker_input(self._checker, problem_input=problem_input, answer=answer, output=output)
        )
        return check_outcome(self._checker, run)


def judges_program(checker: ProgramChecker) -> Program:
    """Make what the engine runs of a checker or interactor."""
    return Program(
        language=checker.language,
        source=checker.source,
        limits=checker.limits,
        files=checker.files,
    )
