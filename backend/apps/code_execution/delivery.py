"""Getting orders to the execution service, and asking for results that do not come."""

import logging
import time
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from apps.code_execution.client import (
    ExecutionServiceClient,
    ServiceUnavailableError,
    SubmissionRefusedError,
    TestDataMissingError,
    get_client,
)
from apps.code_execution.domain import TERMINAL_STATUSES, retry_pause
from apps.code_execution.models import CodeSubmission, Judgement
from apps.code_execution.orders import Order, order_of
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


def list_due(*, now: datetime) -> list[UUID]:
    """List the judgements that somebody has to look after, the longest due first.

    Fresh ones come before those of rejudgings, of which only a few are under way.
    """
    unfinished = Judgement.objects.filter(finished_at=None)
    due = unfinished.filter(due_at__lte=now).order_by("due_at").values_list("pk", flat=True)
    fresh = due.filter(rejudging=None)[:DUE_ROWS_MAX]
    rejudged = due.filter(rejudging__isnull=False)
    under_way = unfinished.filter(rejudging__isnull=False).exclude(delivered_at=None).count()
    asked_about = rejudged.exclude(delivered_at=None)[:REJUDGED_AT_ONCE_MAX]
    new = rejudged.filter(delivered_at=None)[: max(REJUDGED_AT_ONCE_MAX - under_way, 0)]
    return [*fresh, *asked_about, *new]


def claim(*, judgement_id: UUID, now: datetime) -> Judgement | None:
    """Take a judgement that is due for as long as attending to it may take; `None` if it is taken.

    The other one is a worker with the same task, or the request that made the judgement.
    """
    lease = timedelta(seconds=settings.CODE_EXECUTION_TIMEOUT) + LEASE_MARGIN
    rows = Judgement.objects.filter(pk=judgement_id, finished_at=None)
    claimed = rows.filter(due_at__lte=now).update(due_at=now + lease, attempts=F("attempts") + 1)
    return rows.select_related("submission").first() if claimed else None


def attend(*, judgement_id: UUID, client: ExecutionServiceClient | None = None) -> None:
    """Look after a judgement that is due: hand it over, or ask for its result.

    When somebody else already does, nothing happens.
    """
    judgement = claim(judgement_id=judgement_id, now=timezone.now())
    if judgement is None:
        return
    client = client or get_client()
    with context.bound(request_id=judgement.request_id or None):
        if judgement.delivered_at is None:
            hand_over(judgement=judgement, client=client, timeout_s=settings.CODE_EXECUTION_TIMEOUT)
        else:
            _ask(judgement, client)


def hand_over(*, judgement: Judgement, client: ExecutionServiceClient, timeout_s: float) -> None:
    """Try once to hand a judgement over; whoever calls has claimed it, or just made it."""
    with tracing.handing_over(submission_id=judgement.submission_id):
        _hand_over(judgement, client, timeout_s)


def _hand_over(judgement: Judgement, client: ExecutionServiceClient, timeout_s: float) -> None:
    started_s, outcome = time.perf_counter(), "taken"
    try:
        microservice_id = _send(order_of(judgement), judgement, client, timeout_s)
    except SubmissionRefusedError as error:
        outcome = "refused"
        # Not a fault of ours, so no traceback.
        logger.warning("%s: the execution service refused it: %s", judgement, error)
        refuse(judgement=judgement, reason=str(error)[:ERROR_CHARS_MAX])
    except (ServiceUnavailableError, TestDataMissingError) as error:
        outcome = "postponed"
        _postpone(judgement, str(error))
        show_as_pending(judgement.submission)
    else:
        mark_delivered(judgement=judgement, microservice_id=microservice_id)
        facts = {"submission_id": judgement.submission_id, "microservice_id": microservice_id}
        logger.info("handed over", extra={"facts": facts})
    tracing.note(outcome=outcome)
    metrics.hand_over_ended(outcome=outcome, seconds=time.perf_counter() - started_s)


def _send(
    order: Order, judgement: Judgement, client: ExecutionServiceClient, timeout_s: float
) -> int:
    """Give the service the order, and before it whatever test data it lacks; return its id there.

    Raises:
        ServiceUnavailableError: It did not answer as it should; try again.
        SubmissionRefusedError: It will never take this order.
    """
    key = str(judgement.pk)
    try:
        return client.hand_over(key=key, order=order.document, timeout_s=timeout_s)
    except TestDataMissingError as error:
        for hash_hex in error.hashes:
            client.upload(
                hash_hex=hash_hex, content=order.content_of(hash_hex), timeout_s=timeout_s
            )
    return client.hand_over(key=key, order=order.document, timeout_s=timeout_s)


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
        hand_over(judgement=judgement, client=client, timeout_s=settings.CODE_EXECUTION_TIMEOUT)
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
