from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.execution_stack import ExecutionStack, running_alone, running_replicas
from tests.e2e.stack import Person, Stack, running_stack
from tests.support.servers import ServerMissingError

# What is checked there tells what differs, as tests do.
pytest.register_assert_rewrite("tests.e2e.contest_checks", "tests.e2e.contest_play")


@pytest.fixture(scope="session")
def set_up_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Set up once what every stack starts from: nothing in a start takes longer than migrating."""
    folder = tmp_path_factory.mktemp("set-up")
    Stack(folder).set_up()
    return folder


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory, set_up_folder: Path) -> Iterator[Stack]:
    with running_stack(tmp_path_factory.mktemp("stack"), set_up_folder) as stack:
        yield stack


@pytest.fixture(scope="module")
def bob(stack: Stack) -> Person:
    """The manager."""
    return Person(stack, "bob", "bobs-long-password").sign_in()


@pytest.fixture(scope="module")
def alice(stack: Stack) -> Person:
    """A participant."""
    return Person(stack, "alice", "alices-long-password").register().sign_in()


@pytest.fixture(scope="module")
def problem(bob: Person) -> dict[str, int]:
    """The sum of two numbers, in a contest that is running: what a submission to it must name."""
    return add_numbers(bob, time_limit_ms=1_000)


@pytest.fixture(scope="module")
def patient_problem(bob: Person) -> dict[str, int]:
    """The same with so much time that on a busy host, too, memory runs out first."""
    return add_numbers(bob, time_limit_ms=10_000)


def add_numbers(bob: Person, *, time_limit_ms: int) -> dict[str, int]:
    cases: list[dict[str, Any]] = [
        {"input": "1 2\n", "expected_output": "3\n", "is_sample": True},
        {"input": "20 22\n", "expected_output": "42\n", "is_sample": False},
    ]
    problem = bob.post(
        "/api/code-execution/problems/",
        {
            "title": "Sum",
            "statement": "Add two numbers.",
            "time_limit_ms": time_limit_ms,
            "memory_limit_bytes": 128 * 1024 * 1024,
            "test_cases": cases,
        },
    )
    contest = bob.post(
        "/api/code-execution/contests/",
        {"title": "Cup", "problems": [{"problem": problem["id"], "order": 1, "points": 100}]},
    )
    return {"contest": contest["id"], "problem": problem["id"]}


@pytest.fixture(scope="session")
def alone(
    tmp_path_factory: pytest.TempPathFactory, set_up_folder: Path
) -> Iterator[ExecutionStack]:
    """One execution service that keeps executions in its memory, behind the front door."""
    with running_alone(tmp_path_factory.mktemp("alone"), set_up_folder) as stack:
        yield stack


@pytest.fixture(scope="session")
def replicas(
    tmp_path_factory: pytest.TempPathFactory, set_up_folder: Path
) -> Iterator[ExecutionStack]:
    """Two that share a Redis; who takes something away brings it back."""
    try:
        with running_replicas(tmp_path_factory.mktemp("replicas"), set_up_folder) as stack:
            yield stack
    except ServerMissingError as missing:
        pytest.skip(f"not run: {missing}")
