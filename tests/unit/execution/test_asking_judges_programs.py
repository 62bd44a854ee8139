"""The services that ask checkers and interactors, with toy programs."""

from contextlib import aclosing

import pytest

from app.domain.checking import CheckOutcome, ProgramChecker, Protocol
from app.domain.limits import DEFAULT_LIMITS
from app.domain.runs import CompileResult, RunStatus
from app.engines.base import Program
from app.engines.fake import FakeEngine
from app.engines.onlinecompiler.engine import OnlineCompilerEngine
from app.errors import CheckerFailedError, EngineUnavailableError
from app.languages import load_languages
from app.services.interaction import Interactions, JudgedTalk, TalkCase
from app.services.program_checking import ProgramChecks

pytestmark = pytest.mark.asyncio

PYTHON = load_languages().get("python")
ENGINE = FakeEngine([PYTHON])
SAME_AS_ANSWER = "unless answer.txt 43\nleave judgemessage.txt the same\nexit 42"


def judging(source: str, protocol: Protocol = Protocol.ICPC) -> ProgramChecker:
    return ProgramChecker(
        protocol=protocol,
        language=PYTHON,
        source=source.encode(),
        files=(),
        arguments=(),
        limits=DEFAULT_LIMITS,
    )


async def check(checker: ProgramChecker, output: bytes) -> CheckOutcome:
    async with ProgramChecks(ENGINE, checker) as checks:
        return await checks.check(problem_input=b"in", answer=b"42\n", output=output)


async def talk(
    source: str, interactor: ProgramChecker, checker: ProgramChecker | None = None
) -> tuple[CompileResult, list[JudgedTalk]]:
    program = Program(language=PYTHON, source=source.encode(), limits=DEFAULT_LIMITS)
    cases = [TalkCase(problem_input=b"in\n", answer=answer) for answer in (b"1\n", b"2\n")]
    talks = Interactions(ENGINE).judge(program, interactor, cases, checker=checker)
    async with aclosing(talks):
        compiled = await anext(talks)
        assert isinstance(compiled, CompileResult)
        return compiled, [talk async for talk in talks if isinstance(talk, JudgedTalk)]


async def test_a_checker_is_asked_about_an_output() -> None:
    right = await check(judging(SAME_AS_ANSWER), b"42\n")
    wrong = await check(judging(SAME_AS_ANSWER), b"43\n")

    assert right == CheckOutcome(is_accepted=True, score=1.0, message="the same")
    assert wrong == CheckOutcome(is_accepted=False, score=0.0, message="")


async def test_a_checker_that_does_not_compile_has_failed() -> None:
    with pytest.raises(CheckerFailedError, match="does not compile:\nmain:1: no"):
        await check(judging("compile-error main:1: no"), b"")


async def test_an_interactor_is_asked_once_per_test() -> None:
    interactor = judging("print 1\nunless answer.txt 43\nexit 42")

    compiled, talks = await talk("echo", interactor)

    assert compiled.is_ok
    assert [one.outcome.is_accepted for one in talks] == [True, False]


async def test_a_participant_that_does_not_compile_talks_to_nobody() -> None:
    compiled, talks = await talk("frobnicate", judging("break"))

    assert (compiled.is_ok, talks) == (False, [])


async def test_a_crash_of_the_participant_is_its_own() -> None:
    _, talks = await talk("exit 3", judging("exit 42"))

    assert {one.run.status for one in talks} == {RunStatus.NONZERO_EXIT}
    assert not any(one.outcome.is_accepted for one in talks)


async def test_a_testlib_interactor_that_accepts_leaves_its_file_to_the_checker() -> None:
    interactor = judging("leave output.txt said\nexit 0", Protocol.TESTLIB)
    checker = judging("error wrong answer\nexit 1", Protocol.TESTLIB)

    _, talks = await talk("echo", interactor, checker)

    assert [one.outcome.message for one in talks] == ["wrong answer"] * 2


async def test_an_interactor_that_rejects_needs_no_checker() -> None:
    interactor = judging("error no\nexit 1", Protocol.TESTLIB)

    _, talks = await talk("echo", interactor, judging("break", Protocol.TESTLIB))

    assert [one.outcome.message for one in talks] == ["no"] * 2


async def test_an_interactor_that_does_not_compile_has_failed() -> None:
    with pytest.raises(CheckerFailedError, match="does not compile"):
        await talk("echo", judging("frobnicate"))


async def test_a_provider_can_run_neither_checker_nor_interactor() -> None:
    engine = OnlineCompilerEngine([PYTHON], url="http://localhost", api_key="key")
    program = Program(language=PYTHON, source=b"", limits=DEFAULT_LIMITS)
    case = TalkCase(problem_input=b"", answer=b"")

    with pytest.raises(EngineUnavailableError, match="runs no checkers"):
        await ProgramChecks(engine, judging("")).check(problem_input=b"", answer=b"", output=b"")
    with pytest.raises(EngineUnavailableError, match="runs no interactors"):
        await anext(Interactions(engine).judge(program, judging(""), [case]))
