import asyncio

import pytest

from app.services.wake_up import WakeUp

pytestmark = pytest.mark.asyncio


async def test_a_ring_lets_one_go_on_and_no_other() -> None:
    bell = WakeUp()
    waiting = [asyncio.create_task(bell.wait(at_most_s=60)) for _ in range(3)]
    await asyncio.sleep(0)

    bell.ring()
    done, others = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    await asyncio.sleep(0.01)  # in which another one could go on

    assert [each.result() for each in done] == [True]
    assert not any(each.done() for each in others)
    for each in others:
        each.cancel()


async def test_who_is_not_rung_for_does_not_wait_for_ever() -> None:
    assert await WakeUp().wait(at_most_s=0.01) is False


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
