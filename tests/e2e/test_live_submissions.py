"""Submissions as they change, watched at one replica of the backend while another one works."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from tests.e2e.stack import FINAL_STATUSES, Person, Stack

pytestmark = [pytest.mark.e2e, pytest.mark.sandbox]
WATCH_S = 90
TESTS = 6
TRIES = 5
SLOW = "import time; time.sleep(0.5); print(sum(map(int, input().split())))"
STREAM = "/api/code-execution/submissions/events"
Events = Iterator[dict[str, Any]]


@pytest.fixture(scope="module")
def problem(bob: Person) -> dict[str, int]:
    """A problem with enough tests to be watched: what a submission to it must name."""
    case = {"input": "1 2\n", "expected_output": "3\n", "is_sample": True}
    problem = bob.post(
        "/api/code-execution/problems/",
        {
            "title": "Slow sum",
            "statement": "Add.",
            "time_limit_ms": 10_000,
            "test_cases": [case] * TESTS,
        },
    )
    contest = bob.post(
        "/api/code-execution/contests/",
        {"title": "Slow cup", "problems": [{"problem": problem["id"], "order": 1, "points": 1}]},
    )
    return {"contest": contest["id"], "problem": problem["id"]}


@pytest.fixture
def replica_url(request: pytest.FixtureRequest, stack: Stack) -> Iterator[str]:
    """The backend once more; containers have nginx's address for all there are."""
    if request.config.option.in_containers:
        yield stack.backend_url
        return
    yield stack.start_replica()
    stack.end_replica()


def watch(url: str, person: Person, last_id: str = "") -> ClientConnection:
    token = person.http.headers["Authorization"].removeprefix("Bearer ")
    known = f"&last_event_id={last_id}" if last_id else ""
    address = url.replace("http", "ws", 1)
    return connect(f"{address}{STREAM}?token={token}{known}", proxy=None)


def events(socket: ClientConnection) -> Events:
    while True:
        message = json.loads(socket.recv(WATCH_S))
        if message["type"] != "heartbeat":
            yield message


def states_of(submission_id: int, told: Events) -> Iterator[dict[str, Any]]:
    """Give what is told of one submission, up to its end."""
    for event in told:
        for state in event["data"]["results"]:
            if state["id"] == submission_id:
                yield {**state, "event_id": event["id"]}
                if state["status"] in FINAL_STATUSES:
                    return


def test_one_replica_tells_what_another_one_took_in_and_how_its_tests_go(
    replica_url: str, alice: Person, problem: dict[str, int]
) -> None:
    with watch(replica_url, alice) as socket:
        told = events(socket)
        next(told)
        for _ in range(TRIES):
            number = alice.submit(language="python", code=SLOW, **problem)
            states = list(states_of(number, told))
            counts = [each["progress"]["tests_done"] for each in states if each["progress"]]
            if len(set(counts)) > 1:
                break  # otherwise the host was so busy that only the newest was told

    assert states[0]["status"] in {"pending", "running"}
    assert states[-1]["verdict"] == "AC"
    assert len(set(counts)) > 1
    assert counts == sorted(counts)


@pytest.mark.only_processes("processes are ended")
def test_who_watches_at_a_replica_that_is_killed_is_told_the_rest_elsewhere(
    stack: Stack, replica_url: str, alice: Person, problem: dict[str, int]
) -> None:
    with watch(replica_url, alice) as socket:
        told = events(socket)
        next(told)
        number = alice.submit(language="python", code=SLOW, **problem)
        known = next(states_of(number, told))["event_id"]
        stack.kill("replica")
        with pytest.raises(ConnectionClosed):
            list(told)
    with watch(stack.backend_url, alice, known) as socket:
        states = list(states_of(number, events(socket)))

    assert states[-1]["verdict"] == "AC"


@pytest.mark.only_processes("processes are ended")
def test_a_server_that_stops_asks_its_watchers_to_come_back(
    stack: Stack, replica_url: str, alice: Person
) -> None:
    with watch(replica_url, alice) as socket:
        next(events(socket))
        stack.stop("replica")
        with pytest.raises(ConnectionClosed) as closed:
            socket.recv(WATCH_S)

    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1012
    assert "Traceback" not in stack.log("replica")
