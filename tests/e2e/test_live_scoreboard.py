"""The scoreboard while a contest runs: who watches is told of verdicts, until the server stops."""

import json
import signal
import time
from collections.abc import Iterator

import httpx
import pytest

from tests.e2e.stack import Person, Stack

pytestmark = [pytest.mark.e2e, pytest.mark.sandbox]
STOP_WITHIN_S = 8
"""Less than the grace that open connections have."""
WATCH_S = 90


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


def test_a_verdict_ticks_and_the_board_has_it_and_the_server_still_stops(
    stack: Stack, alice: Person, problem: dict[str, int]
) -> None:
    path = f"/api/code-execution/contests/{problem['contest']}/scoreboard/"
    alice.post(f"/api/code-execution/contests/{problem['contest']}/join/", {})
    with (
        httpx.Client(base_url=stack.backend_url, timeout=WATCH_S) as client,
        client.stream("GET", f"{path}events") as stream,
    ):
        told = events(stream.iter_lines())
        assert json.loads(next(told)["data"])["etag"] == client.head(path).headers["ETag"]
        alice.submit(language="python", code="print(sum(map(int, input().split())))", **problem)

        deadline = time.monotonic() + WATCH_S
        score = 0
        while not score and time.monotonic() < deadline:
            next(told)
            board = client.get(path)
            score = board.json()["rows"][0]["score"]
        known = client.get(path, headers={"If-None-Match": board.headers["ETag"]})
        page = client.get(f"/contests/{problem['contest']}/scoreboard/")

        started = time.monotonic()
        assert stack.stop("backend") in {0, -signal.SIGTERM}
        assert time.monotonic() - started < STOP_WITHIN_S
        list(told)  # ends, and is not cut off

    assert score
    assert known.status_code == 304
    assert "alice" in page.text
