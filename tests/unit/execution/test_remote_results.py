"""From what the provider tells to facts, and to guesses that say so."""

from dataclasses import replace
from typing import Any

import pytest

from app.domain.judging import describe_failure
from app.domain.limits import MIB, Limits
from app.domain.runs import RunStatus
from app.engines.onlinecompiler.answers import RemoteRun
from app.engines.onlinecompiler.results import (
    compile_result_of,
    oversized_run_result,
    run_result_of,
)
from app.languages import load_languages

LANGUAGES = load_languages()
PYTHON, JAVA = LANGUAGES.get("python"), LANGUAGES.get("java")
LIMITS = Limits(
    cpu_time_ms=1000,
    wall_time_ms=3000,
    memory_bytes=64 * MIB,
    output_bytes=10,
    file_bytes=MIB,
    processes=1,
)
GOOD = RemoteRun(
    stdout=b"42\n",
    stderr=b"",
    is_success=True,
    exit_code=0,
    signal=None,
    cpu_time_ms=None,
    time_ms=25,
    total_ms=33,
    memory_bytes=8 * MIB,
    is_truncated=False,
)
SILENT: dict[str, Any] = {"time_ms": None, "total_ms": None, "memory_bytes": None}


def judge(waited_ms: int = 100, **changes: Any) -> tuple[RunStatus, bool]:
    result = run_result_of(PYTHON, LIMITS, replace(GOOD, **changes), waited_ms=waited_ms)
    return result.status, result.is_guess


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({}, RunStatus.OK),
        ({"is_success": False, "stderr": b"warning"}, RunStatus.OK),
        ({"is_success": False, "exit_code": None}, RunStatus.NONZERO_EXIT),
        ({"exit_code": None}, RunStatus.OK),
        ({"exit_code": 3}, RunStatus.NONZERO_EXIT),
        ({"exit_code": None, "signal": 9}, RunStatus.SIGNALED),
        ({"stdout": b"x" * 11}, RunStatus.OUTPUT_LIMIT),
        ({"stderr": b"x" * 11}, RunStatus.OUTPUT_LIMIT),
        ({"cpu_time_ms": 1001}, RunStatus.TIME_LIMIT),
        ({"memory_bytes": 64 * MIB + PYTHON.extra_memory_bytes + 1}, RunStatus.MEMORY_LIMIT),
    ],
)
def test_what_the_provider_tells_is_a_fact(changes: dict[str, Any], status: RunStatus) -> None:
    assert judge(**changes) == (status, False)


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"is_truncated": True}, RunStatus.OUTPUT_LIMIT),
        ({"time_ms": 1001}, RunStatus.TIME_LIMIT),
        ({"total_ms": 3001}, RunStatus.WALL_LIMIT),
        ({**SILENT, "waited_ms": 3001}, RunStatus.WALL_LIMIT),
    ],
)
def test_what_has_to_be_inferred_is_marked(changes: dict[str, Any], status: RunStatus) -> None:
    assert judge(**changes) == (status, True)


def test_our_clock_decides_nothing_where_the_provider_tells_the_time() -> None:
    assert judge(waited_ms=60_000) == (RunStatus.OK, False)


def test_a_limit_decides_over_how_the_program_then_died() -> None:
    assert judge(cpu_time_ms=5000, exit_code=None, signal=9)[0] is RunStatus.TIME_LIMIT


def test_what_a_runtime_needs_on_top_is_no_excess() -> None:
    run = replace(GOOD, memory_bytes=LIMITS.memory_bytes + JAVA.extra_memory_bytes)

    assert run_result_of(JAVA, LIMITS, run, waited_ms=1).status is RunStatus.OK


def test_output_is_cut_at_the_limit() -> None:
    run = run_result_of(PYTHON, LIMITS, replace(GOOD, stdout=b"x" * 11), waited_ms=1)

    assert run.stdout == b"x" * 10


def test_usage_is_what_is_told_and_our_clock_for_the_rest() -> None:
    told = run_result_of(PYTHON, LIMITS, GOOD, waited_ms=100).usage
    silent = run_result_of(PYTHON, LIMITS, replace(GOOD, **SILENT), waited_ms=100).usage

    assert (told.cpu_time_ms, told.wall_time_ms, told.memory_bytes) == (0, 25, 8 * MIB)
    assert (silent.cpu_time_ms, silent.wall_time_ms, silent.memory_bytes) == (0, 100, 0)


