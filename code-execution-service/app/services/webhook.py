"""Delivering outgoing events until the backend has acknowledged them."""

import logging
import random
import time
from datetime import UTC, datetime

from app import metrics, tracing
from app.clients.backend import Answer, BackendClient
from app.domain.retries import GONE, asked_pause, is_worth_a_retry, next_pause
from app.logs.context import bound
from app.models import Delivery, Event, EventStatus
from app.repositories.events import EventGoneError
from app.repositories.unit_of_work import Transactions
from app.services import receiver
from app.services.fresh_events import LEASE, FreshEvents
from app.services.stop import Stop, StoppedError

logger = logging.getLogger(__name__)
# Its own: who draws numbers in the same process and wants the same again is not disturbed.
_dice = random.Random()  # noqa: S311  # spreads attempts, keeps no secret


class DeliveryService:
    """Delivers one due event after the other; every attempt is kept as a row."""

    def __init__(
        self,
        *,
        transactions: Transactions,
        backend: BackendClient,
        fresh_events: FreshEvents,
        stop: Stop,
    ) -> None:
        self._transactions = transactions
        self._backend = backend
        self._fresh_events = fresh_events
        self._stop = stop

    async def deliver_next(self) -> bool:
        """Try to deliver the event that has been due longest; false when none is due.

        An attempt that a stop leaves no time for makes the event due at once for another process.
        """
        started_at = datetime.now(tz=UTC)
        if self._fresh_events.is_held:
            await self.give_back()
        event = self._fresh_events.take(now=started_at) or await self._claim(started_at)
        if event is None:
            return False
        try:
            with (
                bound(request_id=event.request_id, webhook_id=event.webhook_id),
                tracing.delivering(
                    told=event.traceparent,
                    request_id=event.request_id,
                    webhook_id=event.webhook_id,
                    attempt=event.attempts,
                ),
            ):
                await self._attempt(event, started_at)
        except StoppedError:
            await self._release(event)
        return True

    async def deliver_rest(self) -> None:
        """Deliver what is due while a stop leaves time, then make the rest due for another process.

        Results that came with the stop are told by it: after it there may be no process for long.
        """
        while not self._stop.is_over and await self.deliver_next():
            pass
        await self.give_back()

    async def give_back(self) -> None:
        """Make fresh events that nobody has tried due for another process."""
        while (event := self._fresh_events.take(now=datetime.now(tz=UTC))) is not None:
            await self._release(event)

    async def _claim(self, now: datetime) -> Event | None:
        async with self._transactions.write() as work:
            event = await work.events.claim_due(now=now, lease_ends_at=now + LEASE)
            if self._fresh_events.is_held:
                is_held = event is None and await work.receivers.is_disabled()
                self._fresh_events.is_held = is_held
        return event

    async def _attempt(self, event: Event, started_at: datetime) -> None:
        start_s = time.monotonic()
        answer = await self._stop.unless_soon(
            self._backend.deliver(event.body, webhook_id=event.webhook_id)
        )
        duration_ms = round((time.monotonic() - start_s) * 1000)
        metrics.delivery_ended(outcome=_outcome(answer), seconds=duration_ms / 1000)
        tracing.note(outcome=_outcome(answer), status=answer.status_code)
        delivery = Delivery(
            event_id=event.id,
            attempted_at=started_at,
            duration_ms=duration_ms,
            status_code=answer.status_code,
            outcome=answer.text,
        )
        facts = {"attempt": event.attempts, "status": answer.status_code}
        level = logging.INFO if answer.is_success else logging.WARNING
        logger.log(level, "event sent", extra={"facts": facts | {"duration_ms": duration_ms}})
        await self._record(event, delivery, answer)

    async def _release(self, event: Event) -> None:
        async with self._transactions.write() as work:
            await work.events.release(event.id, now=datetime.now(tz=UTC))

    async def _record(self, event: Event, delivery: Delivery, answer: Answer) -> None:
        now = datetime.now(tz=UTC)
        changes = _changes(event, answer, now)
        # Most say nothing new of the receiver, so that there is one thing to write.
        is_plain = answer.is_success and event.attempts == 1
        opened = self._transactions.write_at_once if is_plain else self._transactions.write
        try:
            async with opened() as work:
                await work.events.note_attempt(
                    delivery,
                    event.submission_id,
                    of_event=changes,
                    of_submission={
                        "webhook_sent": answer.is_success,
                        "webhook_response": _summary(answer),
                    },
                )
                disabled_for = await receiver.learn(work, event, answer, now)
        except EventGoneError:
            return  # with its submission, while it was on its way
        if disabled_for:
            self._fresh_events.is_held = True
        if changes.get("status") == EventStatus.FAILED:
            logger.error(
                "event %s of submission %d failed for good: %s",
                event.webhook_id,
                event.submission_id,
                _summary(answer),
            )


def _changes(event: Event, answer: Answer, now: datetime) -> dict[str, object]:
    """Give the columns that an attempt with this answer changes."""
    if answer.is_success:
        return {"status": EventStatus.DELIVERED, "delivered_at": now}
    if answer.status_code == GONE:
        return {"next_attempt_at": now}  # which is when the receiver is enabled
    pause = next_pause(
        attempts=event.attempts,
        tried_for=now - (event.tried_since or event.created_at),
        draw=_dice.random(),
        asked=asked_pause(answer.retry_after, now=now),
    )
    if pause is None or not is_worth_a_retry(answer.status_code):
        return {"status": EventStatus.FAILED}
    return {"next_attempt_at": now + pause}


def _outcome(answer: Answer) -> str:
    if answer.is_success:
        return "delivered"
    return "unreachable" if answer.status_code is None else "refused"


def _summary(answer: Answer) -> str:
    """Put the outcome in the contract's words (S001-X41)."""
    if answer.is_success:
        return f"Success: {answer.status_code}"
    if answer.status_code is None:
        return f"Error: {answer.text}"
    return f"Error: HTTP {answer.status_code}"
