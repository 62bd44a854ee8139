"""What is told to stop says so, ends what runs, and goes; clients learn why and come back."""

import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from tests.e2e.execution_stack import EXECUTIONS, ExecutionStack, Runner, guest_token

pytestmark = [pytest.mark.e2e, pytest.mark.only_processes("processes are ended")]
DELAY_S = 4
GRACE_S = 25
"""Less than what containers are given."""
SERVICE_RESTART = 1012
ENDED = -signal.SIGTERM
"""A server that has done all passes on what told it to stop, as shells expect it."""


@pytest.fixture(scope="module")
def stack(
    tmp_path_factory: pytest.TempPathFactory, set_up_folder: Path
) -> Iterator[ExecutionStack]:
    """One execution service behind the front door; both take their time to be seen going."""
    folder = tmp_path_factory.mktemp("stopped")
    settings = {"STOP_DELAY_SECONDS": str(DELAY_S)}
    stack = ExecutionStack(folder, settings, redis=None, replicas=1)
    stack.set_up_like(set_up_folder)
    try:
        stack.start_door()
        yield stack
    finally:
        stack.stop_all()


@pytest.fixture
def started(stack: ExecutionStack) -> ExecutionStack:
    """The stack with all that an earlier test has stopped."""
    for name in ("execution", "backend"):
        if not stack.is_running(name):
            stack.start(name)
    stack.wait_until_ready()
    return stack


def stopping(stack: ExecutionStack, name: str, ready_url: str) -> tuple[httpx.Response, int, float]:
    """Stop a process; give what it says meanwhile, its exit code, and the seconds it took."""
    with ThreadPoolExecutor() as pool, httpx.Client() as client:
        client.get(ready_url)
        started_s = time.monotonic()
        stopped = pool.submit(stack.stop, name)
        while (answer := client.get(ready_url)).is_success:
            assert time.monotonic() < started_s + DELAY_S, "it says that it is ready"
        return answer, stopped.result(), time.monotonic() - started_s


def test_the_execution_service_says_that_it_stops_and_answers_what_it_has_begun(
    started: ExecutionStack,
) -> None:
    body: dict[str, Any] = {
        "language": "python",
        "code": "import time; time.sleep(3); print(42)",
        "sample_test_cases": [{"id": "first", "input": "", "expected_output": "42"}],
    }
    with ThreadPoolExecutor() as pool:
        running = pool.submit(httpx.post, f"{started.execution_url}/run", json=body, timeout=30)
        time.sleep(0.5)
        ready_url = f"{started.execution_url}/health/ready"
        answer, exit_code, took_s = stopping(started, "execution", ready_url)
        run = running.result()

    assert (answer.status_code, answer.json()["status"]) == (503, "not ready: stopping")
    assert run.status_code == 200, run.text
    assert exit_code == ENDED
    assert DELAY_S <= took_s < GRACE_S


def receive_all(socket: ClientConnection) -> None:
    while True:
        socket.recv()


def test_the_backend_says_that_it_stops(started: ExecutionStack) -> None:
    ready_url = f"{started.backend_url}/api/health/ready/"
    answer, exit_code, took_s = stopping(started, "backend", ready_url)

    assert (answer.status_code, answer.json()["detail"]) == (503, "not ready: stopping")
    assert exit_code == ENDED
    assert DELAY_S <= took_s < GRACE_S


def test_who_watches_is_told_to_come_back(started: ExecutionStack) -> None:
    guest = Runner(started.backend_url, guest_token(started))
    execution_id = guest.start("import time; time.sleep(60)")
    guest.wait_for(execution_id, "running")
    token = guest.http.headers["Authorization"].removeprefix("Bearer ")
    url = f"{started.execution_url.replace('http', 'ws', 1)}{EXECUTIONS}/ws/{execution_id}"

    with connect(f"{url}?token={token}") as socket, ThreadPoolExecutor() as pool:
        stopped = pool.submit(started.stop, "execution")
        with pytest.raises(ConnectionClosed):
            receive_all(socket)
        stopped.result()
        guest.http.close()

        assert socket.close_code == SERVICE_RESTART
