"""What moves while a contest runs: test after test of a submission, and the scoreboard."""

import json
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from tests.e2e.stack import FINAL_STATUSES, Installation, Person, Stack

pytestmark = [pytest.mark.e2e, pytest.mark.sandbox]
STOP_WITHIN_S = 8
"""Less than the grace that open connections have."""
WATCH_S = 90
TESTS = 6
SLOW = "import time; time.sleep(0.5); print(sum(map(int, input().split())))"


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """A board whose stream is open."""

    client: httpx.Client
    path: str
    told: Iterator[dict[str, str]]


def events(lines: Iterator[str]) -> Iterator[dict[str, str]]:
    """Read what a stream tells, without comments."""
    event: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(":")
        if name:
            event[name] = value.strip()
        elif line == "":
            if "event" in event:
                yield event
            event = {}


@pytest.fixture
def slow_problem(bob: Person) -> dict[str, int]:
    """A problem with enough tests to be watched: what a submission to it must name."""
    case = {"input": "1 2\n", "expected_output": "3\n", "is_sample": True}
    problem = bob.post(
        "/api/code-execution/problems/",
        {
            "title": "Slow sum",
            "statement": "Add.",
            "time_limit_ms": 10_000,
            "test_cases": [case for _ in range(TESTS)],
        },
    )
    contest = bob.post(
        "/api/code-execution/contests/",
        {"title": "Slow cup", "problems": [{"problem": problem["id"], "order": 1, "points": 1}]},
    )
    return {"contest": contest["id"], "problem": problem["id"]}


def test_a_submission_shows_test_after_test_until_its_verdict(
    alice: Person, slow_problem: dict[str, int]
) -> None:
    submission = alice.submit(language="python", code=SLOW, **slow_problem)

    states: list[dict[str, Any]] = []
    deadline = time.monotonic() + WATCH_S
    while not states or states[-1]["status"] not in FINAL_STATUSES:
        assert time.monotonic() < deadline
        states.append(alice.see(submission))
        time.sleep(0.02)

    running = [state["progress"] for state in states if state["status"] == "running"]
    tested = [progress for progress in running if progress and progress["stage"] == "testing"]
    counts = [progress["tests_done"] for progress in tested]
    assert {progress["tests_total"] for progress in tested} == {TESTS}
    assert counts == sorted(counts)
    assert len(set(counts)) > 1
    assert (states[-1]["verdict"], states[-1]["progress"]) == ("AC", None)


@pytest.fixture
def watched(stack: Installation, problem: dict[str, int]) -> Iterator[Watched]:
    """The board of the running contest, and what is told of it."""
    path = f"/api/code-execution/contests/{problem['contest']}/scoreboard/"
    with (
        httpx.Client(base_url=stack.backend_url, timeout=WATCH_S) as client,
        client.stream("GET", f"{path}events") as stream,
    ):
        yield Watched(client=client, path=path, told=events(stream.iter_lines()))


def test_a_verdict_ticks_and_the_board_has_it(
    alice: Person, problem: dict[str, int], watched: Watched
) -> None:
    client, path = watched.client, watched.path
    assert json.loads(next(watched.told)["data"])["etag"] == client.head(path).headers["ETag"]
    alice.submit(language="python", code="print(sum(map(int, input().split())))", **problem)

    deadline = time.monotonic() + WATCH_S
    score = 0
    while not score and time.monotonic() < deadline:
        next(watched.told)
        board = client.get(path)
        score = sum(row["score"] for row in board.json()["rows"])
    known = client.get(path, headers={"If-None-Match": board.headers["ETag"]})
    page = client.get(f"/contests/{problem['contest']}/scoreboard/")

    assert score
    assert known.status_code == 304
    assert "alice" in page.text


@pytest.mark.only_processes("processes are ended")
def test_a_server_that_somebody_watches_still_stops(stack: Stack, watched: Watched) -> None:
    next(watched.told)

    started = time.monotonic()
    assert stack.stop("backend") in {0, -signal.SIGTERM}
    assert time.monotonic() - started < STOP_WITHIN_S
    list(watched.told)  # ends, and is not cut off
    stack.start("backend")  # for the tests that come after
    stack.wait_until_ready()
