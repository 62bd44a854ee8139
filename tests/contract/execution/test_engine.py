"""What every engine promises; the fake is held to it, so that tests which use it mean something."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from app.domain.executions import OutputStream
from app.domain.files import SourceFile
from app.domain.limits import DEFAULT_LIMITS
from app.domain.runs import (
    CompileResult,
    Interaction,
    ResultFile,
    RunInput,
    RunResult,
    RunStatus,
)
from app.engines.base import Engine, Interactor, Program
from app.engines.fake import FakeEngine
from app.engines.onlinecompiler.callbacks import AwaitedResults
from app.engines.onlinecompiler.engine import OnlineCompilerEngine
from app.engines.sandbox.build import build_keeper
from app.engines.sandbox.engine import SandboxEngine
from app.engines.sandbox.host import survey_host
from app.errors import CheckerFailedError, EngineUnavailableError
from app.languages import load_languages
from tests.support.online_compiler import API_KEY, Form, fake_provider
from tests.support.sandbox import heard, no_keeper, without_sandbox

pytestmark = pytest.mark.asyncio

LIMITS = replace(DEFAULT_LIMITS, output_bytes=1000)


Piece = tuple[OutputStream, bytes]


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """The same programs in the language of an engine under test."""

    greet: str
    echo: str
    exit_with_3: str
    die_of_signal_11: str
    write_1001_bytes: str
    complain: str
    write_in_turns: str
    """Writes `one` on stdout, `two` on stderr and `three` on stdout."""
    write_and_wait: str
    """Writes `one` at once, and then nothing for a minute."""
    broken: str
    judge: str
    """Leaves a file, and ends with 42 if its input is the file that it was given, else with 43."""
    ask: str
    """Says hello, and ends likewise."""


TOY = Dialect(
    greet="print hello",
    echo="echo",
    exit_with_3="print before\nexit 3",
    die_of_signal_11="signal 11",
    write_1001_bytes="print " + "x" * 1000,
    complain="error oh\nexit 1",
    write_in_turns="print one\nerror two\nprint three",
    write_and_wait="print one\nsleep 60000",
    broken="frobnicate",
    judge="leave note judged\nunless expected 43\nexit 42",
    ask="print hello\nunless expected 43\nexit 42",
)
PYTHON = Dialect(
    greet="print('hello')",
    echo="import sys; sys.stdout.write(sys.stdin.read())",
    exit_with_3="import sys; print('before'); sys.exit(3)",
    die_of_signal_11="import os; os.kill(os.getpid(), 11)",
    write_1001_bytes="print('x' * 1000)",
    complain="import sys; sys.exit('oh')",
    # Each once what was written before has been read.
    write_in_turns="""
import fcntl, os, termios, time

def write(stream, text):
    os.write(stream, text)
    while any(fcntl.ioctl(stream, termios.FIONREAD, bytes(4))):
        time.sleep(0.001)

write(1, b"one\\n")
write(2, b"two\\n")
write(1, b"three\\n")
""",
    write_and_wait="import os, time; os.write(1, b'one\\n'); time.sleep(60)",
    broken="def",
    judge="""
import sys
print("judged", file=open(sys.argv[1] + "note", "w"))
sys.exit(42 if sys.stdin.read() == open("expected").read() else 43)
""",
    ask="""
import sys
print("hello", flush=True)
sys.exit(42 if sys.stdin.read() == open("expected").read() else 43)
""",
)


@dataclass(frozen=True)
class Subject:
    """An engine under test and how to speak to it."""

    engine: Engine
    dialect: Dialect

    async def execute(self, source: str, *inputs: bytes) -> list[CompileResult | RunResult]:
        await self.engine.start()
        async with aclosing(self.engine.execute(_program(source), inputs)) as results:
            everything = [result async for result in results]
        await self.engine.close()
        return everything

    async def listen(self, source: str) -> tuple[list[Piece], RunResult]:
        """Tell what was heard, and the result; nothing is heard after it."""
        pieces: list[Piece] = []
        await self.engine.start()
        results = self.engine.execute(
            _program(source), [b""], on_output=lambda *piece: pieces.append(piece)
        )
        async with aclosing(results):
            _, (run, before) = [(result, list(pieces)) async for result in results]
        await self.engine.close()
        assert isinstance(run, RunResult)
        assert pieces == before
        return pieces, run

    async def judge(self, source: str, *inputs: bytes) -> list[RunResult]:
        """Run it for judges, who expect `right`."""
        await self.engine.start()
        async with self.engine.for_judges(_program(source)) as judging:
            assert judging.compiled.is_ok
            runs = [await judging.run(replace(FOR_JUDGES, stdin=data)) for data in inputs]
        await self.engine.close()
        return runs

    async def interact(self, source: str, interactor: str) -> list[CompileResult | Interaction]:
        """Let both talk twice."""
        await self.engine.start()
        asking = Interactor(program=_program(interactor), accepting=frozenset({42}))
        inputs = [replace(FOR_JUDGES, files=(_file(text),)) for text in (b"hello\n", b"bye\n")]
        async with aclosing(self.engine.interact(_program(source), asking, inputs)) as results:
            everything = [result async for result in results]
        await self.engine.close()
        return everything

    async def run(self, source: str) -> RunResult:
        _, run = await self.execute(source, b"")
        assert isinstance(run, RunResult)
        return run


def _program(source: str) -> Program:
    language = load_languages().get("python")
    return Program(language=language, source=source.encode(), limits=LIMITS)


def _file(content: bytes) -> SourceFile:
    return SourceFile(name="expected", content=content)


FOR_JUDGES = RunInput(
    arguments=("feedback/",),
    files=(_file(b"right"),),
    result_files=("note", "nothing"),
    result_file_bytes=1000,
)


@pytest.fixture(scope="session")
def data_directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Hold the keeper, which is built once."""
    directory = tmp_path_factory.mktemp("engine")
    try:
        survey_host()
        build_keeper(directory)
    except EngineUnavailableError as error:
        without_sandbox(error.detail)
    return directory


