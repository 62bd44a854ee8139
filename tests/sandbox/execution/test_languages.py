"""Every language: right, failing, not compiling, endless, too greedy."""

import asyncio
from contextlib import aclosing

import pytest

from app.domain.limits import MIB
from app.domain.runs import RunStatus
from app.languages import load_languages
from tests.support import programs
from tests.support.sandbox import Sandbox

pytestmark = [pytest.mark.sandbox, pytest.mark.asyncio, pytest.mark.timeout(300)]

every_language = pytest.mark.parametrize(
    "language", [language.id for language in load_languages().languages]
)


@every_language
async def test_the_reference_program_prints_42(sandbox: Sandbox, language: str) -> None:
    source = sandbox.languages.get(language).reference_source

    run = await sandbox.run(language, source)

    assert (run.status, run.stdout, run.stderr) == (RunStatus.OK, b"42\n", b"")


@every_language
async def test_16_mib_are_enough_for_a_small_program(sandbox: Sandbox, language: str) -> None:
    """What the runtime needs for itself comes on top."""
    source = sandbox.languages.get(language).reference_source

    run = await sandbox.run(language, source, memory_bytes=16 * MIB)

    assert (run.status, run.stdout) == (RunStatus.OK, b"42\n")


@every_language
async def test_a_program_reads_its_input(sandbox: Sandbox, language: str) -> None:
    _, runs = await sandbox.execute(language, programs.ECHOING[language], b"1 2\n", b"30 4\n")

    assert [run.stdout.strip() for run in runs] == [b"3", b"34"]


@every_language
async def test_a_line_is_heard_while_the_program_runs(sandbox: Sandbox, language: str) -> None:
    pieces: asyncio.Queue[bytes] = asyncio.Queue()
    program = sandbox.program(language, programs.TALKATIVE[language], wall_time_ms=60_000)
    results = sandbox.engine.execute(
        program, [b""], on_output=lambda _, piece: pieces.put_nowait(piece)
    )
    line = b""
    async with aclosing(results):
        assert await anext(results)
        running = asyncio.create_task(anext(results))
        while not line.endswith(b"\n"):
            line += await pieces.get()

        assert (line, running.done()) == (b"one\n", False)

        running.cancel()
        await asyncio.wait([running])


@every_language
async def test_an_exit_code_is_told(sandbox: Sandbox, language: str) -> None:
    run = await sandbox.run(language, programs.EXITING[language])

    assert (run.status, run.exit_code) == (RunStatus.NONZERO_EXIT, 3)


@every_language
async def test_a_crash_is_no_limit(sandbox: Sandbox, language: str) -> None:
    run = await sandbox.run(language, programs.CRASHING[language])

    assert run.status in {RunStatus.NONZERO_EXIT, RunStatus.SIGNALED}


@every_language
async def test_a_broken_program_does_not_compile(sandbox: Sandbox, language: str) -> None:
    compiled, runs = await sandbox.execute(language, programs.BROKEN[language], b"")

    assert not compiled.is_ok
    assert sandbox.languages.get(language).source_file in compiled.message
    assert "/box" not in compiled.message
    assert runs == []


@every_language
async def test_an_endless_program_meets_its_cpu_limit(sandbox: Sandbox, language: str) -> None:
    run = await sandbox.run(language, programs.ENDLESS[language], cpu_time_ms=400)

    assert run.status is RunStatus.TIME_LIMIT


@every_language
async def test_4_gib_at_once_meet_the_memory_limit(sandbox: Sandbox, language: str) -> None:
    source = programs.GREEDY_AT_ONCE[language]

    run = await sandbox.run(language, source, cpu_time_ms=5_000, memory_bytes=128 * MIB)

    assert run.status is RunStatus.MEMORY_LIMIT


@every_language
async def test_memory_in_steps_meets_the_memory_limit(sandbox: Sandbox, language: str) -> None:
    source = programs.GREEDY_IN_STEPS[language]

    run = await sandbox.run(language, source, cpu_time_ms=10_000, memory_bytes=128 * MIB)

    assert run.status is RunStatus.MEMORY_LIMIT
    # The kernel counts pages in batches, of which the last one did not fit.
    assert run.usage.memory_bytes >= 127 * MIB


@pytest.mark.parametrize(
    "source",
    [
        "public class Foo { MAIN }",
        "class Helper {} class App { MAIN }",
        "package a.b;\npublic final class Foo { MAIN }",
        "// public class Wrong\npublic record Point(int x) { MAIN }",
    ],
    ids=["public", "not public", "package", "record"],
)
async def test_the_main_class_of_java_may_have_any_name(sandbox: Sandbox, source: str) -> None:
    main = "public static void main(String[] a) { System.out.println(42); }"

    run = await sandbox.run("java", source.replace("MAIN", main))

    assert run.stdout == b"42\n"


async def test_a_java_program_without_main_does_not_compile(sandbox: Sandbox) -> None:
    compiled = await sandbox.compile("java", "class Main { void main() {} }")

    assert compiled.message == "No class has a method: public static void main(String[] args)"


async def test_of_two_java_classes_with_main_the_one_called_main_runs(sandbox: Sandbox) -> None:
    source = """
class Other { public static void main(String[] a) { System.out.println("other"); } }
class Main { public static void main(String[] a) { System.out.println("main"); } }
"""

    run = await sandbox.run("java", source)

    assert run.stdout == b"main\n"


async def test_the_python_of_the_box_is_the_systems(sandbox: Sandbox) -> None:
    run = await sandbox.run("python", "import sys; print(sys.executable, sys.prefix)")

    assert run.stdout == b"/usr/bin/python3 /usr\n"
