import asyncio
from collections.abc import Awaitable, Callable
from types import SimpleNamespace

import pytest

from app import background
from app.background import SWEEP_S, _Looks, _side_by_side, _work
from app.services.stop import Stop
from app.services.wake_up import WakeUp
from tests.support.patience import PATIENCE_S

pytestmark = pytest.mark.asyncio
LOOPS = 4


class Place:
    """Where a loop waits until the test lets it go on."""

    def __init__(self) -> None:
        self.is_waiting = asyncio.Event()
        self._rings: asyncio.Queue[bool] = asyncio.Queue()

    async def wait(self, *, at_most_s: float) -> bool:
        assert at_most_s < 2 * SWEEP_S
        self.is_waiting.set()
        return await self._rings.get()

    def let_go(self, *, is_rung: bool = False) -> None:
        self.is_waiting.clear()
        self._rings.put_nowait(is_rung)

    async def go_on(self, *, is_rung: bool = False) -> None:
        """Let it go on, and return when it waits again."""
        self.let_go(is_rung=is_rung)
        await asyncio.wait_for(self.is_waiting.wait(), PATIENCE_S)


class Loops:
    """Some loops that do the same, at a time that the test tells them."""

    def __init__(self, do_next: Callable[[], Awaitable[bool]]) -> None:
        self.now_s = 0.0
        self.places = [Place() for _ in range(LOOPS)]
        self._stop = Stop()
        loops = _side_by_side(do_next, self.places, self._stop)
        self._tasks = [asyncio.create_task(loop) for loop in loops]

    async def wait(self) -> None:
        """Return when all wait."""
        for each in self.places:
            await asyncio.wait_for(each.is_waiting.wait(), PATIENCE_S)

    async def end(self) -> None:
        self._stop.set()
        for each in self.places:
            each.let_go()
        await asyncio.gather(*self._tasks)


async def test_one_look_in_vain_is_enough_for_all_loops(monkeypatch: pytest.MonkeyPatch) -> None:
    looks = 0

    async def find_nothing() -> bool:
        nonlocal looks
        looks += 1
        return False

    loops = Loops(find_nothing)
    monkeypatch.setattr(background, "time", SimpleNamespace(monotonic=lambda: loops.now_s))
    await loops.wait()
    counts = [looks]
    for _ in range(3):
        loops.now_s += SWEEP_S
        for each in loops.places:
            await each.go_on()
        counts.append(looks)
    await loops.end()

    assert counts == [1, 2, 3, 4]


async def test_where_one_has_found_work_all_look(monkeypatch: pytest.MonkeyPatch) -> None:
    looks = 0
    is_there_work = False

    async def find() -> bool:
        nonlocal looks
        looks += 1
        return is_there_work

    loops = Loops(find)
    monkeypatch.setattr(background, "time", SimpleNamespace(monotonic=lambda: loops.now_s))
    await loops.wait()
    is_there_work = True
    await loops.places[0].go_on(is_rung=True)
    is_there_work, looks = False, 0
    await loops.places[1].go_on()
    await loops.end()

    assert looks == 1


async def test_a_ring_is_never_left_to_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(background, "SWEEP_S", 600)
    done = asyncio.Event()
    bell = WakeUp()

    async def find_nothing_until_rung() -> bool:
        if bell_rang:
            done.set()
        return False

    bell_rang = False
    stop, looks = Stop(), _Looks()
    loop = asyncio.create_task(_work(find_nothing_until_rung, bell, stop, looks))
    await asyncio.sleep(0)
    looks.note(has_found=False)
    bell_rang = True
    bell.ring()
    await asyncio.wait_for(done.wait(), PATIENCE_S)
    stop.set()
    bell.ring()
    await loop
