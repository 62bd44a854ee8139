"""Whether the backend takes events: it says so itself (410), or fails for days."""

import logging
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from app.clients.backend import Answer
from app.domain.retries import GONE, DisabledFor, failing_since, is_hopeless
from app.errors import ReceiverDisabledError
from app.models import Event, EventStatus, Receiver
from app.repositories.unit_of_work import Transactions, UnitOfWork
from app.services.fresh_events import FreshEvents

logger = logging.getLogger(__name__)

NOTE_FAILURE_AFTER = timedelta(hours=1)
COUNTED_MAX = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiverState:
    """The receiver, and how many events wait or were given up; counted up to `COUNTED_MAX`."""

    receiver: Receiver
    pending: int
    failed: int


class ReceiverService:
    """Shows the receiver and has events sent to it again."""

    def __init__(self, *, transactions: Transactions, fresh_events: FreshEvents) -> None:
        self._transactions = transactions
        self._fresh_events = fresh_events

    async def state(self) -> ReceiverState:
        """Return what is known."""
        async with self._transactions.read() as work:
            return await _state(work)

    async def enable(self) -> ReceiverState:
        """Send all that waits, at once and for another three days; doing so again does no harm."""
        async with self._transactions.write() as work:
            await work.receivers.enable()
            await work.events.make_due(now=datetime.now(tz=UTC))
            state = await _state(work)
        logger.info("the backend is sent events again")
        self._fresh_events.bell.ring()
        return state

    async def check(self) -> None:
        """Return unless the receiver is disabled.

        Raises:
            ReceiverDisabledError: it is.
            DatabaseUnavailableError: nobody can tell now.
        """
        async with self._transactions.read() as work:
            is_disabled = await work.receivers.is_disabled()
        if is_disabled:
            raise ReceiverDisabledError


async def learn(
    work: UnitOfWork, event: Event, answer: Answer, now: datetime
) -> DisabledFor | None:
    """Note what an answer says of the receiver; tell why it is to be sent nothing more, if so.

    A first attempt that succeeds, as nearly all do, costs nothing.
    """
    if answer.is_success:
        if event.attempts > 1:
            await work.receivers.note_success()
        return None
    if answer.status_code == GONE:
        return await _disable(work, DisabledFor.GONE, now)
    row = await work.receivers.get()
    since = failing_since(since=row.failing_since, last_failure_at=row.failed_at, now=now)
    if is_hopeless(since=since, now=now):
        if not await work.events.has_delivered_since(since):
            return await _disable(work, DisabledFor.FAILING, now)
        since = now
    noted_at = row.failed_at if since == row.failing_since else None
    if noted_at is None or now - noted_at >= NOTE_FAILURE_AFTER:
        await work.receivers.note_failure(since=since, now=now)
    return None


async def _disable(work: UnitOfWork, reason: DisabledFor, now: datetime) -> DisabledFor:
    if await work.receivers.disable(reason, now=now):
        logger.error("%s (%s)", ReceiverDisabledError.title, reason)
    return reason


async def _state(work: UnitOfWork) -> ReceiverState:
    return ReceiverState(
        receiver=await work.receivers.get(),
        pending=await work.events.count(EventStatus.PENDING, at_most=COUNTED_MAX),
        failed=await work.events.count(EventStatus.FAILED, at_most=COUNTED_MAX),
    )
