"""Where tickets from outside meet the judges of this process."""

import asyncio
from collections import deque

from app import metrics
from app.services.wake_up import WakeUp

SWEEPERS = 4
"""So many seats share the looking for what no ticket came for."""


class TicketDesk:
    """Keeps each ticket until a judge has come back from what it went for."""

    def __init__(self) -> None:
        self.bell = WakeUp()
        self._waiting: deque[asyncio.Future[bool]] = deque()
        self._held: set[asyncio.Future[bool]] = set()
        self._is_closed = False

    async def hand_in(self) -> bool:
        """Return true when a judge has served the ticket, false when none will."""
        if self._is_closed:
            return False
        ticket: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        metrics.ticket_taken()
        self._held.add(ticket)
        self._waiting.append(ticket)
        self.bell.ring()
        try:
            return await ticket
        finally:
            self._held.discard(ticket)

    def take(self) -> asyncio.Future[bool] | None:
        """Give a judge a ticket; there is none where the bell was rung for something else."""
        return self._waiting.popleft() if self._waiting else None

    def close(self) -> None:
        """Give back all tickets: the judges have gone."""
        self._is_closed = True
        for ticket in self._held:
            if not ticket.done():
                ticket.set_result(False)


class Seat:
    """The bell of one judge at the desk; whoever waits here has done with the ticket before."""

    def __init__(self, desk: TicketDesk, *, seats: int) -> None:
        self._desk = desk
        self._patience = min(seats, SWEEPERS)
        self._ticket: asyncio.Future[bool] | None = None

    def ring(self) -> None:
        """Let a judge at the desk look up without a ticket."""
        self._desk.bell.ring()

    async def wait(self, *, at_most_s: float) -> bool:
        """Return true for a ticket, false when it is time to look for what has none."""
        if self._ticket is not None and not self._ticket.done():
            self._ticket.set_result(True)
        self._ticket = None
        is_rung = await self._desk.bell.wait(at_most_s=at_most_s * self._patience)
        if is_rung:
            self._ticket = self._desk.take()
        return is_rung
