"""Outgoing events in the database."""

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.models import Delivery, Event, EventStatus
from app.repositories.rows import insert_row, update_row


class EventRepository:
    """Reads and writes events and deliveries."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(self, event: Event) -> None:
        """Store an event that is to be delivered and give it its id."""
        event.id = await insert_row(self._session, event)

    async def claim_due(self, *, now: datetime, lease_ends_at: datetime) -> Event | None:
        """Take the event that has been due longest and keep others off it until the lease ends."""
        due = (
            select(Event.id)
            .where(Event.status == EventStatus.PENDING, Event.next_attempt_at <= now)
            .order_by(Event.next_attempt_at)
            .limit(1)
            .with_for_update(skip_locked=True)
            .scalar_subquery()
        )
        claim = (
            update(Event)
            .where(Event.id == due)
            .values(next_attempt_at=lease_ends_at, attempts=Event.attempts + 1)
            .returning(Event)
        )
        return await self._session.scalar(claim)

    async def release(self, event_id: int, *, now: datetime) -> None:
        """Make a claimed event due again, unless it has been settled."""
        await self._session.execute(
            update(Event)
            .where(Event.id == event_id, Event.status == EventStatus.PENDING)
            .values(next_attempt_at=now)
        )

    async def add_delivery(self, delivery: Delivery) -> None:
        """Store one attempt."""
        delivery.id = await insert_row(self._session, delivery)

    async def change(self, event_id: int, **values: object) -> bool:
        """Change columns of the event; false when it does not exist."""
        return await update_row(self._session, Event, event_id, **values)