OWN: list[Any] = ["fake", pytest.param("sandbox", marks=pytest.mark.sandbox)]
"""What runs programs of judges; a provider runs none."""
LIVE: list[Any] = [*OWN, pytest.param("plain-sandbox", marks=pytest.mark.sandbox)]
"""What tells output before the end."""
EXACT: list[Any] = [
    *LIVE,
    pytest.param(Form.SYNC, id="remote-sync"),
    pytest.param(Form.ACCEPTED, id="remote-accepted"),
]
VAGUE: list[Any] = [pytest.param(Form.OK, id="remote-ok")]
"""The older remote interface tells neither exit code nor signal."""


@pytest_asyncio.fixture(params=EXACT + VAGUE)
async def subject(request: pytest.FixtureRequest) -> AsyncIterator[Subject]:
    python = load_languages().get("python")
    if request.param == "fake":
        yield Subject(FakeEngine([python]), TOY)
    elif request.param == "sandbox":
        directory: Path = request.getfixturevalue("data_directory")
        yield Subject(SandboxEngine([python], directory), PYTHON)
    elif request.param == "plain-sandbox":
        directory = request.getfixturevalue("data_directory")
        yield Subject(SandboxEngine([python], directory, build_keeper=no_keeper), PYTHON)
    else:
        results, loop = AwaitedResults(), asyncio.get_running_loop()
        with fake_provider(request.param) as provider:
            provider.call_back = lambda content: loop.call_soon_threadsafe(results.deliver, content)
            engine = OnlineCompilerEngine(
                [python], url=provider.url, api_key=API_KEY, results=results
            )
            yield Subject(engine, PYTHON)


async def test_every_language_is_told_with_its_version(subject: Subject) -> None:
    await subject.engine.start()
    (toolchain,) = await subject.engine.toolchains()
    await subject.engine.close()

    assert toolchain.language.id == "python"
    assert toolchain.is_available


async def test_one_compile_result_comes_first_then_one_run_per_input(subject: Subject) -> None:
    compiled, *runs = await subject.execute(subject.dialect.echo, b"one\n", b"", b"two")

    assert isinstance(compiled, CompileResult)
    assert compiled.is_ok
    assert [run.stdout for run in runs if isinstance(run, RunResult)] == [b"one\n", b"", b"two"]


async def test_without_inputs_a_program_is_only_compiled(subject: Subject) -> None:
    results = await subject.execute(subject.dialect.greet)

    assert [type(result) for result in results] == [CompileResult]


async def test_a_broken_program_has_a_message_and_no_runs(subject: Subject) -> None:
    (compiled,) = await subject.execute(subject.dialect.broken, b"", b"")

    assert isinstance(compiled, CompileResult)
    assert not compiled.is_ok
    assert compiled.message != ""


@pytest.mark.parametrize("subject", EXACT, indirect=True)
async def test_a_program_that_ends_well_is_ok(subject: Subject) -> None:
    run = await subject.run(subject.dialect.greet)

    assert (run.status, run.exit_code, run.signal) == (RunStatus.OK, 0, None)
    assert (run.stdout, run.stderr) == (b"hello\n", b"")
    assert run.usage.memory_bytes > 0


@pytest.mark.parametrize("subject", EXACT, indirect=True)
async def test_a_failing_program_has_its_exit_code_and_its_output(subject: Subject) -> None:
    run = await subject.run(subject.dialect.exit_with_3)

    assert (run.status, run.exit_code, run.signal) == (RunStatus.NONZERO_EXIT, 3, None)
    assert run.stdout == b"before\n"


@pytest.mark.parametrize("subject", EXACT, indirect=True)
async def test_a_program_that_dies_of_a_signal_has_no_exit_code(subject: Subject) -> None:
    run = await subject.run(subject.dialect.die_of_signal_11)

    assert (run.status, run.exit_code, run.signal) == (RunStatus.SIGNALED, None, 11)


