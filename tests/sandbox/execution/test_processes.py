import pytest

from app.domain.runs import RunStatus
from tests.support.sandbox import Sandbox

pytestmark = [pytest.mark.sandbox, pytest.mark.asyncio, pytest.mark.timeout(300)]

FORK_BOMB = """
#include <unistd.h>
int main(void) { for (;;) fork(); }
"""
COUNT_FORKS = """
import os, time
count = 1
try:
    while True:
        if os.fork() == 0: time.sleep(60); os._exit(0)
        count += 1
except BlockingIOError:
    print(count, flush=True)
"""
LEAVE_A_DAEMON = """
import os, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        time.sleep(60)
    os._exit(0)
print("parent ends")
"""
SEE_OTHERS = """
import os
seen = {int(name) for name in os.listdir("/proc") if name.isdigit()}
print(seen - {os.getpid()})
"""


async def test_a_fork_bomb_is_contained(either_sandbox: Sandbox) -> None:
    run = await either_sandbox.run("c", FORK_BOMB, cpu_time_ms=500, wall_time_ms=3_000)

    assert run.status in {RunStatus.TIME_LIMIT, RunStatus.WALL_LIMIT}


async def test_a_program_may_have_as_many_processes_as_its_limit_says(
    either_sandbox: Sandbox,
) -> None:
    run = await either_sandbox.run("python", COUNT_FORKS, processes=10)

    assert run.stdout == b"10\n"


async def test_a_refused_process_is_told_where_a_cgroup_counts(sandbox: Sandbox) -> None:
    if "pids" not in sandbox.engine.cgroup_support.controllers:
        pytest.skip("this host's cgroups count no processes")

    modest = await sandbox.run("python", "print(42)", processes=10)
    greedy = await sandbox.run("python", COUNT_FORKS, processes=10)

    assert not modest.were_processes_refused
    assert greedy.were_processes_refused


async def test_a_process_left_behind_delays_nothing_and_dies(either_sandbox: Sandbox) -> None:
    _, (first, second) = await either_sandbox.execute("python", LEAVE_A_DAEMON, b"", b"")

    assert (first.status, first.stdout) == (RunStatus.OK, b"parent ends\n")
    assert first.usage.wall_time_ms < 5_000  # of its 30 s
    assert second.status is RunStatus.OK


async def test_a_program_sees_its_own_processes_only(either_sandbox: Sandbox) -> None:
    run = await either_sandbox.run("python", SEE_OTHERS)

    assert run.stdout == b"set()\n"


async def test_the_exit_code_is_told(either_sandbox: Sandbox) -> None:
    run = await either_sandbox.run("python", "import sys; sys.exit(3)")

    assert (run.status, run.exit_code, run.signal) == (RunStatus.NONZERO_EXIT, 3, None)


async def test_the_signal_is_told(either_sandbox: Sandbox) -> None:
    run = await either_sandbox.run("c", "int main(void) { *(volatile int *)0 = 1; }")

    assert (run.status, run.exit_code, run.signal) == (RunStatus.SIGNALED, None, 11)
