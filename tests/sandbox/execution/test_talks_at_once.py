"""Many talks at once, and what is left of a talk that nobody wants to hear the end of."""

import asyncio
import gc
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from app.domain.checking import Protocol
from app.engines.sandbox.engine import SandboxEngine
from app.services.interaction import JudgedTalk
from tests.support.patience import until
from tests.support.processes import command_line, descendants
from tests.support.sandbox import Sandbox
from tests.support.talks import (
    BISECTING,
    INTERACTOR,
    TESTLIB_CHECKER,
    TESTLIB_INTERACTOR,
    interactor,
    judge,
)

pytestmark = [pytest.mark.sandbox, pytest.mark.asyncio, pytest.mark.timeout(300)]


@pytest_asyncio.fixture
async def one_lane(sandbox: Sandbox, tmp_path: Path) -> AsyncIterator[Sandbox]:
    engine = SandboxEngine([sandbox.languages.get("python")], tmp_path, lanes=1)
    await engine.start()
    yield Sandbox(engine, sandbox.languages)
    await engine.close()


async def test_one_lane_is_enough_for_many_talks_at_once(one_lane: Sandbox) -> None:
    judging = interactor(one_lane, INTERACTOR)
    checking = interactor(one_lane, TESTLIB_CHECKER, protocol=Protocol.TESTLIB)
    writing = interactor(one_lane, TESTLIB_INTERACTOR, protocol=Protocol.TESTLIB)

    answers = await asyncio.gather(
        *(judge(one_lane, BISECTING["python"], judging, 3, 500) for _ in range(4)),
        *(judge(one_lane, "input(); print(9)", writing, 9, checker=checking) for _ in range(4)),
        *(one_lane.run("python", "print(42)") for _ in range(4)),
    )

    talks = [talk for answer in answers if isinstance(answer, list) for talk in answer]
    assert len(talks) == 12
    assert all(talk.outcome.is_accepted for talk in talks)


async def begin_slow_talk(sandbox: Sandbox) -> asyncio.Task[list[JudgedTalk]]:
    """Have two programs that wait; they run when this returns."""
    slow = "import time; time.sleep(60)"
    task = asyncio.create_task(
        judge(sandbox, slow, interactor(sandbox, slow, wall_time_ms=60_000), wall_time_ms=60_000)
    )
    while len(_programs()) < 2:
        assert not task.done()
        await asyncio.sleep(0.01)
    return task


async def test_giving_up_a_talk_ends_both_sides(one_lane: Sandbox) -> None:
    task = await begin_slow_talk(one_lane)

    task.cancel()
    await asyncio.gather(task, return_exceptions=True)

    assert not _programs()
    assert (await one_lane.run("python", "print('next')")).stdout == b"next\n"


async def test_closing_the_engine_ends_a_talk(one_lane: Sandbox) -> None:
    task = await begin_slow_talk(one_lane)

    await one_lane.engine.close()

    assert isinstance((await asyncio.gather(task, return_exceptions=True))[0], Exception)
    assert not _programs()


async def test_no_descriptor_is_left_open(sandbox: Sandbox) -> None:
    judging = interactor(sandbox, INTERACTOR)

    async def talk_often() -> None:
        await judge(sandbox, BISECTING["python"], judging, *range(1, 11))
        await judge(sandbox, "pass", judging, *range(1, 11))

    await talk_often()
    gc.collect()  # what other tests have left is not closed meanwhile
    before = _open_descriptors()
    await talk_often()

    async def is_none_left() -> bool:
        return _open_descriptors() <= before

    await until(is_none_left)


def _open_descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def _programs() -> set[int]:
    return {pid for pid in descendants(os.getpid()) if "/box/main.py" in command_line(pid)}
