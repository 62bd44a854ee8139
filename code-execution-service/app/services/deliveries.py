"""Outgoing events to look at, and to send again by hand."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from app.errors import DatabaseUnavailableError, EventNotFoundError
from app.models import Delivery, Event
from app.repositories.events import EventFilter
from app.repositories.unit_of_work import Transactions, UnitOfWork
from app.services.fresh_events import FreshEvents
from app.services.stop import Stop

logger = logging.getLogger(__name__)

SHOWN_DELIVERIES_MAX = 200
"""More than three days of attempts are."""
SENT_AGAIN_MAX = 1000
SWEEP_S = 3600.0
DELETED_AT_ONCE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedEvent:
    """An event with its newest attempt; `reference` is what the caller calls the submission."""

    event: Event
    reference: str | None
    last_delivery: Delivery | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EventDetails:
    """An event with its attempts, the newest first; at most `SHOWN_DELIVERIES_MAX`."""

    listed: ListedEvent
    deliveries: Sequence[Delivery]


class DeliveryLog:
    """Finds events and their attempts, and makes them due once more."""

    def __init__(
        self, *, transactions: Transactions, fresh_events: FreshEvents, kept_days: int
    ) -> None:
        self._transactions = transactions
        self._fresh_events = fresh_events
        self._kept = timedelta(days=kept_days)

    async def list(
        self, wanted: EventFilter, *, before_id: int | None, limit: int
    ) -> Sequence[ListedEvent]:
        """Return events without their bodies, the newest first."""
        async with self._transactions.read() as work:
            events = await work.events.list(wanted, before_id=before_id, limit=limit)
            return await _listed(work, events)

    async def get(self, event_id: int) -> EventDetails:
        """Return an event with its attempts.

        Raises:
            EventNotFoundError: there is none with this id.
        """
        async with self._transactions.read() as work:
            return await _details(work, event_id)

    async def send_again(self, event_id: int) -> EventDetails:
        """Make an event due at once, whatever became of it; the receiver knows repetitions.

        Raises:
            EventNotFoundError: there is none with this id.
        """
        now = datetime.now(tz=UTC)
        async with self._transactions.write() as work:
            await work.events.send_again(EventFilter(ids=[event_id]), now=now, limit=1)
            details = await _details(work, event_id)
        self._fresh_events.bell.ring()
        return details

    async def send_all_again(self, wanted: EventFilter) -> int:
        """Make events due at once, the oldest first, at most `SENT_AGAIN_MAX`; tell how many."""
        now = datetime.now(tz=UTC)
        async with self._transactions.write() as work:
            count = await work.events.send_again(wanted, now=now, limit=SENT_AGAIN_MAX)
        self._fresh_events.bell.ring()
        return count

    async def delete_old(self) -> int:
        """Delete what was delivered or given up longer ago than it is kept; tell how many."""
        before = datetime.now(tz=UTC) - self._kept
        total = 0
        while True:
            async with self._transactions.write() as work:
                count = await work.events.delete_settled(before=before, limit=DELETED_AT_ONCE)
            total += count
            if count < DELETED_AT_ONCE:
                return total

    async def sweep(self, stop: Stop) -> None:
        """Delete what is old, again and again, until told to stop."""
        await self._sweep_once()
        while not await stop.comes_within(SWEEP_S):
            await self._sweep_once()

    async def _sweep_once(self) -> None:
        try:
            deleted = await self.delete_old()
        except DatabaseUnavailableError:
            logger.exception("old events could not be deleted")
            return
        if deleted:
            logger.info("deleted %d old events", deleted)


async def _details(work: UnitOfWork, event_id: int) -> EventDetails:
    event = await work.events.find(event_id)
    if event is None:
        raise EventNotFoundError
    (listed,) = await _listed(work, [event])
    deliveries = await work.events.deliveries(event_id, limit=SHOWN_DELIVERIES_MAX)
    return EventDetails(listed=listed, deliveries=deliveries)


async def _listed(work: UnitOfWork, events: Sequence[Event]) -> list[ListedEvent]:
    references = await work.events.references({event.submission_id for event in events})
    last = await work.events.last_deliveries([event.id for event in events])
    return [
        ListedEvent(
            event=event,
            reference=references.get(event.submission_id),
            last_delivery=last.get(event.id),
        )
        for event in events
    ]
