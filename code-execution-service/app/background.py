"""The loops that judge and deliver inside the web process."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from app.factory import Factory
from app.services.stop import Stop
from app.services.wake_up import WakeUp

logger = logging.getLogger(__name__)

SWEEP_S = 1.0
"""How late work is seen that nobody rings for: leases that ran out, retries that fell due."""
PAUSE_AFTER_FAULT_S = 1.0
DELIVERY_LOOPS = 4


@asynccontextmanager
async def background_loops(factory: Factory, *, judge_workers: int) -> AsyncIterator[None]:
    """Judge and deliver while the block runs; at its end running jobs go back to the queue."""
    stop = factory.stop
    loops = [
        _work(factory.judge().judge_next, factory.fresh_jobs.bell, stop)
        for _ in range(judge_workers)
    ]
    loops += [
        _work(factory.deliveries().deliver_next, factory.fresh_events.bell, stop)
        for _ in range(DELIVERY_LOOPS)
    ]
    loops += [factory.trust.introduce(stop), factory.test_data.sweep(stop)]
    tasks = [asyncio.create_task(loop) for loop in loops]
    try:
        yield
    finally:
        stop.set()
        for _ in loops:
            factory.fresh_jobs.bell.ring()
            factory.fresh_events.bell.ring()
        await asyncio.gather(*tasks)
        await factory.judge().give_back()
        await factory.deliveries().give_back()


async def _work(do_next: Callable[[], Awaitable[bool]], waiting: WakeUp, stop: Stop) -> None:
    is_rung = False
    while not stop.is_set:
        try:
            has_worked = await do_next()
        except Exception:
            # The outermost loop of a worker: one broken piece of work must not end the others.
            logger.exception("a worker's step failed; going on")
            await asyncio.sleep(PAUSE_AFTER_FAULT_S)
            continue
        # Work that was rung for is one piece; where a sweep has found some there may be more.
        if is_rung or not has_worked:
            is_rung = await waiting.wait(at_most_s=SWEEP_S)
