"""How one part of the process tells another that there is work, without polling."""

import asyncio
from typing import Protocol


class Bell(Protocol):
    """What is rung when a submission has come; who judges it may wait in another process."""

    @property
    def waiting(self) -> int:
        """How many of this process wait whom no ring has been for yet."""
        ...

    def ring(self) -> None:
        """Let one go on; neither waits nor fails."""
        ...


class WakeUp:
    """A bell: each ring lets one of those who wait go on, or the next one who comes to wait.

    One, as each ring stands for one piece of work: whoever looks for it in vain still costs a
    transaction.
    """

    def __init__(self) -> None:
        self._rings = asyncio.Semaphore(0)
        self._waiters = 0
        self._unheard_rings = 0

    @property
    def waiting(self) -> int:
        """How many wait whom no ring has been for yet."""
        return max(0, self._waiters - self._unheard_rings)

    def ring(self) -> None:
        """Let one go on."""
        self._unheard_rings += 1
        self._rings.release()

    async def wait(self, *, at_most_s: float) -> bool:
        """Return true for a ring that nobody else has heard, false when the time is up."""
        self._waiters += 1
        try:
            async with asyncio.timeout(at_most_s):
                await self._rings.acquire()
                self._unheard_rings -= 1
                return True
        except TimeoutError:
            return False
        finally:
            self._waiters -= 1
