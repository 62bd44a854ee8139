"""The loops that run, judge and deliver."""

import asyncio
import logging
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from math import inf
from typing import Any, Protocol

from app.factory import Factory
from app.services.stop import Stop

logger = logging.getLogger(__name__)
# Its own: who draws numbers in the same process and wants the same again is not disturbed.
_dice = random.Random()  # noqa: S311  # no secret

SWEEP_S = 1.0
"""How late work is seen that nobody rings for: leases that ran out, retries that fell due."""
PAUSE_AFTER_FAULT_S = 1.0
DELIVERY_LOOPS = 4


@asynccontextmanager
async def background_loops(
    factory: Factory,
    *,
    judge_bells: Sequence["WaitingBell"],
    execution_workers: int,
    is_fed_by_tickets: bool = False,
) -> AsyncIterator[None]:
    """Run, judge and deliver while the block runs; at its end what runs goes back to its queue.

    There is one judge for each bell. With tickets from outside, one who has judged goes on with
    what waits before it takes the next: that is less than a ticket's way here.
    """
    stop = factory.stop
    loops = [factory.accepted_executions.look_after(stop)]
    if factory.can_run:
        runner = factory.execution_runner()
        loops += _side_by_side(runner.run_next, [runner] * execution_workers, stop)
    if factory.has_database:
        loops += _judge_loops(factory, judge_bells, is_fed_by_tickets=is_fed_by_tickets)
        loops += [
            factory.trust.introduce(stop),
            factory.test_data.sweep(stop),
            factory.delivery_log().sweep(stop),
        ]
    tasks = [asyncio.create_task(loop) for loop in loops]
    deliveries = [asyncio.create_task(loop) for loop in _delivery_loops(factory)]
    try:
        yield
    finally:
        stop.set()
        for bell in judge_bells:
            bell.ring()
        await asyncio.gather(*tasks)
        factory.stop_delivering.set()
        for _ in deliveries:
            factory.fresh_events.bell.ring()
        await asyncio.gather(*deliveries)
        if factory.has_database:
            await _leave_to_others(factory)


async def _leave_to_others(factory: Factory) -> None:
    """Give back what nobody here ends any more; without a database its leases run out instead."""
    try:
        await factory.judge().give_back()
        await factory.deliveries().deliver_rest()
    except Exception:
        # The process ends all the same, and gives back whatever else it has.
        logger.exception("not all could be given back; others take it when its leases run out")


def _judge_loops(
    factory: Factory, bells: Sequence["WaitingBell"], *, is_fed_by_tickets: bool
) -> list[Coroutine[Any, Any, None]]:
    if not (factory.can_run and bells):
        return []
    judge, stop = factory.judge(), factory.stop
    judges = _side_by_side(judge.judge_all if is_fed_by_tickets else judge.judge_next, bells, stop)
    return [*judges, factory.judge_workers.take_part(stop, lanes=len(bells))]


def _delivery_loops(factory: Factory) -> list[Coroutine[Any, Any, None]]:
    if not factory.has_database:
        return []
    bells = [factory.fresh_events.bell] * DELIVERY_LOOPS
    return _side_by_side(factory.deliveries().deliver_next, bells, factory.stop_delivering)


class Waiting(Protocol):
    """Where a loop waits for work."""

    async def wait(self, *, at_most_s: float) -> bool:
        """Return true for a ring, false when the time is up."""
        ...


class WaitingBell(Waiting, Protocol):
    """Where a judge waits until it is rung for."""

    def ring(self) -> None:
        """Let one judge look up."""
        ...


def _side_by_side(
    do_next: Callable[[], Awaitable[bool]],
    places: Sequence["Waiting"],
    stop: Stop,
) -> list[Coroutine[Any, Any, None]]:
    """Make a loop for each place to wait at."""
    looks = _Looks()
    return [_work(do_next, waiting, stop, looks) for waiting in places]


class _Looks:
    """What loops that do the same have seen: where one has just found nothing, the others wait."""

    def __init__(self) -> None:
        self._found_nothing_at_s = -inf

    @property
    def are_due(self) -> bool:
        return time.monotonic() - self._found_nothing_at_s >= SWEEP_S / 2

    def note(self, *, has_found: bool) -> None:
        self._found_nothing_at_s = -inf if has_found else time.monotonic()


async def _work(
    do_next: Callable[[], Awaitable[bool]],
    waiting: Waiting,
    stop: Stop,
    looks: _Looks,
) -> None:
    is_rung = False
    while not stop.is_set:
        try:
            has_worked = False
            if is_rung or looks.are_due:
                has_worked = await do_next()
                looks.note(has_found=has_worked)
        except Exception:
            # The outermost loop of a worker: one broken piece of work must not end the others.
            logger.exception("a worker's step failed; going on")
            await asyncio.sleep(PAUSE_AFTER_FAULT_S)
            continue
        # Work that was rung for is one piece; where a sweep has found some there may be more.
        if not has_worked or is_rung:
            # Never in step with others that began at the same moment.
            pause_s = SWEEP_S * _dice.uniform(0.75, 1.25)
            is_rung = await waiting.wait(at_most_s=pause_s)