def test_a_guess_says_so_and_an_unknown_exit_code_too() -> None:
    late = run_result_of(PYTHON, LIMITS, replace(GOOD, time_ms=1001), waited_ms=1)
    failed = replace(GOOD, is_success=False, exit_code=None)
    run = run_result_of(PYTHON, LIMITS, failed, waited_ms=1)

    assert describe_failure(late, LIMITS) == (
        "Time Limit Exceeded: 1000 ms of CPU time (inferred, not measured)"
    )
    assert describe_failure(run, LIMITS) == "Runtime Error: exit code unknown"


def test_an_answer_too_large_to_read_is_too_much_output() -> None:
    run = oversized_run_result(waited_ms=5)

    assert (run.status, run.is_guess) == (RunStatus.OUTPUT_LIMIT, True)


COMPILER_WORDS = {
    "c": "main.c:3:5: error: expected ';' before 'return'\n",
    "cpp": "a.o: in function `main':\nmain.cpp:(.text+0x5): undefined reference to `f()'\n",
    "csharp": "Program.cs(3,9): error CS1002: ; expected\n",
    "go": "# command-line-arguments\n./main.go:4:2: undefined: x\n",
    "java": "Main.java:3: error: ';' expected\n        int x\n             ^\n1 error\n",
    "javascript": (
        "/box/main.js:1\nlet x = ;\n        ^\n\nSyntaxError: Unexpected token ';'\n"
        "    at wrapSafe (node:internal/modules/cjs/loader:1378:20)\n"
    ),
    "python": '  File "main.py", line 1\n    def\n       ^\nSyntaxError: invalid syntax\n',
    "rust": "error[E0425]: cannot find value `x` in this scope\n --> main.rs:2:5\n",
}
RUNTIME_WORDS = {
    "c": "main.c:3: main: Assertion `x > 0' failed.\n",
    "cpp": "terminate called after throwing an instance of 'std::out_of_range'\n",
    "csharp": "Unhandled exception. System.Exception: error\n   at Main() in Program.cs:4\n",
    "go": "panic: oh\n\ngoroutine 1 [running]:\nmain.main()\n\t/box/main.go:4 +0x25\n",
    "java": 'Exception in thread "main" java.lang.Error: x\n\tat Main.main(Main.java:3)\n',
    "javascript": (
        "undefined:1\n{\n\nSyntaxError: Expected property name\n"
        "    at JSON.parse (<anonymous>)\n    at Object.<anonymous> (/box/main.js:1:6)\n"
    ),
    "python": (
        'Traceback (most recent call last):\n  File "main.py", line 1, in <module>\n'
        "    eval('1 +')\nSyntaxError: invalid syntax\n"
    ),
    "rust": "thread 'main' panicked at src/main.rs:2:5:\nerror: oh\n",
}


def compiles(language_id: str, words: str, **changes: Any) -> bool:
    run = replace(GOOD, stdout=b"", is_success=False, exit_code=1, stderr=words.encode(), **changes)
    return compile_result_of(LANGUAGES.get(language_id), run).is_ok


@pytest.mark.parametrize("language_id", COMPILER_WORDS)
def test_knows_a_compile_error_by_the_words_of_each_compiler(language_id: str) -> None:
    assert not compiles(language_id, COMPILER_WORDS[language_id])


@pytest.mark.parametrize("language_id", RUNTIME_WORDS)
def test_takes_no_failing_program_for_one_that_does_not_compile(language_id: str) -> None:
    assert compiles(language_id, RUNTIME_WORDS[language_id])


def test_every_language_has_words_of_both_kinds() -> None:
    ids = {language.id for language in LANGUAGES.languages}

    assert set(COMPILER_WORDS) == set(RUNTIME_WORDS) == ids


def test_a_program_that_wrote_something_or_ended_well_did_compile() -> None:
    words = COMPILER_WORDS["python"].encode()
    wrote = replace(GOOD, is_success=False, exit_code=1, stderr=words)
    ended_well = replace(GOOD, stdout=b"", stderr=words)

    assert compile_result_of(PYTHON, wrote).is_ok
    assert compile_result_of(PYTHON, ended_well).is_ok


def test_a_compile_error_says_that_it_is_inferred() -> None:
    run = replace(GOOD, stdout=b"", is_success=False, exit_code=1)
    words = COMPILER_WORDS["python"].encode()

    message = compile_result_of(PYTHON, replace(run, stderr=words)).message

    assert message.startswith(words.decode())
    assert message.endswith("inferred from this text.]")
