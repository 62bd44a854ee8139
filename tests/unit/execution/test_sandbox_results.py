from dataclasses import replace

import pytest

from app.domain.runs import NO_USAGE, RunResult, RunStatus
from app.engines.sandbox.results import compile_result, recognise_refusal, version_of
from app.languages import load_languages

OK = RunResult(
    status=RunStatus.OK, exit_code=0, signal=None, usage=NO_USAGE, stdout=b"", stderr=b""
)
FAILED = replace(OK, status=RunStatus.NONZERO_EXIT, exit_code=1)
JAVA = load_languages().get("java")
CPP = load_languages().get("cpp")
REFUSED = b'Exception in thread "main" java.lang.OutOfMemoryError: Java heap space'


def test_a_runtime_that_was_refused_memory_has_met_the_memory_limit() -> None:
    run = recognise_refusal(replace(FAILED, stderr=REFUSED), JAVA)

    assert (run.status, run.exit_code) == (RunStatus.MEMORY_LIMIT, 1)


@pytest.mark.parametrize(
    "run",
    [
        replace(OK, stderr=REFUSED),
        replace(FAILED, stdout=REFUSED),
        replace(FAILED, stderr=b"java.lang.StackOverflowError"),
        replace(FAILED, status=RunStatus.TIME_LIMIT, stderr=REFUSED),
    ],
    ids=["it went on and ended well", "in its output", "another error", "a limit came first"],
)
def test_anything_else_is_what_the_keeper_saw(run: RunResult) -> None:
    assert recognise_refusal(run, JAVA) == run


def test_a_message_has_errors_first_and_no_path_of_the_box() -> None:
    run = replace(FAILED, stdout=b"note\n", stderr=b"/box/main.cpp:1:2: error\n./main.cpp:3\n")

    assert compile_result(run, CPP).message == "main.cpp:1:2: error\nmain.cpp:3\nnote"


def test_a_message_is_cut_at_10_kb_even_in_the_middle_of_a_letter() -> None:
    run = replace(FAILED, stderr="é".encode() * 10_000 + b"x")

    message = compile_result(replace(run, stderr=b"x" + run.stderr), CPP).message

    assert message == "x" + "é" * 4_999 + "�"


@pytest.mark.parametrize(
    ("run", "message"),
    [
        (replace(OK, status=RunStatus.TIME_LIMIT), "it took more than 30 s of CPU time"),
        (replace(OK, status=RunStatus.WALL_LIMIT), "it took longer than 60 s"),
        (replace(OK, status=RunStatus.MEMORY_LIMIT), "it took more than 1024 MiB of memory"),
        (replace(OK, status=RunStatus.OUTPUT_LIMIT), "it took more than 1 MiB of messages"),
    ],
)
def test_a_compiler_that_meets_a_limit_says_which(run: RunResult, message: str) -> None:
    compiled = compile_result(run, CPP)

    assert not compiled.is_ok
    assert compiled.message == f"The compiler was stopped: {message}"


def test_a_compiler_that_dies_says_how() -> None:
    killed = replace(OK, status=RunStatus.SIGNALED, exit_code=None, signal=11)

    assert compile_result(killed, CPP).message == "The compiler was ended by signal 11"
    assert compile_result(FAILED, CPP).message == "The compiler failed with exit code 1"


def test_a_version_is_the_first_line_on_either_stream() -> None:
    assert version_of(replace(OK, stdout=b"go 1\nmore")) == "go 1"
    assert version_of(replace(OK, stderr=b"java 17\n")) == "java 17"


@pytest.mark.parametrize("run", [OK, replace(FAILED, stderr=b"not found")])
def test_a_tool_that_fails_or_says_nothing_has_no_version(run: RunResult) -> None:
    assert version_of(run) is None
