import pytest

from app.domain.runs import RunStatus
from tests.support.sandbox import Sandbox

pytestmark = [pytest.mark.sandbox, pytest.mark.asyncio, pytest.mark.timeout(300)]

LATE_MS = 1_000
"""So much later a busy host may let the keeper look."""
BURN_TOGETHER = """
import os
for _ in range(4):
    if os.fork() == 0:
        while True: pass
while True: os.wait()
"""
BURN_UNACCOUNTED = """
import os, signal, time
signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # their time is added to nobody's by wait()
while True:
    if os.fork() == 0:
        end = time.process_time() + 0.05
        while time.process_time() < end: pass
        os._exit(0)
    try: os.wait()
    except ChildProcessError: pass
"""


async def test_an_endless_loop_is_stopped_at_its_cpu_limit(either_sandbox: Sandbox) -> None:
    run = await either_sandbox.run("python", "while True: pass", cpu_time_ms=500)

    assert run.status is RunStatus.TIME_LIMIT
    assert (run.exit_code, run.signal) == (None, 9)
    assert 500 <= run.usage.cpu_time_ms < 500 + LATE_MS


async def test_processes_share_one_cpu_limit(either_sandbox: Sandbox) -> None:
    run = await either_sandbox.run("python", BURN_TOGETHER, cpu_time_ms=600)

    assert run.status is RunStatus.TIME_LIMIT
    assert 600 <= run.usage.cpu_time_ms < 600 + LATE_MS


async def test_cpu_time_of_children_that_nobody_waits_for_counts(either_sandbox: Sandbox) -> None:
    run = await either_sandbox.run("python", BURN_UNACCOUNTED, cpu_time_ms=400)

    assert run.status is RunStatus.TIME_LIMIT


async def test_cpu_time_beyond_the_limit_counts_even_if_the_program_ends_by_itself(
    either_sandbox: Sandbox,
) -> None:
    source = "import time\nwhile time.process_time() < 0.1: pass\nimport os; os._exit(0)"

    run = await either_sandbox.run("python", source, cpu_time_ms=99)

    assert run.status is RunStatus.TIME_LIMIT


async def test_sleeping_costs_no_cpu_time(either_sandbox: Sandbox) -> None:
    run = await either_sandbox.run("python", "import time; time.sleep(0.5)")

    assert run.status is RunStatus.OK
    assert run.usage.cpu_time_ms < 500
    assert run.usage.wall_time_ms >= 500
