"""The whole engine on a cgroup v2 host; run under User-Mode Linux by `test_user_mode_linux.py`.

Limits of time are wide: a kernel that is a process has its slow moments.
"""

import asyncio
from collections.abc import Iterator
from dataclasses import replace

import pytest

from app.domain.limits import MIB, Limits, wall_time_ms_for
from app.domain.runs import RunResult, RunStatus
from app.engines.sandbox.cgroups import CgroupVersion, find_cgroups
from app.engines.sandbox.engine import SandboxEngine
from app.languages import LanguageRegistry, load_languages
from tests.support.cgroup_commands import BURN_UNSEEN
from tests.support.sandbox import Sandbox

pytestmark = [pytest.mark.sandbox, pytest.mark.asyncio, pytest.mark.timeout(300)]

LIMITS = Limits(
    cpu_time_ms=20_000,
    wall_time_ms=wall_time_ms_for(20_000),
    memory_bytes=32 * MIB,
    output_bytes=64 * 1024,
    file_bytes=4 * MIB,
    processes=8,
)
TOUCH_IN_CHILDREN = """
import os, time
for _ in range(4):
    if os.fork() == 0:
        data = b"x" * (20 << 20)
        time.sleep(60)
        os._exit(0)
os.wait()
"""
TOUCH_SHARED = "import mmap; mmap.mmap(-1, 64 << 20).write(bytes(64 << 20))"
FORK = """
import os, time
try:
    for _ in range(20):
        if os.fork() == 0: time.sleep(10)
except BlockingIOError:
    print("refused")
"""


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    languages = LanguageRegistry([load_languages().get("python")])
    engine = SandboxEngine(languages.languages, tmp_path_factory.mktemp("engine"))
    asyncio.run(engine.start())
    yield Sandbox(engine, languages)
    asyncio.run(engine.close())


async def run(sandbox: Sandbox, source: str, **limits: int) -> RunResult:
    program = replace(sandbox.program("python", source), limits=replace(LIMITS, **limits))
    *_, last = [result async for result in sandbox.engine.execute(program, [b""])]
    assert isinstance(last, RunResult), last
    return last


async def test_this_is_a_cgroup_v2_host() -> None:
    cgroups = find_cgroups()
    cgroups.close()

    assert cgroups.support.version is CgroupVersion.V2
    assert cgroups.support.controllers == ("memory", "pids", "cpu")


@pytest.mark.parametrize(
    "source",
    ["data = bytearray(b'x' * (64 << 20))", TOUCH_IN_CHILDREN, TOUCH_SHARED],
    ids=["one process", "its children", "shared memory"],
)
async def test_memory_beyond_the_limit_is_no_guess(sandbox: Sandbox, source: str) -> None:
    greedy = await run(sandbox, source)
    modest = await run(sandbox, "print('fine')")

    assert (greedy.status, greedy.is_guess) == (RunStatus.MEMORY_LIMIT, False)
    assert (modest.status, modest.stdout) == (RunStatus.OK, b"fine\n")


async def test_refused_processes_are_told(sandbox: Sandbox) -> None:
    forking = await run(sandbox, FORK)
    modest = await run(sandbox, "print('fine')")

    assert forking.stdout == b"refused\n"
    assert forking.were_processes_refused
    assert not modest.were_processes_refused


async def test_cpu_time_of_children_that_nobody_waits_for_counts(sandbox: Sandbox) -> None:
    burning = await run(sandbox, BURN_UNSEEN)

    assert burning.status is RunStatus.OK
    assert burning.usage.cpu_time_ms >= 1_000


async def test_cpu_time_beyond_the_limit_ends_the_program(sandbox: Sandbox) -> None:
    endless = await run(
        sandbox, BURN_UNSEEN.replace("< 1", "< 60"), cpu_time_ms=1_000, wall_time_ms=60_000
    )

    assert endless.status is RunStatus.TIME_LIMIT
    assert endless.usage.wall_time_ms < 30_000
