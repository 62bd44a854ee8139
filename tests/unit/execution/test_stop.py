import asyncio

import pytest

from app.services.stop import Stop, StoppedError

pytestmark = pytest.mark.asyncio


async def answer_after(seconds: float) -> int:
    await asyncio.sleep(seconds)
    return 42


async def test_what_ends_soon_after_a_stop_still_gives_its_result() -> None:
    stop = Stop(drain_s=60)
    work = asyncio.create_task(stop.unless_soon(answer_after(0.02)))
    await asyncio.sleep(0)
    stop.set()

    assert await work == 42


async def test_what_does_not_end_soon_after_a_stop_is_cancelled() -> None:
    stop = Stop(drain_s=0.02)
    work = asyncio.create_task(stop.unless_soon(answer_after(60)))
    await asyncio.sleep(0)
    stop.set()

    with pytest.raises(StoppedError):
        await work


async def test_what_can_wait_is_cancelled_by_a_stop_at_once() -> None:
    stop = Stop(drain_s=60)
    work = asyncio.create_task(stop.unless(answer_after(60)))
    await asyncio.sleep(0)
    stop.set()

    with pytest.raises(StoppedError):
        await work


async def test_what_begins_after_a_stop_has_only_the_time_that_is_left() -> None:
    long, stop = Stop(drain_s=60), Stop(drain_s=0.05)
    long.set()
    stop.set()

    assert await long.unless_soon(answer_after(0)) == 42
    with pytest.raises(StoppedError):
        await stop.unless_soon(answer_after(60))
    assert stop.is_over
    with pytest.raises(StoppedError):
        await stop.unless_soon(answer_after(0.001))


async def test_nothing_is_over_before_a_stop_and_its_time() -> None:
    stop = Stop(drain_s=60)
    assert not stop.is_over

    stop.set()

    assert not stop.is_over
