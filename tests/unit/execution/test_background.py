import asyncio
from collections.abc import Awaitable, Callable

import pytest

from app import background
from app.background import _Looks, _side_by_side, _work
from app.services.stop import Stop
from app.services.wake_up import WakeUp

pytestmark = pytest.mark.asyncio
SWEEP_S = 0.05
SWEEPS = 6
LOOPS = 4


@pytest.fixture(autouse=True)
def quick_sweeps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(background, "SWEEP_S", SWEEP_S)


async def work_side_by_side(
    do_next: Callable[[], Awaitable[bool]], *, during_s: float, bell: WakeUp
) -> None:
    stop = Stop()
    loops = [asyncio.create_task(loop) for loop in _side_by_side(do_next, [bell] * LOOPS, stop)]
    await asyncio.sleep(during_s)
    stop.set()
    for _ in loops:
        bell.ring()
    await asyncio.gather(*loops)


async def test_one_look_in_vain_is_enough_for_all_loops() -> None:
    looks = 0

    async def find_nothing() -> bool:
        nonlocal looks
        looks += 1
        await asyncio.sleep(0)
        return False

    await work_side_by_side(find_nothing, during_s=SWEEPS * SWEEP_S, bell=WakeUp())

    # A look at the beginning and one at the end may be everybody's.
    assert looks <= 2 * LOOPS + 2 * SWEEPS


async def test_where_one_has_found_work_all_look() -> None:
    under_way = most_under_way = 0

    async def find_work() -> bool:
        nonlocal under_way, most_under_way
        under_way += 1
        most_under_way = max(most_under_way, under_way)
        await asyncio.sleep(SWEEP_S)
        under_way -= 1
        return True

    await work_side_by_side(find_work, during_s=SWEEPS * SWEEP_S, bell=WakeUp())

    assert most_under_way == LOOPS


async def test_a_ring_is_never_left_to_others() -> None:
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
    await asyncio.wait_for(done.wait(), SWEEP_S / 2)
    stop.set()
    bell.ring()
    await loop
