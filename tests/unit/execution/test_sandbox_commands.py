from dataclasses import replace

from app.domain.limits import DEFAULT_LIMITS, MIB
from app.engines.base import Program
from app.engines.sandbox.commands import COMPILE_LIMITS, compile_command, run_command
from app.languages import load_languages

JAVA = load_languages().get("java")
GO = load_languages().get("go")
LIMITS = replace(DEFAULT_LIMITS, memory_bytes=100 * MIB, processes=10)


def test_a_runtimes_needs_are_added_to_the_limits_of_a_run() -> None:
    command = run_command(Program(language=JAVA, source=b"", limits=LIMITS), b"input")

    assert command.limits.memory_bytes == 100 * MIB + JAVA.extra_memory_bytes
    assert command.limits.processes == 10 + JAVA.extra_processes
    assert (command.stdin, command.is_compiling) == (b"input", False)


def test_the_heap_is_as_large_as_the_programs_own_limit() -> None:
    command = run_command(Program(language=JAVA, source=b"", limits=LIMITS), b"")

    assert "-Xmx100m" in command.arguments


def test_the_limit_can_be_in_the_environment() -> None:
    command = run_command(Program(language=GO, source=b"", limits=LIMITS), b"")

    assert ("GOMEMLIMIT", "100MiB") in command.environment


def test_python_keeps_no_line_back_from_who_listens() -> None:
    program = Program(language=load_languages().get("python"), source=b"", limits=LIMITS)

    assert "-u" in run_command(program, b"", is_heard=True).arguments
    assert "-u" not in run_command(program, b"").arguments


def test_a_language_that_keeps_nothing_back_has_one_command() -> None:
    program = Program(language=GO, source=b"", limits=LIMITS)

    assert run_command(program, b"", is_heard=True) == run_command(program, b"")


def test_compiling_has_limits_of_its_own() -> None:
    command = compile_command(JAVA)

    assert command.is_compiling
    assert command.limits.cpu_time_ms == COMPILE_LIMITS.cpu_time_ms
    assert command.limits.memory_bytes == COMPILE_LIMITS.memory_bytes + JAVA.extra_memory_bytes
