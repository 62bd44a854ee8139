"""Events that this process has just stored and delivers at once, without looking for them first."""

from collections import deque
from datetime import datetime, timedelta

from app.models import Event
from app.services.wake_up import WakeUp

LEASE = timedelta(seconds=30)
"""Longer than an attempt can take; if this process dies in one, another tries again after it."""
ATTEMPT_MAX = timedelta(seconds=15)
KEPT_MAX = 64


class FreshEvents:
    """Hands events from the judges to the delivery loops; the table has them as claimed.

    Should this process die, their lease runs out like any other.
    """

    def __init__(self) -> None:
        self.bell = WakeUp()
        self.is_held = True
        """Whether new events stay in the table, as the receiver is disabled or nobody has looked.

        Whoever claims an event from the table has, and says so here.
        """
        self._events: deque[Event] = deque()

    def claim(self, event: Event, *, now: datetime) -> None:
        """Mark an event that is about to be stored; left as it is, any loop may look for it."""
        if not self.is_held and len(self._events) < KEPT_MAX:
            event.next_attempt_at = now + LEASE
            event.attempts = 1

    def put(self, event: Event) -> None:
        """Have an event delivered that has been stored."""
        if event.attempts:
            self._events.append(event)
        self.bell.ring()

    def take(self, *, now: datetime) -> Event | None:
        """Give an event whose lease lasts for an attempt; others are due for everybody by then."""
        while self._events:
            event = self._events.popleft()
            if event.next_attempt_at - now > ATTEMPT_MAX:
                return event
        return None
