"""Getting orders to the execution service, and asking for results that do not come."""

import logging
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from apps.code_execution.client import (
    ExecutionServiceClient,
    Outcome,
    ServiceUnavailableError,
    SubmissionRefusedError,
    TestDataMissingError,
    get_client,
)
from apps.code_execution.domain import TERMINAL_STATUSES, retry_pause
from apps.code_execution.models import CodeSubmission, Judgement
from apps.code_execution.orders import Order, orders_of
from apps.code_execution.results import (
    apply_result,
    mark_delivered,
    next_question_at,
    open_rows,
    refuse,
    show_as_pending,
)
from apps.core import metrics, tracing
from apps.core.errors import ClientError
from logbook import context

logger = logging.getLogger(__name__)

# Added to the longest call, so that a claim never ends before it.
LEASE_MARGIN = timedelta(seconds=30)
DUE_ROWS_MAX = 200
# So few of all rejudgings are with the execution service at a time that a fresh submission does
# not have to wait behind a whole contest there.
REJUDGED_AT_ONCE_MAX = 40
ERROR_CHARS_MAX = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """The judgements that somebody has to look after, the longest due first."""

    to_hand_over: list[UUID]
    to_ask_about: list[UUID]


def list_due(*, now: datetime) -> Due:
    """List what is due.

    Fresh ones come before those of rejudgings, of which only a few are under way.
    """
    unfinished = Judgement.objects.filter(finished_at=None)
    due = unfinished.filter(due_at__lte=now).order_by("due_at")
    fresh = due.filter(rejudging=None).values_list("pk", "delivered_at")[:DUE_ROWS_MAX]
    rejudged = due.filter(rejudging__isnull=False).values_list("pk", flat=True)
    under_way = unfinished.filter(rejudging__isnull=False).exclude(delivered_at=None).count()
    asked_about = rejudged.exclude(delivered_at=None)[:REJUDGED_AT_ONCE_MAX]
    new = rejudged.filter(delivered_at=None)[: max(REJUDGED_AT_ONCE_MAX - under_way, 0)]
    rows = list(fresh)
    return Due(
        to_hand_over=[*(pk for pk, delivered_at in rows if delivered_at is None), *new],
        to_ask_about=[*(pk for pk, delivered_at in rows if delivered_at is not None), *asked_about],
    )


@transaction.atomic
def claim(judgement_ids: Sequence[UUID], *, now: datetime) -> list[Judgement]:
    """Take those judgements that are due for as long as attending to them may take, oldest first.

    The others are with a worker that has the same task, or with the request that made them.
    """
    due = Judgement.objects.filter(pk__in=judgement_ids, finished_at=None, due_at__lte=now)
    # What is locked is being claimed, or its result is there.
    free = due.select_for_update(no_key=True, skip_locked=True, of=("self",))
    claimed = list(free.select_related("submission").order_by("created_at"))
    lease = timedelta(seconds=settings.CODE_EXECUTION_TIMEOUT) + LEASE_MARGIN
    Judgement.objects.filter(pk__in=[each.pk for each in claimed]).update(
        due_at=now + lease, attempts=F("attempts") + 1
    )
    for judgement in claimed:
        judgement.attempts += 1
    return claimed


def attend(judgement_ids: Sequence[UUID], *, client: ExecutionServiceClient | None = None) -> None:
    """Look after judgements that are due: hand them over together, or ask for their results.

    With those that somebody else attends to nothing happens.
    """
    client = client or get_client()
    claimed = claim(judgement_ids, now=timezone.now())
    new = [each for each in claimed if each.delivered_at is None]
    hand_over(new, client=client, timeout_s=settings.CODE_EXECUTION_TIMEOUT)
    for judgement in claimed:
        if judgement.delivered_at is not None:
            with _said_of(judgement):
                _ask(judgement, client)


def hand_over(
    judgements: Sequence[Judgement], *, client: ExecutionServiceClient, timeout_s: float
) -> None:
    """Try once to hand judgements over; whoever calls has claimed them, or just made them."""
    if not judgements:
        return
    submission_ids = [each.submission_id for each in judgements]
    with _said_of(*judgements), tracing.handing_over(submission_ids=submission_ids):
        _hand_over(judgements, client, timeout_s)


