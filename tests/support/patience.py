"""How long to wait for what must come; waiting ends when it comes, so only faults take long."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

PATIENCE_S = 120.0
"""More than any step takes on a machine that has much else to do."""

T = TypeVar("T")


async def until(ask: Callable[[], Awaitable[T]]) -> T:
    """Ask until the answer is one that counts as true; give it."""
    async with asyncio.timeout(PATIENCE_S):
        while not (answer := await ask()):  # noqa: ASYNC110 - what is asked has no event for it
            await asyncio.sleep(0.02)
    return answer