@pytest.mark.parametrize("subject", VAGUE, indirect=True)
async def test_an_engine_that_is_not_told_the_end_invents_no_exit_code(subject: Subject) -> None:
    good = await subject.run(subject.dialect.greet)
    failed = await subject.run(subject.dialect.exit_with_3)
    died = await subject.run(subject.dialect.die_of_signal_11)

    assert (good.status, good.exit_code, good.signal) == (RunStatus.OK, None, None)
    assert (failed.status, failed.exit_code, failed.signal) == (RunStatus.NONZERO_EXIT, None, None)
    assert (died.status, died.exit_code, died.signal) == (RunStatus.NONZERO_EXIT, None, None)


async def test_output_ends_where_the_limit_cuts_it(subject: Subject) -> None:
    run = await subject.run(subject.dialect.write_1001_bytes)

    assert run.status is RunStatus.OUTPUT_LIMIT
    assert run.stdout == b"x" * 1000


async def test_stderr_is_kept_apart(subject: Subject) -> None:
    run = await subject.run(subject.dialect.complain)

    assert (run.stdout, run.stderr) == (b"", b"oh\n")


async def test_the_pieces_that_are_heard_are_the_output_of_the_result(subject: Subject) -> None:
    pieces, run = await subject.listen(subject.dialect.write_in_turns)

    assert (heard(pieces, "stdout"), heard(pieces, "stderr")) == (b"one\nthree\n", b"two\n")
    assert (run.stdout, run.stderr) == (b"one\nthree\n", b"two\n")


async def test_no_more_is_heard_than_the_output_limit_leaves(subject: Subject) -> None:
    pieces, run = await subject.listen(subject.dialect.write_1001_bytes)

    assert run.status is RunStatus.OUTPUT_LIMIT
    assert heard(pieces, "stdout") == b"x" * 1000


async def test_nothing_is_heard_of_a_broken_program(subject: Subject) -> None:
    pieces: list[Piece] = []
    await subject.engine.start()
    results = subject.engine.execute(
        _program(subject.dialect.broken), [b""], on_output=lambda *piece: pieces.append(piece)
    )
    (compiled,) = [result async for result in results]
    await subject.engine.close()

    assert isinstance(compiled, CompileResult)
    assert (compiled.is_ok, pieces) == (False, [])


async def test_only_one_run_can_be_listened_to(subject: Subject) -> None:
    await subject.engine.start()
    program = _program(subject.dialect.greet)
    results = subject.engine.execute(program, [b"", b""], on_output=lambda *_: None)

    with pytest.raises(ValueError, match="2 runs can't be listened to at once"):
        await anext(results)
    await subject.engine.close()


@pytest.mark.parametrize("subject", LIVE, indirect=True)
async def test_output_is_heard_in_the_order_in_which_it_is_written(subject: Subject) -> None:
    pieces, _ = await subject.listen(subject.dialect.write_in_turns)

    assert pieces == [("stdout", b"one\n"), ("stderr", b"two\n"), ("stdout", b"three\n")]


@pytest.mark.parametrize("subject", LIVE, indirect=True)
async def test_output_is_heard_while_the_program_runs(subject: Subject) -> None:
    pieces: asyncio.Queue[Piece] = asyncio.Queue()
    await subject.engine.start()
    program = _program(subject.dialect.write_and_wait)
    results = subject.engine.execute(
        program, [b""], on_output=lambda *piece: pieces.put_nowait(piece)
    )
    assert isinstance(await anext(results), CompileResult)
    running = asyncio.create_task(anext(results))

    assert await pieces.get() == ("stdout", b"one\n")
    assert not running.done()

    running.cancel()
    await asyncio.wait([running])
    await results.aclose()
    await subject.engine.close()


@pytest.mark.parametrize("subject", OWN, indirect=True)
async def test_a_program_of_judges_has_files_and_arguments_and_leaves_files(
    subject: Subject,
) -> None:
    right, wrong = await subject.judge(subject.dialect.judge, b"right", b"wrong")

    assert (right.status, right.exit_code) == (RunStatus.NONZERO_EXIT, 42)
    assert wrong.exit_code == 43
    assert right.files == (ResultFile(name="note", content=b"judged\n", is_cut=False),)


@pytest.mark.parametrize("subject", OWN, indirect=True)
async def test_a_participant_talks_to_the_interactor_once_per_input(subject: Subject) -> None:
    compiled, *talks = await subject.interact(subject.dialect.greet, subject.dialect.ask)

    assert isinstance(compiled, CompileResult)
    codes = [talk.interactor.exit_code for talk in talks if isinstance(talk, Interaction)]
    statuses = {talk.participant.status for talk in talks if isinstance(talk, Interaction)}
    assert (codes, statuses) == ([42, 43], {RunStatus.OK})


@pytest.mark.parametrize("subject", OWN, indirect=True)
async def test_a_broken_participant_talks_to_nobody(subject: Subject) -> None:
    (compiled,) = await subject.interact(subject.dialect.broken, subject.dialect.ask)

    assert isinstance(compiled, CompileResult)
    assert not compiled.is_ok


@pytest.mark.parametrize("subject", OWN, indirect=True)
async def test_a_broken_interactor_has_failed(subject: Subject) -> None:
    with pytest.raises(CheckerFailedError, match="The interactor does not compile"):
        await subject.interact(subject.dialect.echo, subject.dialect.broken)
    await subject.engine.close()
