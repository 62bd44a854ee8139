"""Keeping what was claimed for as long as one works on it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from app.services.wake_up import WakeUp


class LeaseLostError(Exception):
    """The lease ran out, or was taken away, and somebody else may work on it by now."""


@asynccontextmanager
async def kept_lease(
    extend: Callable[[], Awaitable[bool]], *, every_s: float
) -> AsyncIterator[None]:
    """Extend a lease while the block runs; `extend` says whether it is still ours.

    Raises:
        LeaseLostError: it is not, and the block was cancelled.
        CancelledError: somebody else cancelled the block.
    """
    block = asyncio.current_task()
    assert block is not None  # noqa: S101  # we are inside a coroutine
    is_over = WakeUp()
    is_running, is_lost = True, False

    async def keep() -> None:
        nonlocal is_lost
        while not is_lost:
            await is_over.wait(at_most_s=every_s)
            if not is_running:
                return
            is_lost = not await extend()
        if is_running:  # else the block has just ended, and whoever stores its result sees the loss
            block.cancel()

    keeper = asyncio.create_task(keep())
    try:
        yield
    except asyncio.CancelledError:
        if is_lost and block.uncancel() == 0:
            raise LeaseLostError from None
        raise
    finally:
        # Not cancelled: it may be inside a transaction.
        is_running = False
        is_over.ring()
        await asyncio.wait([keeper])
