"""Sending what is due: claimed in the database, by many threads, a few at a time per endpoint."""

import logging
import random
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Min, QuerySet
from django.utils import timezone

from apps.core import metrics
from apps.core.outgoing import (
    ERROR_CHARS_MAX,
    AddressRefusedError,
    Answer,
    Outgoing,
    OutgoingError,
    get_outgoing,
    parse,
)
from apps.core.signature import Secret, sign_standard
from apps.endpoints import outbox, services
from apps.endpoints.event_types import EventType
from apps.endpoints.models import Endpoint, EndpointAttempt, EndpointDelivery, SenderTurn
from apps.endpoints.rendering import body_of
from apps.endpoints.retries import DISABLED_AFTER, asked_pause, failing_since, next_pause
from apps.endpoints.sealing import BrokenSealError

logger = logging.getLogger(__name__)

CALL_TIMEOUT_S = 10.0
CALLS_AT_ONCE_MAX = 16
CALLS_PER_ENDPOINT_MAX = 2
# Longer than any call, with the time that a slow name server may take on top.
LEASE = timedelta(seconds=90)
# After that nothing more is begun, so that the worker can be stopped, or do other tasks between.
SENT_FOR_S = 20.0
# As long as a turn may take, so that a worker that was killed holds up others no longer.
TURN = timedelta(seconds=45)
LOOKED_EVERY_S = 0.5
GONE = 410

