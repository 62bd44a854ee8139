"""Many tests of one submission, and many submissions, on few lanes."""

import asyncio
import os
import time
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path

import pytest
import pytest_asyncio

from app.domain.runs import RunResult, RunStatus
from app.engines.sandbox.engine import SandboxEngine
from app.engines.sandbox.runs import RUNS_AHEAD
from app.errors import EngineUnavailableError
from tests.support.processes import command_line, descendants
from tests.support.sandbox import Sandbox

pytestmark = [pytest.mark.sandbox, pytest.mark.asyncio, pytest.mark.timeout(300)]

ECHO = "import sys, time; text = sys.stdin.read(); time.sleep(float(text)); print(text)"
COUNT_C = """
#include <stdio.h>
int main(void) { int n; scanf("%d", &n); printf("%d\\n", n + 1); }
"""


@pytest_asyncio.fixture
async def three_lanes(sandbox: Sandbox, tmp_path: Path) -> AsyncIterator[Sandbox]:
    engine = SandboxEngine(
        [sandbox.languages.get("python"), sandbox.languages.get("c")], tmp_path, lanes=3
    )
    await engine.start()
    yield Sandbox(engine, sandbox.languages)
    await engine.close()


async def test_results_keep_the_order_of_their_inputs(three_lanes: Sandbox) -> None:
    waits = [0.3, 0.01, 0.2, 0.05, 0.1, 0.02, 0.15]

    _, runs = await three_lanes.execute("python", ECHO, *(str(wait).encode() for wait in waits))

    assert [float(run.stdout) for run in runs] == waits


async def test_runs_overlap_where_lanes_are_free(three_lanes: Sandbox) -> None:
    task = asyncio.create_task(three_lanes.execute("python", ECHO, *[b"30"] * 6))

    await _until_three_run(task)
    await asyncio.sleep(0.2)

    assert len(_programs()) == 3
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_runs_do_not_go_far_ahead_of_who_asks_for_results(three_lanes: Sandbox) -> None:
    """A checker may be slow: its submission must neither fill our memory nor run tests in vain."""
    program = three_lanes.program("python", "import time; print(time.monotonic())")

    async with aclosing(three_lanes.engine.execute(program, [b""] * 3 * RUNS_AHEAD)) as results:
        await anext(results)
        await anext(results)
        await asyncio.sleep(2)
        resumed_at = time.monotonic()
        rest = [float(result.stdout) async for result in results if isinstance(result, RunResult)]

    assert len(rest) == 3 * RUNS_AHEAD - 1
    assert min(rest[RUNS_AHEAD - 1 :]) > resumed_at


async def test_a_lane_that_helps_out_is_given_to_who_waits(three_lanes: Sandbox) -> None:
    """Or a submission of many tests would keep all others waiting until its end."""
    long = asyncio.create_task(three_lanes.execute("python", ECHO, *[b"0.2"] * 1_000))
    await _until_three_run(long)

    shorts = [three_lanes.run("python", "print(42)") for _ in range(4)]
    results = await asyncio.gather(*shorts)

    assert [run.stdout for run in results] == [b"42\n"] * 4
    assert not long.done()
    long.cancel()
    await asyncio.gather(long, return_exceptions=True)


async def test_many_submissions_share_few_lanes(three_lanes: Sandbox) -> None:
    runs = await asyncio.gather(
        *(three_lanes.run("c", COUNT_C, str(number).encode()) for number in range(30))
    )

    assert [int(run.stdout) for run in runs] == list(range(1, 31))


async def test_who_waits_for_a_lane_may_give_up(three_lanes: Sandbox) -> None:
    busy = [asyncio.create_task(three_lanes.run("python", ECHO, b"0.5")) for _ in range(3)]
    await asyncio.sleep(0.2)
    waiting = asyncio.create_task(three_lanes.run("python", "print(42)"))
    await asyncio.sleep(0.05)

    waiting.cancel()

    await asyncio.gather(*busy)
    runs = await asyncio.gather(*(three_lanes.run("python", "print(42)") for _ in range(3)))
    assert [run.status for run in runs] == [RunStatus.OK] * 3


async def test_who_waits_when_the_engine_closes_is_told(three_lanes: Sandbox) -> None:
    busy = [asyncio.create_task(three_lanes.run("python", ECHO, b"10")) for _ in range(3)]
    await asyncio.sleep(0.2)
    waiting = asyncio.create_task(three_lanes.run("python", "print(42)"))
    await asyncio.sleep(0.05)

    await three_lanes.engine.close()

    with pytest.raises(EngineUnavailableError):
        await waiting
    await asyncio.gather(*busy, return_exceptions=True)


async def _until_three_run(task: asyncio.Task[object]) -> None:
    while len(_programs()) < 3:  # no event tells of a new process
        assert not task.done()
        await asyncio.sleep(0.005)


def _programs() -> set[int]:
    return {pid for pid in descendants(os.getpid()) if "/box/main.py" in command_line(pid)}
