"""Asking a problem's own checker about an output."""

from app.domain.checking import CheckOutcome, ProgramChecker
from app.domain.program_checkers import check_outcome, checker_input
from app.domain.runs import CompileResult
from app.engines.base import Engine, Program
from app.errors import CheckerFailedError

MAX_COMPLAINT_CHARACTERS = 4_000


class ProgramChecks:
    """Runs checkers that are programs, each time in a box that no participant's program sees."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def check(
        self, checker: ProgramChecker, *, problem_input: bytes, answer: bytes, output: bytes
    ) -> CheckOutcome:
        """Ask what the checker says of an output of a program that ended well.

        Raises:
            CheckerFailedError: it does not compile, crashed, hit a limit, or broke its protocol.
            EngineError: the engine failed, or can't run checkers.
        """
        run_input = checker_input(
            checker, problem_input=problem_input, answer=answer, output=output
        )
        run = await self._engine.run_for_judges(judge_program(checker), run_input)
        if isinstance(run, CompileResult):
            raise CheckerFailedError(compile_complaint("checker", run))
        return check_outcome(checker, run)


def judge_program(checker: ProgramChecker) -> Program:
    """Make what the engine runs of a checker or interactor."""
    return Program(
        language=checker.language,
        source=checker.source,
        limits=checker.limits,
        files=checker.files,
    )


def compile_complaint(role: str, compiled: CompileResult) -> str:
    """Say that a program of the judges does not compile, and why."""
    return f"The {role} does not compile:\n{compiled.message}"[:MAX_COMPLAINT_CHARACTERS]
