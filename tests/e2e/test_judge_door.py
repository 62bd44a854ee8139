"""The judge door as its clients use it, with real programs in the real sandbox."""

import os
import sqlite3
import time
import uuid
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import httpx
import pytest

from tests.e2e.stack import Stack
from tests.support import programs
from tests.support.patience import PATIENCE_S

pytestmark = pytest.mark.e2e
LANGUAGES = sorted(programs.ECHOING)
SOME_LANGUAGES = ("cpp", "java", "python")
"""How programs fail in each is asked of the sandbox, and of submissions."""
TEST = {"id": "test_1", "input": "", "expected_output": "42"}
SUM = {"id": "sum", "input": "20 22\n", "expected_output": "42"}
TELLING_WHEN = """
import sys, time
start = time.time()
time.sleep(1)
print(42)
print(start, time.time(), file=sys.stderr)
"""
PRINT_42 = {"language": "python", "code": "print(42)"}
ALIKE = pytest.mark.only_processes(
    "submissions are judged alike, and played there; these take long"
)


@pytest.fixture(scope="module")
def front_door(stack: Stack) -> Iterator[httpx.Client]:
    """Speak to the service through the backend's port."""
    with httpx.Client(base_url=stack.backend_url, timeout=120) as client:
        yield client


@pytest.fixture(scope="module")
def own_door(stack: Stack) -> Iterator[httpx.Client]:
    """Speak to the service itself."""
    with httpx.Client(base_url=stack.execution_url, timeout=120) as client:
        yield client


@pytest.fixture(
    params=[
        pytest.param(
            "own_door", marks=pytest.mark.only_processes("nginx leads to the backend alone")
        ),
        "front_door",
    ]
)
def door(request: pytest.FixtureRequest) -> httpx.Client:
    """Take either; what languages do is asked at the front door only, for it leads to the other."""
    client: httpx.Client = request.getfixturevalue(request.param)
    return client


