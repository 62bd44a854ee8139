"""Outgoing events, attempts to deliver them, and the receiver, on the wire."""

from typing import Annotated, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from app.domain.retries import DisabledFor
from app.models import EventStatus
from app.repositories.events import SETTLED, EventFilter
from app.schemas.submissions import MAX_ID, Instant
from app.services.deliveries import SENT_AGAIN_MAX, EventDetails, ListedEvent
from app.services.receiver import COUNTED_MAX, ReceiverState

SHOWN_BODY_CHARACTERS = 20_000

EventId = Annotated[int, Field(ge=1, le=MAX_ID)]


class EventQuery(BaseModel):
    """Which events to list."""

    status: EventStatus | None = None
    submission_id: int | None = Field(default=None, ge=1, le=MAX_ID)
    created_from: AwareDatetime | None = None
    created_until: AwareDatetime | None = None
    before: EventId | None = Field(
        default=None, description="Only older ones: the id of the last one of the page before."
    )
    limit: int = Field(default=50, ge=1, le=100)

    def to_filter(self) -> EventFilter:
        """Return what the service works with."""
        return EventFilter(
            status=self.status,
            submission_id=self.submission_id,
            created_from=self.created_from,
            created_until=self.created_until,
        )


class ResendIn(BaseModel):
    """Which events to send again: these, or all that were given up or delivered."""

    ids: list[EventId] | None = Field(default=None, min_length=1, max_length=SENT_AGAIN_MAX)
    status: EventStatus | None = Field(
        default=None, description="`failed` or `delivered`; where no `ids` are given."
    )
    created_from: AwareDatetime | None = None
    created_until: AwareDatetime | None = None

    @model_validator(mode="after")
    def _name_some(self) -> Self:
        if (self.ids is None) == (self.status is None):
            raise ValueError("give ids, or a status of failed or delivered")
        if self.status is not None and self.status not in SETTLED:
            raise ValueError("status is failed or delivered; what is pending is sent anyway")
        return self

    def to_filter(self) -> EventFilter:
        """Return what the service works with."""
        return EventFilter(
            ids=self.ids,
            status=self.status,
            created_from=self.created_from,
            created_until=self.created_until,
        )


class ResentOut(BaseModel):
    """How many events are sent again."""

    resent: int
    has_more: bool = Field(
        description=f"There may be more than the {SENT_AGAIN_MAX} of one call: call again."
    )

    @classmethod
    def of(cls, count: int) -> Self:
        """Show the count."""
        return cls(resent=count, has_more=count == SENT_AGAIN_MAX)


class DeliveryOut(BaseModel):
    """One attempt."""

    model_config = ConfigDict(from_attributes=True)

    attempted_at: Instant
    duration_ms: int
    status_code: int | None = Field(description="Null: no answer came.")
    outcome: str = Field(description="How the answer began, or why there was none.")


class EventOut(BaseModel):
    """An event without its body."""

    id: int
    webhook_id: str = Field(description="The header `webhook-id` of every attempt.")
    type: str
    submission_id: int
    reference: str | None = Field(description="What the caller calls the submission.")
    request_id: str | None = Field(description="Of the request that the submission came with.")
    status: EventStatus
    attempts: int = Field(description="Since it was made, or was last asked to be sent again.")
    created_at: Instant
    next_attempt_at: Instant | None = Field(description="Null unless it is pending.")
    delivered_at: Instant | None
    last_delivery: DeliveryOut | None

    @classmethod
    def of(cls, listed: ListedEvent) -> Self:
        """Show an event from a list."""
        return cls.model_validate(_fields(listed))


class EventDetailOut(EventOut):
    """An event with its body and attempts."""

    body: str = Field(description=f"The first {SHOWN_BODY_CHARACTERS} characters.")
    body_characters: int
    deliveries: list[DeliveryOut] = Field(description="The newest first, at most 200.")

    @classmethod
    def of_details(cls, details: EventDetails) -> Self:
        """Show an event with everything."""
        body = details.listed.event.body
        return cls.model_validate({
            **_fields(details.listed),
            "body": body[:SHOWN_BODY_CHARACTERS],
            "body_characters": len(body),
            "deliveries": [DeliveryOut.model_validate(each) for each in details.deliveries],
        })


class ReceiverOut(BaseModel):
    """Whether the backend is sent events; while it is disabled they are kept."""

    is_enabled: bool
    disabled_at: Instant | None
    disabled_for: DisabledFor | None = Field(
        description="`gone`: it answered 410. `failing`: nothing but failures for five days."
    )
    failing_since: Instant | None = Field(description="Noted at most once an hour.")
    pending: int = Field(description=f"Events that wait to be sent; counted up to {COUNTED_MAX}.")
    failed: int = Field(description=f"Events that were given up; counted up to {COUNTED_MAX}.")

    @classmethod
    def of(cls, state: ReceiverState) -> Self:
        """Show what is known."""
        receiver = state.receiver
        return cls(
            is_enabled=receiver.disabled_at is None,
            disabled_at=receiver.disabled_at,
            disabled_for=receiver.disabled_for,
            failing_since=receiver.failing_since,
            pending=state.pending,
            failed=state.failed,
        )


def _fields(listed: ListedEvent) -> dict[str, object]:
    event = listed.event
    own = ("id", "webhook_id", "type", "submission_id", "request_id", "status", "attempts")
    times = ("created_at", "delivered_at")
    last = listed.last_delivery
    return {
        **{name: getattr(event, name) for name in own + times},
        "next_attempt_at": event.next_attempt_at if event.status == EventStatus.PENDING else None,
        "reference": listed.reference,
        "last_delivery": DeliveryOut.model_validate(last) if last else None,
    }
