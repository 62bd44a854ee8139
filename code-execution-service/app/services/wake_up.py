"""How one part of the process tells another that there is work, without polling."""

import asyncio


class WakeUp:
    """A bell: whoever waits goes on when it rings, or when the time is up."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def ring(self) -> None:
        """Wake everybody who waits, and the next one who would."""
        self._event.set()

    def listen(self) -> None:
        """Forget rings so far; call it *before* looking for work, so that none is missed."""
        self._event.clear()

    async def wait(self, *, at_most_s: float) -> None:
        """Return at the next ring since `listen`, or when the time is up."""
        try:
            async with asyncio.timeout(at_most_s):
                await self._event.wait()
        except TimeoutError:
            return