def _hand_over(
    judgements: Sequence[Judgement], client: ExecutionServiceClient, timeout_s: float
) -> None:
    started_s = time.perf_counter()
    outcomes = list(zip(judgements, _send(judgements, client, timeout_s), strict=True))
    taken = {judgement: outcome for judgement, outcome in outcomes if isinstance(outcome, int)}
    if taken:
        mark_delivered(taken)
    ends = Counter[str]()
    for judgement, outcome in outcomes:
        with _said_of(judgement):
            end = _note(judgement, outcome)
        ends[end] += 1
        metrics.hand_over_ended(outcome=end, seconds=time.perf_counter() - started_s)
    if len(taken) < len(judgements):
        show_as_pending(each.submission for each in judgements if each not in taken)
    tracing.note(**ends)


def _note(judgement: Judgement, outcome: Outcome) -> str:
    """Note what became of an order that is not marked as delivered already; give it a name."""
    if isinstance(outcome, int):
        facts = {"submission_id": judgement.submission_id, "microservice_id": outcome}
        logger.info("handed over", extra={"facts": facts})
        return "taken"
    if isinstance(outcome, SubmissionRefusedError):
        # Not a fault of ours, so no traceback.
        logger.warning("%s: the execution service refused it: %s", judgement, outcome)
        refuse(judgement=judgement, reason=str(outcome)[:ERROR_CHARS_MAX])
        return "refused"
    _postpone(judgement, str(outcome))
    return "postponed"


def _send(
    judgements: Sequence[Judgement], client: ExecutionServiceClient, timeout_s: float
) -> list[Outcome]:
    """Give the service the orders, and whatever test data it lacks for them."""
    orders = orders_of(judgements)
    outcomes = client.hand_over([each.document for each in orders], timeout_s=timeout_s)
    lacking: dict[int, TestDataMissingError] = {
        position: outcome
        for position, outcome in enumerate(outcomes)
        if isinstance(outcome, TestDataMissingError)
    }
    if not lacking:
        return outcomes
    wanted = {
        hash_hex: orders[position] for position, lack in lacking.items() for hash_hex in lack.hashes
    }
    try:
        for hash_hex, order in wanted.items():
            _upload(hash_hex, order, client, timeout_s)
    except ServiceUnavailableError as error:
        again: list[Outcome] = [error] * len(lacking)
    else:
        complete = [orders[position].document for position in lacking]
        again = client.hand_over(complete, timeout_s=timeout_s)
    for position, outcome in zip(lacking, again, strict=True):
        outcomes[position] = outcome
    return outcomes


def _upload(hash_hex: str, order: Order, client: ExecutionServiceClient, timeout_s: float) -> None:
    content = order.find_content(hash_hex)
    if content is not None:
        client.upload(hash_hex=hash_hex, content=content, timeout_s=timeout_s)


def _said_of(*judgements: Judgement) -> AbstractContextManager[None]:
    """Have lines say which request judgements are from, if it is one."""
    ids = {each.request_id for each in judgements}
    return context.bound(request_id=ids.pop() or None) if len(ids) == 1 else nullcontext()


def _ask(judgement: Judgement, client: ExecutionServiceClient) -> None:
    """Ask for a result that has not come; hand over again what the service has forgotten."""
    microservice_id = judgement.microservice_submission_id or 0
    try:
        result = client.find(
            microservice_id=microservice_id, timeout_s=settings.CODE_EXECUTION_TIMEOUT
        )
    except ServiceUnavailableError as error:
        _postpone(judgement, str(error))
        return
    if result is None or result.reference != str(judgement.pk):
        _forget_delivery(judgement)
        hand_over([judgement], client=client, timeout_s=settings.CODE_EXECUTION_TIMEOUT)
        return
    try:
        apply_result(result=result)
    except ClientError as error:
        _postpone(judgement, f"The service's answer does not fit: {error.detail}")
        return
    if result.status not in TERMINAL_STATUSES:
        open_rows(judgement).update(due_at=next_question_at())


@transaction.atomic
def _forget_delivery(judgement: Judgement) -> None:
    """Note that the service knows nothing of it; there attempts begin at one again."""
    open_rows(judgement).update(delivered_at=None, microservice_submission_id=None)
    CodeSubmission.objects.filter(
        pk=judgement.submission_id, microservice_submission_id=judgement.microservice_submission_id
    ).update(microservice_submission_id=None, judging_attempt=None)


def _postpone(judgement: Judgement, reason: str) -> None:
    logger.warning("%s: %s", judgement, reason)
    open_rows(judgement).update(
        due_at=timezone.now() + retry_pause(judgement.attempts),
        last_error=reason[:ERROR_CHARS_MAX],
    )
