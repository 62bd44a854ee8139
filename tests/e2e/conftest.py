"""Installations to play on: of processes, or with `--in-containers` the production stack."""

import fcntl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.execution_stack import ExecutionStack, running_alone, running_replicas
from tests.e2e.stack import Installation, Person, Stack, running_stack
from tests.support.browser import browser
from tests.support.servers import ServerMissingError

__all__ = ["browser"]

# What is checked there tells what differs, as tests do.
pytest.register_assert_rewrite("tests.e2e.contest_checks", "tests.e2e.contest_play")

PLAYED_WITHIN_S = 900
"""For a test with the start of its installation, where much else goes on."""
DEPLOYED_WITHIN_S = 1_800
"""For the first test in containers, which builds and starts them."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Give installations their time; leave out, in containers, what is played on processes only."""
    in_containers = config.option.in_containers
    if in_containers:
        left_out = [item for item in items if item.get_closest_marker("only_processes")]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]
    within_s = DEPLOYED_WITHIN_S if in_containers else PLAYED_WITHIN_S
    for item in items:
        if item.get_closest_marker("e2e"):
            item.add_marker(pytest.mark.timeout(within_s))


@pytest.fixture(scope="session")
def set_up_folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Set up what every stack starts from: nothing in a start takes longer than migrating.

    It is done once for all processes of a run.
    """
    is_one_of_several = hasattr(request.config, "workerinput")
    of_the_run = tmp_path_factory.getbasetemp()
    of_the_run = of_the_run.parent if is_one_of_several else of_the_run
    folder = of_the_run / "set-up"
    with (of_the_run / "set-up.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            unfinished = tmp_path_factory.mktemp("set-up")
            Stack(unfinished).set_up()
            unfinished.rename(folder)
    return folder


@pytest.fixture(scope="session")
def usual_stack(tmp_path_factory: pytest.TempPathFactory, set_up_folder: Path) -> Iterator[Stack]:
    """One of processes, for all modules that need no other settings."""
    with running_stack(tmp_path_factory.mktemp("usual"), set_up_folder) as stack:
        yield stack


@pytest.fixture(scope="module")
def stack(request: pytest.FixtureRequest) -> Installation:
    """One where nobody is but bob; who ends a part of it starts that again."""
    if request.config.option.in_containers:
        deployment: Installation = request.getfixturevalue("emptied_deployment")
        return deployment
    usual: Stack = request.getfixturevalue("usual_stack")
    usual.empty()
    return usual


@pytest.fixture(scope="module")
def bob(stack: Installation) -> Person:
    """The manager."""
    return Person(stack, "bob", "bobs-long-password").sign_in()


@pytest.fixture(scope="module")
def alice(stack: Installation) -> Person:
    """A participant."""
    return Person(stack, "alice", "alices-long-password").register()


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


@pytest.fixture(
    scope="module",
    params=[
        pytest.param("alone", marks=pytest.mark.only_processes("containers share a Redis")),
        "replicas",
    ],
)
def door(request: pytest.FixtureRequest) -> ExecutionStack:
    """Where programs are sent that nobody keeps: in memory or in Redis."""
    in_containers = request.config.option.in_containers
    name = "emptied_deployment" if in_containers else request.param
    stack: ExecutionStack = request.getfixturevalue(name)
    return stack
