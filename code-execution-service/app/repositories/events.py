"""Outgoing events in the database."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, delete, func, not_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import defer

from app.models import Delivery, Event, EventStatus, Submission
from app.repositories.receivers import receiver_is_disabled
from app.repositories.rows import Change, addition, write_together

SETTLED = (EventStatus.DELIVERED, EventStatus.FAILED)


class EventGoneError(Exception):
    """The event that was to be changed does not exist any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventFilter:
    """Which events are meant: those that fit all that is given."""

    ids: Collection[int] | None = None
    status: EventStatus | None = None
    submission_id: int | None = None
    created_from: datetime | None = None
    created_until: datetime | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        """Put it in SQL."""
        given: list[ColumnElement[bool]] = []
        if self.ids is not None:
            given.append(Event.id.in_(self.ids))
        if self.status is not None:
            given.append(Event.status == self.status)
        if self.submission_id is not None:
            given.append(Event.submission_id == self.submission_id)
        if self.created_from is not None:
            given.append(Event.created_at >= self.created_from)
        if self.created_until is not None:
            given.append(Event.created_at < self.created_until)
        return given


class EventRepository:
    """Reads and writes events and deliveries."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def claim_due(self, *, now: datetime, lease_ends_at: datetime) -> Event | None:
        """Take the event that has been due longest and keep others off it until the lease ends.

        None is while the receiver is disabled.
        """
        due = (
            select(Event.id)
            .where(
                Event.status == EventStatus.PENDING,
                Event.next_attempt_at <= now,
                not_(receiver_is_disabled()),
            )
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

    async def note_attempt(
        self,
        delivery: Delivery,
        submission_id: int,
        *,
        of_event: Mapping[str, object],
        of_submission: Mapping[str, object],
    ) -> None:
        """Store an attempt, with what it changes of its event and of the submission.

        Raises:
            EventGoneError: the event was deleted meanwhile.
        """
        try:
            await write_together(
                self._session,
                Change(Event, of_event, delivery.event_id),
                addition(delivery),
                Change(Submission, of_submission, submission_id),
            )
        except IntegrityError as error:
            raise EventGoneError from error

    async def find(self, event_id: int) -> Event | None:
        """Return the event, if it exists."""
        return await self._session.get(Event, event_id)

    async def list(
        self, wanted: EventFilter, *, before_id: int | None, limit: int
    ) -> Sequence[Event]:
        """Return events without their bodies, the newest first."""
        query = (
            select(Event)
            .where(*wanted.conditions())
            .order_by(Event.id.desc())
            .limit(limit)
            .options(defer(Event.body, raiseload=True))
        )
        if before_id is not None:
            query = query.where(Event.id < before_id)
        return (await self._session.scalars(query)).all()

    async def references(self, submission_ids: Collection[int]) -> dict[int, str | None]:
        """Return what their callers call the submissions."""
        query = select(Submission.id, Submission.reference).where(Submission.id.in_(submission_ids))
        return {row.id: row.reference for row in await self._session.execute(query)}

    async def last_deliveries(self, event_ids: Collection[int]) -> dict[int, Delivery]:
        """Return the newest attempt of each event that there was one of."""
        newest = (
            select(func.max(Delivery.id))
            .where(Delivery.event_id.in_(event_ids))
            .group_by(Delivery.event_id)
        )
        rows = await self._session.scalars(select(Delivery).where(Delivery.id.in_(newest)))
        return {row.event_id: row for row in rows}

    async def deliveries(self, event_id: int, *, limit: int) -> Sequence[Delivery]:
        """Return the newest attempts of an event, the newest first."""
        query = (
            select(Delivery)
            .where(Delivery.event_id == event_id)
            .order_by(Delivery.id.desc())
            .limit(limit)
        )
        return (await self._session.scalars(query)).all()

    async def send_again(self, wanted: EventFilter, *, now: datetime, limit: int) -> int:
        """Make events due as if they were new, the oldest first; tell how many."""
        chosen = select(Event.id).where(*wanted.conditions()).order_by(Event.id).limit(limit)
        changed = await self._session.scalars(
            update(Event)
            .where(Event.id.in_(chosen.scalar_subquery()))
            .values(status=EventStatus.PENDING, attempts=0, next_attempt_at=now, tried_since=now)
            .returning(Event.id)
            .execution_options(synchronize_session=False)
        )
        return len(changed.all())

    async def make_due(self, *, now: datetime) -> None:
        """Make all that wait due as if they were new."""
        await self._session.execute(
            update(Event)
            .where(Event.status == EventStatus.PENDING)
            .values(attempts=0, next_attempt_at=now, tried_since=now)
            .execution_options(synchronize_session=False)
        )

    async def count(self, status: EventStatus, *, at_most: int) -> int:
        """Count the events of a status, no further than to a limit."""
        some = select(Event.id).where(Event.status == status).limit(at_most).subquery()
        return await self._session.scalar(select(func.count()).select_from(some)) or 0

    async def has_delivered_since(self, moment: datetime) -> bool:
        """Tell whether the receiver has acknowledged anything since then."""
        query = select(Event.id).where(
            Event.status == EventStatus.DELIVERED,
            Event.next_attempt_at >= moment,  # by the index, and never before `delivered_at`
            Event.delivered_at >= moment,
        )
        return await self._session.scalar(query.limit(1)) is not None

    async def delete_settled(self, *, before: datetime, limit: int) -> int:
        """Delete events whose last attempt was before then, with their attempts; tell how many."""
        old = (
            select(Event.id)
            .where(Event.status.in_(SETTLED), Event.next_attempt_at < before)
            .limit(limit)
            .scalar_subquery()
        )
        deleted = await self._session.scalars(
            delete(Event)
            .where(Event.id.in_(old))
            .returning(Event.id)
            .execution_options(synchronize_session=False)
        )
        return len(deleted.all())
