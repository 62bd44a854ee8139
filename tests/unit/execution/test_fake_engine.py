"""The toy language of the fake engine; what every engine promises is in the contract suite."""

import pytest

from app.domain.files import SourceFile
from app.domain.language import Language
from app.domain.limits import DEFAULT_LIMITS
from app.domain.runs import CompileResult, ResultFile, RunInput, RunResult, RunStatus
from app.engines.base import Program
from app.engines.fake import FakeEngine
from app.errors import SandboxFailureError

TOY = Language(
    id="toy",
    name="Toy",
    aliases=(),
    source_file="main.toy",
    compile_command=("/bin/true",),
    run_command=("/bin/true",),
    environment=(),
    version_command=("/bin/true",),
    debian_packages=(),
    extra_memory_bytes=0,
    extra_processes=0,
    reference_source="print 42",
    third_party_name="toy-1",
)


async def execute(
    source: str, *inputs: bytes, files: tuple[SourceFile, ...] = ()
) -> list[CompileResult | RunResult]:
    program = Program(language=TOY, source=source.encode(), limits=DEFAULT_LIMITS, files=files)
    return [result async for result in FakeEngine([TOY]).execute(program, inputs)]


@pytest.mark.asyncio
async def test_prints_and_echoes_in_the_order_of_the_directives() -> None:
    _, run = await execute("print a\necho\nprint b", b"in\n")

    assert isinstance(run, RunResult)
    assert run.stdout == b"a\nin\nb\n"


@pytest.mark.asyncio
async def test_shows_files_and_compile_options() -> None:
    files = (SourceFile(name="data/a", content=b"of a\n"), SourceFile(name="b", content=b"of b\n"))

    _, run = await execute("file data/a\noptions", b"", files=files)

    assert isinstance(run, RunResult)
    assert run.stdout == b"of a\n\n"


@pytest.mark.asyncio
@pytest.mark.parametrize("status", list(RunStatus))
async def test_ends_with_the_status_that_the_program_names(status: RunStatus) -> None:
    _, run = await execute(f"status {status}", b"")

    assert isinstance(run, RunResult)
    assert run.status is status


@pytest.mark.asyncio
async def test_follows_no_directive_after_the_end_of_the_program() -> None:
    _, run = await execute("exit 3\nprint late", b"")

    assert isinstance(run, RunResult)
    assert (run.exit_code, run.stdout) == (3, b"")


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("compile-error main.toy:1: no", "main.toy:1: no"),
        ("print fine\nfrobnicate", "not a directive: frobnicate"),
        ("status tired", "not a directive: status tired"),
    ],
)
async def test_a_bad_program_does_not_compile_and_never_runs(source: str, message: str) -> None:
    (compiled,) = await execute(source, b"")

    assert isinstance(compiled, CompileResult)
    assert (compiled.is_ok, compiled.message) == (False, message)


@pytest.mark.asyncio
async def test_break_is_a_failure_of_the_sandbox() -> None:
    with pytest.raises(SandboxFailureError):
        await execute("break", b"")


@pytest.mark.asyncio
async def test_a_run_for_judges_has_files_and_arguments_and_leaves_what_is_wanted() -> None:
    source = "arguments\nfile in\nleave wanted text\nleave other text\nunless in 43"
    run_input = RunInput(
        stdin=b"x",
        arguments=("a", "b c"),
        files=(SourceFile(name="in", content=b"x"),),
        result_files=("wanted",),
        result_file_bytes=3,
    )

    program = Program(language=TOY, source=source.encode(), limits=DEFAULT_LIMITS)
    async with FakeEngine([TOY]).for_judges(program) as judging:
        run = await judging.run(run_input)

    assert (run.exit_code, run.stdout) == (0, b"a b c\nx")
    assert run.files == (ResultFile(name="wanted", content=b"tex", is_cut=True),)
