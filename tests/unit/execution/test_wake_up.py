import asyncio

import pytest

from app.services.wake_up import WakeUp

pytestmark = pytest.mark.asyncio


async def test_a_ring_lets_one_go_on_and_no_other() -> None:
    bell = WakeUp()
    waiting = [asyncio.create_task(bell.wait(at_most_s=0.1)) for _ in range(3)]
    await asyncio.sleep(0)

    bell.ring()

    assert sorted(await asyncio.gather(*waiting)) == [False, False, True]


async def test_a_ring_that_nobody_waited_for_is_heard_later_and_once() -> None:
    bell = WakeUp()

    bell.ring()

    assert await bell.wait(at_most_s=10) is True
    assert await bell.wait(at_most_s=0.01) is False


async def test_a_ring_is_not_lost_on_one_who_is_cancelled() -> None:
    bell = WakeUp()
    leaving = asyncio.create_task(bell.wait(at_most_s=10))
    await asyncio.sleep(0)

    leaving.cancel()
    bell.ring()

    assert await bell.wait(at_most_s=10) is True