def post(door: httpx.Client, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
    answer = door.post(path, json=body)
    assert answer.status_code == 200, answer.text
    document: dict[str, Any] = answer.json()
    return document


def run(door: httpx.Client, language: str, code: str, **changes: Any) -> dict[str, Any]:
    """Run a program on one test and return what became of it."""
    body = {"language": language, "code": code, "sample_test_cases": [SUM]} | changes
    (result,) = post(door, "/run", body)["test_results"]
    assert isinstance(result, dict)
    return result


def test_a_run_of_the_sample_tests(door: httpx.Client) -> None:
    answer = post(door, "/run", PRINT_42 | {"sample_test_cases": [TEST]})

    (result,) = answer["test_results"]
    assert answer["summary"]["all_passed"] is True
    assert answer["metadata"]["test_type"] == "sample"
    assert result["actual_output"] == "42\n"
    assert result["error"] is None
    assert result["execution_time_ms"] > 0
    assert result["memory_usage_bytes"] > 1024 * 1024
    assert 0 < result["cpu_usage_percent"] <= 100 * (os.cpu_count() or 1)


def test_a_run_of_all_tests_leaves_the_samples_out(door: httpx.Client) -> None:
    samples = [TEST | {"expected_output": "wrong"}] * 2
    answer = post(door, "/runall", PRINT_42 | {"test_cases": [TEST], "sample_test_cases": samples})

    assert answer["summary"]["total_tests"] == 1
    assert answer["summary"]["all_passed"] is True


@pytest.mark.only_processes("it reads an SQLite file")
def test_a_submission_is_in_the_table(door: httpx.Client, stack: Stack) -> None:
    names = {"user_id": f"user-{uuid.uuid4()}", "question_id": "q1"}

    answer = post(door, "/submit", PRINT_42 | {"test_cases": [TEST]} | names)

    with sqlite3.connect(stack.execution_database) as connection:
        rows = connection.execute(
            "SELECT submission_id, question_id, code FROM submissions WHERE user_id = ?",
            [names["user_id"]],
        ).fetchall()
    connection.close()
    assert answer["metadata"]["saved_to_db"] is True
    assert rows == [(answer["metadata"]["submission_id"], "q1", "print(42)")]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_right_program_passes(front_door: httpx.Client, language: str) -> None:
    result = run(front_door, language, programs.ECHOING[language])

    assert (result["status"], result["actual_output"].rstrip()) == ("passed", "42")


@pytest.mark.parametrize("language", SOME_LANGUAGES)
def test_a_wrong_program_fails(front_door: httpx.Client, language: str) -> None:
    result = run(front_door, language, programs.WRONG[language])

    assert (result["status"], result["passed"], result["error"]) == ("failed", False, None)


@ALIKE
@pytest.mark.parametrize("language", SOME_LANGUAGES)
def test_an_endless_program_is_over_its_time(front_door: httpx.Client, language: str) -> None:
    result = run(front_door, language, programs.ENDLESS[language], timeout=1)

    # On a busy host it may use up its wall time before its CPU time.
    assert result["status"] == "tle"
    assert result["error"].startswith((
        "Time Limit Exceeded: 1000 ms of CPU time",
        "Time Limit Exceeded: 2000 ms of wall time",
    ))


@ALIKE
@pytest.mark.parametrize("kind", ["GREEDY_AT_ONCE", "GREEDY_IN_STEPS"])
@pytest.mark.parametrize("language", SOME_LANGUAGES)
def test_a_greedy_program_is_over_its_memory(
    front_door: httpx.Client, language: str, kind: str
) -> None:
    result = run(front_door, language, getattr(programs, kind)[language], timeout=30)

    assert result["status"] == "mle"
    assert result["error"].startswith("Memory Limit Exceeded: ")


@pytest.mark.parametrize("language", SOME_LANGUAGES)
def test_a_broken_program_is_a_syntax_error_in_every_test(
    front_door: httpx.Client, language: str
) -> None:
    body = {"language": language, "code": programs.BROKEN[language], "test_cases": [SUM, SUM]}

    results = post(front_door, "/runall", body)["test_results"]

    assert [result["status"] for result in results] == ["syntax_error"] * 2
    assert [result["execution_time_ms"] for result in results] == [0, 0]
    assert results[0]["error"]
    assert "/box" not in results[0]["error"]


@pytest.mark.parametrize("kind", ["EXITING", "CRASHING"])
@pytest.mark.parametrize("language", SOME_LANGUAGES)
def test_a_failing_program_is_a_runtime_error(
    front_door: httpx.Client, language: str, kind: str
) -> None:
    result = run(front_door, language, getattr(programs, kind)[language])

    assert result["status"] == "runtime_error"
    assert result["error"].startswith("Runtime Error: ")


def test_text_on_stderr_is_shown_and_is_no_failure(door: httpx.Client) -> None:
    result = run(door, "python", "import sys; print(42); print('error: no', file=sys.stderr)")

    assert (result["status"], result["error"]) == ("passed", "error: no\n")


def test_a_sleeper_is_stopped_by_the_wall_clock(door: httpx.Client) -> None:
    result = run(door, "python", "import time; time.sleep(60)", timeout=1)

    assert result["status"] == "tle"
    assert result["error"] == "Time Limit Exceeded: 2000 ms of wall time"
    assert result["cpu_usage_percent"] < 50


def test_a_child_that_stays_behind_holds_nobody_up(door: httpx.Client) -> None:
    forking = "import os, time\nif os.fork() == 0: time.sleep(60)\nelse: print(42)"

    result = run(door, "python", forking, timeout=10)

    assert result["status"] == "passed"
    assert result["execution_time_ms"] < 5000


def test_too_much_output_is_a_runtime_error_that_names_the_limit(door: httpx.Client) -> None:
    result = run(door, "python", "print('x' * (2 << 20))")

    assert result["status"] == "runtime_error"
    assert result["error"].startswith("Output Limit Exceeded: 1 MiB")


def test_output_of_any_bytes_can_be_answered(door: httpx.Client) -> None:
    code = "import sys; sys.stdout.buffer.write(bytes(range(256)))"

    result = run(door, "python", code)

    assert result["status"] == "failed"
    assert result["actual_output"].startswith("\N{REPLACEMENT CHARACTER}\x01")


def test_programs_that_look_dangerous_run(door: httpx.Client) -> None:
    code = "import os, sys, subprocess, socket; print(eval('6 * 7'))"

    assert run(door, "python", code)["status"] == "passed"


def test_many_tests_keep_their_order(door: httpx.Client) -> None:
    tests = [
        {"id": f"t{number}", "input": str(number), "expected_output": str(number)}
        for number in range(40)
    ]
    # The earlier the test, the longer it takes.
    code = "import time; n = int(input()); time.sleep((40 - n) / 400); print(n)"

    answer = post(door, "/runall", {"language": "python", "code": code, "test_cases": tests})

    assert answer["summary"]["all_passed"] is True
    shown = [result["actual_output"].strip() for result in answer["test_results"]]
    assert shown == [str(number) for number in range(40)]


@ALIKE
def test_runs_side_by_side_do_not_wait_for_each_other(door: httpx.Client) -> None:
    body = {
        "language": "python",
        "code": TELLING_WHEN,
        "sample_test_cases": [TEST],
    }

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: post(door, "/run", body), range(8)))

    assert all(answer["summary"]["all_passed"] for answer in answers)
    told = [answer["test_results"][0]["error"].split() for answer in answers]
    spans = sorted((float(start), float(end)) for start, end in told)
    assert any(later[0] < earlier[1] for earlier, later in pairwise(spans))


def test_clients_that_go_away_make_room_for_others(door: httpx.Client) -> None:
    body = {
        "language": "python",
        "code": "import time; time.sleep(60)",
        "sample_test_cases": [TEST],
        "timeout": 30,
    }

    def go_away(_: int) -> None:
        with pytest.raises(httpx.ReadTimeout):
            door.post("/run", json=body, timeout=httpx.Timeout(PATIENCE_S, read=1.5))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(go_away, range(4)))
    started_s = time.monotonic()

    assert run(door, "python", "print(42)")["status"] == "passed"
    assert time.monotonic() - started_s < 25


def test_health_and_languages_answer(door: httpx.Client) -> None:
    health = door.get("/health").json()
    languages = door.get("/api/v1/languages").json()

    assert health["status"] == "healthy"
    assert {"service", "version", "replica", "timestamp"} <= set(health)
    assert {language["id"] for language in languages if language["available"]} == set(LANGUAGES)
    assert all(language["version"] for language in languages)