State = EndpointDelivery.State


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request that is ready to be sent; the endpoint's rows are not looked at again."""

    delivery: EndpointDelivery
    webhook_id: str
    url: str
    secrets: tuple[Secret, ...]
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a call went; without an answer `error` says why."""

    at: datetime
    latency_ms: int
    answer: Answer | None = None
    error: str = ""

    @property
    def is_taken(self) -> bool:
        """Whether the receiver has it."""
        return self.answer is not None and self.answer.status // 100 == 2  # noqa: PLR2004 - 2xx

    @property
    def is_gone(self) -> bool:
        """Whether the receiver wants no more of anything."""
        return self.answer is not None and self.answer.status == GONE


def sweep(*, outgoing: Outgoing | None = None) -> None:
    """Find out whom to tell of what, and send what is due, unless somebody else is sending."""
    now = timezone.now()
    outbox.note_contest_events(now=now)
    outbox.address(now=now)
    if not _due(now).exists() or not _take_turn(now):
        return
    try:
        _send_due(outgoing or get_outgoing())
    finally:
        SenderTurn.objects.update(until=timezone.now())


def _take_turn(now: datetime) -> bool:
    SenderTurn.objects.get_or_create(pk=1, defaults={"until": now})
    return bool(SenderTurn.objects.filter(pk=1, until__lte=now).update(until=now + TURN))


def _send_due(outgoing: Outgoing) -> None:
    """Send until nothing is due any more, or the time is over; one slow receiver stops no other."""
    ends_at_s = time.monotonic() + SENT_FOR_S
    calls: dict[Future[Outcome], Call] = {}
    with ThreadPoolExecutor(CALLS_AT_ONCE_MAX, thread_name_prefix="endpoints") as threads:
        try:
            while True:
                if time.monotonic() < ends_at_s:
                    for call in _claim([each.delivery.endpoint_id for each in calls.values()]):
                        calls[threads.submit(send, call, outgoing)] = call
                if not calls:
                    return
                done, _going_on = wait(calls, LOOKED_EVERY_S, return_when=FIRST_COMPLETED)
                for each in done:
                    note(calls.pop(each).delivery, each.result())
        finally:
            # Whatever went wrong with one, the others shall not be sent twice for it.
            for each, call in calls.items():
                note(call.delivery, each.result())


def _claim(busy: list[int]) -> Iterator[Call]:
    """Take as many deliveries as may be under way; the endpoint that has waited longest first."""
    now = timezone.now()
    under_way = Counter(busy)
    full = [each for each, count in under_way.items() if count >= CALLS_PER_ENDPOINT_MAX]
    free = CALLS_AT_ONCE_MAX - len(busy)
    waiting = _due(now).exclude(endpoint__in=full).order_by().values("endpoint")
    oldest_first = waiting.annotate(oldest=Min("next_attempt_at")).order_by("oldest")
    for row in oldest_first[:free]:
        room = min(CALLS_PER_ENDPOINT_MAX - under_way[row["endpoint"]], free)
        due = _due(now).filter(endpoint=row["endpoint"]).order_by("next_attempt_at", "pk")
        for delivery_id in list(due.values_list("pk", flat=True)[:room]):
            call = claim(delivery_id=delivery_id, now=now)
            if call is not None:
                free -= 1
                yield call
        if free <= 0:
            return


def claim(*, delivery_id: int, now: datetime) -> Call | None:
    """Take a delivery that is due, with what is to be sent; `None`: there is nothing to send.

    What its owner may not know any more is withheld.
    """
    rows = EndpointDelivery.objects.filter(pk=delivery_id)
    is_ours = (
        _due(now)
        .filter(pk=delivery_id)
        .update(next_attempt_at=now + LEASE, attempts=F("attempts") + 1)
    )
    delivery = rows.select_related("event", "endpoint__owner").first() if is_ours else None
    if delivery is None:
        return None
    endpoint = delivery.endpoint
    try:
        body = body_of(delivery.event, endpoint, now=now)
    except Exception:
        # A fault of ours about one event, which must not stop those behind it.
        logger.exception("%s can't be written", delivery)
        note(delivery, Outcome(at=now, latency_ms=0, error="It can't be written; see the log."))
        return None
    if body is None:
        rows.update(state=State.WITHHELD, finished_at=now)
        return None
    try:
        secrets = services.secrets_of(endpoint, now=now)
    except BrokenSealError:
        error = "The secret can't be read since SECRET_KEY was changed; rotate it."
        note(delivery, Outcome(at=now, latency_ms=0, error=error))
        return None
    return Call(
        delivery=delivery,
        webhook_id=delivery.event.webhook_id,
        url=endpoint.url,
        secrets=secrets,
        body=body,
    )


def send(call: Call, outgoing: Outgoing) -> Outcome:
    """Send one request; this touches no database, as it runs in a thread of its own."""
    at = timezone.now()
    started_s = time.monotonic()
    signature = sign_standard(
        call.secrets,
        message_id=call.webhook_id,
        timestamp_s=int(at.timestamp()),
        body=call.body,
    )
    headers = {"Content-Type": "application/json", "User-Agent": "CodeContest/1.0", **signature}
    answer, error = None, ""
    try:
        answer = outgoing.post(call.url, body=call.body, headers=headers, timeout_s=CALL_TIMEOUT_S)
    except (AddressRefusedError, OutgoingError) as failure:
        error = str(failure)
    latency_ms = round((time.monotonic() - started_s) * 1000)
    return Outcome(at=at, latency_ms=latency_ms, answer=answer, error=error)


@transaction.atomic
def note(delivery: EndpointDelivery, outcome: Outcome) -> None:
    """Store how a call went, and what follows for the delivery and its endpoint."""
    # It may have been deleted meanwhile, with its endpoint; with the lock, not from here on.
    rows = EndpointDelivery.objects.select_for_update(no_key=True)
    if rows.filter(pk=delivery.pk).first() is None:
        return
    answer = outcome.answer
    metrics.endpoint_delivery_ended(outcome="delivered" if outcome.is_taken else "failed")
    EndpointAttempt.objects.create(
        delivery=delivery,
        at=outcome.at,
        status=None if answer is None else answer.status,
        latency_ms=outcome.latency_ms,
        error=outcome.error[:ERROR_CHARS_MAX],
        response="" if answer is None else _text_of(answer.body),
    )
    endpoint = delivery.endpoint
    if outcome.is_taken:
        _finish(delivery, State.DELIVERED)
        failing = Endpoint.objects.filter(pk=endpoint.pk, failing_since__isnull=False)
        failing.update(failing_since=None)
        return
    logger.info(
        "%s to %s: %s",
        delivery,
        parse(endpoint.url).origin,
        outcome.error or f"HTTP {answer.status if answer else ''}",
    )
    _put_off(delivery, outcome)
    if outcome.is_gone:
        services.disable(endpoint=endpoint, reason=Endpoint.Disabled.GONE, actor=None)
    elif delivery.event.type != EventType.PING:
        _note_failing(endpoint)


def _put_off(delivery: EndpointDelivery, outcome: Outcome) -> None:
    """Send it again later, or give it up; a ping is for the moment."""
    now = timezone.now()
    headers = outcome.answer.headers if outcome.answer else {}
    pause = next_pause(
        attempts=delivery.attempts,
        draw=random.random(),  # noqa: S311 - no secret
        asked=asked_pause(headers.get("retry-after"), now=now),
    )
    if pause is None or delivery.event.type == EventType.PING:
        _finish(delivery, State.DEAD)
    else:
        waiting = EndpointDelivery.objects.filter(pk=delivery.pk, state=State.WAITING)
        waiting.update(next_attempt_at=now + pause)


def _finish(delivery: EndpointDelivery, state: str) -> None:
    rows = EndpointDelivery.objects.filter(pk=delivery.pk)
    rows.update(state=state, finished_at=timezone.now())


def _note_failing(endpoint: Endpoint) -> None:
    """Note a failure; after days of nothing else, send nothing more."""
    now = timezone.now()
    locked = Endpoint.objects.select_for_update(no_key=True).get(pk=endpoint.pk)
    locked.failing_since = failing_since(
        since=locked.failing_since, last_failure_at=locked.last_failure_at, now=now
    )
    locked.last_failure_at = now
    locked.save(update_fields=["failing_since", "last_failure_at"])
    if now - locked.failing_since >= DISABLED_AFTER:
        services.disable(endpoint=locked, reason=Endpoint.Disabled.FAILING, actor=None)


def _due(now: datetime) -> QuerySet[EndpointDelivery]:
    # No join: an UPDATE that waits for another looks again at the row's own columns only.
    enabled = Endpoint.objects.filter(disabled_at=None)
    return EndpointDelivery.objects.filter(
        state=State.WAITING, next_attempt_at__lte=now, endpoint__in=enabled
    )


def _text_of(body: bytes) -> str:
    # PostgreSQL stores no NUL.
    return body.decode(errors="replace").replace("\x00", "\N{REPLACEMENT CHARACTER}")
