"""What is taken away while programs run: a replica, Redis, both; nothing hangs, nothing is lost."""

import time
from collections.abc import Iterator
from contextlib import closing

import pytest
from redis import Redis

from tests.e2e.execution_stack import (
    EXECUTIONS,
    FINAL_STATUSES,
    ExecutionStack,
    Runner,
    guest_token,
)

pytestmark = [pytest.mark.e2e, pytest.mark.only_processes("processes are ended")]
SLOW = "import time; time.sleep(2); print(6 * 7)"
NO_HANG_S = 20
AT_ONCE = 6
"""More than both replicas run side by side, so that some wait."""


@pytest.fixture
def guest(replicas: ExecutionStack) -> Iterator[Runner]:
    """A visitor at the front door."""
    runner = Runner(replicas.backend_url, guest_token(replicas))
    with closing(runner.http):
        yield runner


def start_some(guest: Runner) -> list[str]:
    """Start programs, and return when the first of them runs, or has on a busy host."""
    ids = [guest.start(SLOW) for _ in range(AT_ONCE)]
    guest.wait_for(ids[0], "running", *FINAL_STATUSES)
    return ids


def outputs_of(guest: Runner, ids: list[str]) -> list[str]:
    return [guest.wait_for(execution_id, timeout_s=60)["output"] for execution_id in ids]


def test_everything_in_redis_has_an_end(replicas: ExecutionStack, guest: Runner) -> None:
    execution_id = guest.start("print(42)", stream_output=True)
    guest.wait_for(execution_id)
    with closing(Redis.from_url(replicas.redis.url)) as connection:
        keys = connection.keys(f"*{execution_id}*")
        times_s = {key: connection.ttl(key) for key in keys}

    assert f"execution:{execution_id}".encode() in keys
    assert all(3500 < time_s <= 3600 for time_s in times_s.values()), times_s


def test_both_replicas_run_what_either_has_accepted(
    replicas: ExecutionStack, guest: Runner
) -> None:
    ids = [guest.start("while True: pass") for _ in range(4)]  # each replica has two workers

    for execution_id in ids:
        guest.wait_for(execution_id, "running")
    statuses = [guest.see(execution_id).json()["status"] for execution_id in ids]
    for execution_id in ids:
        guest.http.post(f"{EXECUTIONS}/cancel/{execution_id}")

    assert statuses == ["running"] * 4


def test_a_replica_that_is_killed_hands_its_runs_to_the_other(
    replicas: ExecutionStack, guest: Runner
) -> None:
    ids = start_some(guest)
    replicas.kill("execution")
    outputs = outputs_of(guest, ids)
    replicas.start("execution")
    replicas.wait_for_replicas()

    assert outputs == ["42\n"] * AT_ONCE


def test_a_replica_that_is_stopped_gives_its_runs_back(
    replicas: ExecutionStack, guest: Runner
) -> None:
    ids = start_some(guest)
    replicas.stop("execution-2")
    outputs = outputs_of(guest, ids)
    replicas.start("execution-2")
    replicas.wait_for_replicas()

    assert outputs == ["42\n"] * AT_ONCE


def test_a_redis_that_ends_and_comes_back_empty_makes_results_late_and_loses_none(
    replicas: ExecutionStack, guest: Runner
) -> None:
    ids = start_some(guest)
    replicas.redis.kill()
    refused = guest.execute("print(42)")
    time.sleep(2)
    replicas.redis.start()
    outputs = late_outputs_of(guest, ids)

    assert refused.status_code == 503
    assert int(refused.headers["Retry-After"]) >= 1
    assert outputs == ["42\n"] * AT_ONCE
    assert guest.wait_for(guest.start("print(42)"))["output"] == "42\n"


def late_outputs_of(guest: Runner, ids: list[str]) -> list[str]:
    """Ask for results that Redis has forgotten: 404 until they are there again."""
    deadline_s = time.monotonic() + 60
    outputs = []
    for execution_id in ids:
        while guest.see(execution_id).status_code != 200:
            assert time.monotonic() < deadline_s, f"{execution_id} is lost"
            time.sleep(0.05)
        outputs.append(guest.wait_for(execution_id, timeout_s=60)["output"])
    return outputs


def test_a_redis_that_hangs_for_a_while_makes_results_late(
    replicas: ExecutionStack, guest: Runner
) -> None:
    ids = start_some(guest)
    replicas.redis.pause()
    started_s = time.monotonic()
    refused = guest.execute("print(42)")
    took_s = time.monotonic() - started_s
    time.sleep(2)
    replicas.redis.resume()

    assert refused.status_code == 503
    assert took_s < NO_HANG_S
    assert outputs_of(guest, ids) == ["42\n"] * AT_ONCE
