"""Deliveries of results to this backend: looked at, and sent again, at the execution service."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from apps.audit.services import record
from apps.code_execution.client import ServiceUnavailableError, get_client
from apps.code_execution.documents import ResultError
from apps.code_execution.domain import INT64_MAX
from apps.code_execution.models import CodeSubmission, Delivery
from apps.code_execution.sent_events import (
    EventStatus,
    ReceiverState,
    Resent,
    SentEvent,
    parse_event,
    parse_events,
    parse_receiver,
    parse_resent,
)
from apps.core.errors import ExecutionServiceAwayError, NotFoundError
from apps.users.models import User

TIMEOUT_S = 5.0
RESEND_TIMEOUT_S = 10.0
PAGE_MAX = 100
CHOSEN_MAX = 1000
RESENDABLE = (EventStatus.FAILED, EventStatus.DELIVERED)
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class EventQuery:
    """Which events to list: those that fit all that is given, older than the one `before`."""

    status: EventStatus | None = None
    submission_id: int | None = None
    created_from: datetime | None = None
    created_until: datetime | None = None
    before: int | None = None
    limit: int = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class EventPage:
    """Events, the newest first; `before` is what to ask for to get the next page, if there is."""

    events: Sequence[SentEvent]
    before: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Which events to send again: these, or all that were given up or delivered, in a time."""

    ids: Sequence[int] = ()
    status: EventStatus | None = None
    created_from: datetime | None = None
    created_until: datetime | None = None


def list_events(wanted: EventQuery) -> EventPage:
    """Give a page of events; none for a submission that was never handed over.

    Raises:
        ExecutionServiceAwayError: The execution service does not answer as it should.
    """
    query = {"limit": str(wanted.limit), **_times(wanted.created_from, wanted.created_until)}
    if wanted.status is not None:
        query["status"] = wanted.status.value
    if wanted.before is not None:
        query["before"] = str(wanted.before)
    if wanted.submission_id is not None:
        execution_id = _execution_id_of(wanted.submission_id)
        if execution_id is None:
            return EventPage(events=(), before=None)
        query["submission_id"] = str(execution_id)
    events = _ask(lambda: get_client().list_events(query, timeout_s=TIMEOUT_S), parse_events)
    is_full = len(events) == wanted.limit
    return EventPage(events=events, before=events[-1].id if is_full else None)


def find_event(event_id: int) -> SentEvent:
    """Give an event with its attempts.

    Raises:
        NotFoundError: The execution service has none of that id.
        ExecutionServiceAwayError: It does not answer as it should.
    """
    return _ask(lambda: _found(get_client().find_event(event_id, timeout_s=TIMEOUT_S)), parse_event)


def resend_event(event_id: int, *, actor: User) -> SentEvent:
    """Have an event sent again, whatever became of it.

    Raises:
        NotFoundError: The execution service has none of that id.
        ExecutionServiceAwayError: It does not answer as it should.
    """
    _expect_id(event_id)
    event = _ask(
        lambda: _found(get_client().resend_event(event_id, timeout_s=TIMEOUT_S)), parse_event
    )
    record(
        actor=actor,
        act="delivery.resend",
        of=Delivery(pk=event_id),
        after={"submission": event.submission_id, "status": event.status},
    )
    return event


def resend_events(choice: Choice, *, actor: User) -> Resent:
    """Have events sent again, the oldest first, as many as one call may.

    Raises:
        ExecutionServiceAwayError: The execution service does not answer as it should.
    """
    wanted: dict[str, object] = {**_times(choice.created_from, choice.created_until)}
    if choice.ids:
        wanted["ids"] = list(choice.ids)
    if choice.status is not None:
        wanted["status"] = choice.status.value
    resent = _ask(
        lambda: get_client().resend_events(wanted, timeout_s=RESEND_TIMEOUT_S), parse_resent
    )
    record(
        actor=actor,
        act="delivery.resend",
        of=Delivery(pk=0),
        after={**wanted, "resent": resent.resent},
    )
    return resent


def receiver() -> ReceiverState:
    """Say whether results are sent here.

    Raises:
        ExecutionServiceAwayError: The execution service does not answer as it should.
    """
    return _ask(lambda: get_client().receiver(timeout_s=TIMEOUT_S), parse_receiver)


def enable_receiver(*, actor: User) -> ReceiverState:
    """Have results sent here again, and all that waits.

    Raises:
        ExecutionServiceAwayError: The execution service does not answer as it should.
    """
    state = _ask(lambda: get_client().enable_receiver(timeout_s=RESEND_TIMEOUT_S), parse_receiver)
    record(
        actor=actor,
        act="delivery.enable",
        of=Delivery(pk=0),
        after={"is_enabled": state.is_enabled, "pending": state.pending},
    )
    return state


def _ask(call: Callable[[], object], parse: Callable[[object], T]) -> T:
    try:
        return parse(call())
    except ServiceUnavailableError as error:
        raise ExecutionServiceAwayError(
            f"The execution service can't be asked now: {error}"
        ) from error
    except ResultError as error:
        raise ExecutionServiceAwayError(
            f"The execution service's answer can't be read: {error}; is it of another version?"
        ) from error


def _found(document: object | None) -> object:
    if document is None:
        raise NotFoundError
    return document


def _expect_id(event_id: int) -> None:
    if not 1 <= event_id <= INT64_MAX:
        raise NotFoundError


def _times(created_from: datetime | None, created_until: datetime | None) -> dict[str, str]:
    given = {"created_from": created_from, "created_until": created_until}
    return {name: moment.isoformat() for name, moment in given.items() if moment is not None}


def _execution_id_of(submission_id: int) -> int | None:
    rows = CodeSubmission.objects.filter(pk=submission_id)
    return rows.values_list("microservice_submission_id", flat=True).first()
