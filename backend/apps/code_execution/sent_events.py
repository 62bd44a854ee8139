"""Events that the execution service sends, as it tells of them itself."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeVar

from apps.code_execution.documents import Reader, ResultError
from apps.code_execution.domain import INT32_MAX, REFERENCE_CHARS_MAX

BODY_CHARS_MAX = 20_000
OUTCOME_CHARS_MAX = 2048
NAME_CHARS_MAX = 64
ITEMS_MAX = 200
COUNT_MAX = 1_000_000
T = TypeVar("T")


class EventStatus(StrEnum):
    """Where an event is in its life; `failed` means that nobody tries again by itself."""

    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"


class DisabledFor(StrEnum):
    """Why nothing is sent: we answered 410, or every delivery has failed for days."""

    GONE = "gone"
    FAILING = "failing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One attempt to deliver an event; `status_code` is `None` when no answer came."""

    attempted_at: datetime
    duration_ms: int
    status_code: int | None
    outcome: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SentEvent:
    """An event; `execution_id` is the submission's id there, `reference` our id of it.

    `attempts` counts since it was made, or was last asked to be sent again. Only one event by
    itself comes with a body, cut to what is shown, and with its attempts, the newest first.
    """

    id: int
    webhook_id: str
    type: str
    execution_id: int
    reference: str | None
    request_id: str | None
    status: EventStatus
    attempts: int
    created_at: datetime
    next_attempt_at: datetime | None
    delivered_at: datetime | None
    last_delivery: Attempt | None
    body: str
    deliveries: tuple[Attempt, ...]

    @property
    def submission_id(self) -> int | None:
        """Our id of the submission, if the reference is one."""
        reference = self.reference or ""
        return int(reference) if reference.isascii() and reference.isdigit() else None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiverState:
    """Whether we are sent events, and how many wait or were given up, as far as it counts."""

    is_enabled: bool
    disabled_at: datetime | None
    disabled_for: DisabledFor | None
    failing_since: datetime | None
    pending: int
    failed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Resent:
    """How many events are sent again, and whether there may be more to ask for."""

    resent: int
    has_more: bool


def parse_event(document: object) -> SentEvent:
    """Read an event; keys that are not known are ignored.

    Raises:
        ResultError: A key is missing, or a value has the wrong type or is out of bounds.
    """
    given = _object(document, "an event")
    reader = Reader(given)
    last = given.get("last_delivery")
    return SentEvent(
        id=reader.get_integer("id", minimum=1),
        webhook_id=reader.get_text("webhook_id", NAME_CHARS_MAX),
        type=reader.get_text("type", NAME_CHARS_MAX),
        execution_id=reader.get_integer("submission_id", minimum=1),
        reference=reader.find_text("reference", REFERENCE_CHARS_MAX),
        request_id=reader.find_text("request_id", NAME_CHARS_MAX),
        status=EventStatus(reader.get_choice("status", tuple(EventStatus))),
        attempts=reader.get_integer("attempts", minimum=0, maximum=INT32_MAX),
        created_at=reader.get_time("created_at"),
        next_attempt_at=reader.find_time("next_attempt_at"),
        delivered_at=reader.find_time("delivered_at"),
        last_delivery=None if last is None else _attempt(last),
        body=reader.find_text("body", BODY_CHARS_MAX) or "",
        deliveries=_items(given.get("deliveries") or [], _attempt),
    )


def parse_events(document: object) -> tuple[SentEvent, ...]:
    """Read a list of events.

    Raises:
        ResultError: It is none.
    """
    return _items(document, parse_event)


def parse_receiver(document: object) -> ReceiverState:
    """Read the state of the receiver.

    Raises:
        ResultError: A key is missing, or a value has the wrong type or is out of bounds.
    """
    given = _object(document, "a receiver")
    reader = Reader(given)
    reason = None
    if given.get("disabled_for") is not None:
        reason = DisabledFor(reader.get_choice("disabled_for", tuple(DisabledFor)))
    return ReceiverState(
        is_enabled=reader.get_boolean("is_enabled"),
        disabled_at=reader.find_time("disabled_at"),
        disabled_for=reason,
        failing_since=reader.find_time("failing_since"),
        pending=reader.get_integer("pending", minimum=0, maximum=COUNT_MAX),
        failed=reader.get_integer("failed", minimum=0, maximum=COUNT_MAX),
    )


def parse_resent(document: object) -> Resent:
    """Read how many are sent again.

    Raises:
        ResultError: A key is missing, or a value has the wrong type or is out of bounds.
    """
    reader = Reader(_object(document, "an answer"))
    return Resent(
        resent=reader.get_integer("resent", minimum=0, maximum=COUNT_MAX),
        has_more=reader.get_boolean("has_more"),
    )


def _attempt(document: object) -> Attempt:
    reader = Reader(_object(document, "an attempt"))
    return Attempt(
        attempted_at=reader.get_time("attempted_at"),
        duration_ms=reader.get_integer("duration_ms", minimum=0),
        status_code=reader.find_integer("status_code", minimum=0, maximum=INT32_MAX),
        outcome=reader.get_text("outcome", OUTCOME_CHARS_MAX),
    )


def _object(document: object, what: str) -> Mapping[str, Any]:
    if not isinstance(document, Mapping):
        raise ResultError(f"{what} is an object")
    return document


def _items(document: object, parse: Callable[[object], T]) -> tuple[T, ...]:
    if not isinstance(document, list) or len(document) > ITEMS_MAX:
        raise ResultError(f"it is not a list of at most {ITEMS_MAX}")
    return tuple(parse(each) for each in document)
