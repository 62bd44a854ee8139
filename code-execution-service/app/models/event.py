"""Outgoing events and every attempt to deliver them."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.database import Base, Id, UtcDateTime
from app.domain.retries import DisabledFor


class EventStatus(StrEnum):
    """Where an event is in its life; `failed` means that nobody will try again by itself."""

    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"


class Event(Base):
    """Something the backend must learn; `body` is sent byte for byte the same on every attempt."""

    __tablename__ = "events"
    __table_args__ = (Index("ix_events_status_next_attempt_at", "status", "next_attempt_at"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    webhook_id: Mapped[str] = mapped_column(String(64), unique=True)
    type: Mapped[str] = mapped_column(String(64))
    submission_id: Mapped[int] = mapped_column(
        Id, ForeignKey("code_submissions.id", ondelete="CASCADE"), index=True
    )
    body: Mapped[str] = mapped_column(Text)
    request_id: Mapped[str | None] = mapped_column(String(64))
    """The submission's; every attempt carries it."""
    traceparent: Mapped[str | None] = mapped_column(String(64))
    """Where its judging is in a trace; null where there are none."""
    status: Mapped[EventStatus] = mapped_column(String(16), default=EventStatus.PENDING)
    attempts: Mapped[int] = mapped_column(default=0)
    next_attempt_at: Mapped[datetime] = mapped_column(UtcDateTime)
    tried_since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When somebody asked for it to be sent again; null: it is tried since it was made."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    delivered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Delivery(Base):
    """One attempt to deliver an event, as it went."""

    __tablename__ = "deliveries"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    event_id: Mapped[int] = mapped_column(
        Id, ForeignKey("events.id", ondelete="CASCADE"), index=True
    )
    attempted_at: Mapped[datetime] = mapped_column(UtcDateTime)
    duration_ms: Mapped[int]
    status_code: Mapped[int | None]
    outcome: Mapped[str] = mapped_column(Text)


class Receiver(Base):
    """Whether the backend takes events: one row, which a migration makes.

    Failures are noted at most once an hour. A success need not be: that there was one is looked up
    before the receiver is disabled.
    """

    __tablename__ = "receivers"

    name: Mapped[str] = mapped_column(String(32), primary_key=True)
    failing_since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    failed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    disabled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    disabled_for: Mapped[DisabledFor | None] = mapped_column(String(16))
