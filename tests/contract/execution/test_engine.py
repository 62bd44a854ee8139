"""What every engine promises; the fake is held to it, so that tests which use it mean something."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from app.domain.limits import DEFAULT_LIMITS
from app.domain.runs import CompileResult, RunResult, RunStatus
from app.engines.base import Engine, Program
from app.engines.fake import FakeEngine
from app.engines.onlinecompiler.callbacks import AwaitedResults
from app.engines.onlinecompiler.engine import OnlineCompilerEngine
from app.engines.sandbox.build import build_keeper
from app.engines.sandbox.engine import SandboxEngine
from app.engines.sandbox.host import survey_host
from app.errors import EngineUnavailableError
from app.languages import load_languages
from tests.support.online_compiler import API_KEY, Form, fake_provider
from tests.support.sandbox import without_sandbox

pytestmark = [pytest.mark.asyncio, pytest.mark.timeout(60)]

LIMITS = replace(DEFAULT_LIMITS, output_bytes=1000)


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """The same programs in the language of an engine under test."""

    greet: str
    echo: str
    exit_with_3: str
    die_of_signal_11: str
    write_1001_bytes: str
    complain: str
    broken: str


TOY = Dialect(
    greet="print hello",
    echo="echo",
    exit_with_3="print before\nexit 3",
    die_of_signal_11="signal 11",
    write_1001_bytes="print " + "x" * 1000,
    complain="error oh\nexit 1",
    broken="frobnicate",
)
PYTHON = Dialect(
    greet="print('hello')",
    echo="import sys; sys.stdout.write(sys.stdin.read())",
    exit_with_3="import sys; print('before'); sys.exit(3)",
    die_of_signal_11="import os; os.kill(os.getpid(), 11)",
    write_1001_bytes="print('x' * 1000)",
    complain="import sys; sys.exit('oh')",
    broken="def",
)


@dataclass(frozen=True)
class Subject:
    """An engine under test and how to speak to it."""

    engine: Engine
    dialect: Dialect

    async def execute(self, source: str, *inputs: bytes) -> list[CompileResult | RunResult]:
        language = load_languages().get("python")
        program = Program(language=language, source=source.encode(), limits=LIMITS)
        await self.engine.start()
        async with aclosing(self.engine.execute(program, inputs)) as results:
            everything = [result async for result in results]
        await self.engine.close()
        return everything

    async def run(self, source: str) -> RunResult:
        _, run = await self.execute(source, b"")
        assert isinstance(run, RunResult)
        return run


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


EXACT: list[Any] = [
    "fake",
    pytest.param("sandbox", marks=pytest.mark.sandbox),
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
