"""What is done with an event."""

import json
import logging
import time
from datetime import datetime, timedelta
from hashlib import sha256

from django.conf import settings
from django.db import IntegrityError, transaction

from apps.code_execution.documents import ResultError, parse_progress, parse_result
from apps.code_execution.progress import apply_progress
from apps.code_execution.results import apply_result
from apps.core import metrics, tracing
from apps.core.errors import ClientError, UnauthenticatedError
from apps.core.signature import SignatureError, SignatureHeaders, verify
from apps.webhooks.models import WebhookEvent

logger = logging.getLogger(__name__)

PING = "ping"
SUBMISSION_COMPLETED = "submission.completed"
# Senders give up after days, and what is terminal stays so anyway.
KEPT_FOR = timedelta(days=30)


class _RepeatedEventError(Exception):
    """The event has been taken before."""


class InvalidEventError(ClientError):
    """The body is signed, but is not an event."""

    code = "invalid-event"
    title = "The event is not valid"


def receive_event(*, headers: SignatureHeaders, body: bytes) -> None:
    """Verify an event and apply it, once.

    Raises:
        UnauthenticatedError: The signature is wrong or missing.
        InvalidEventError: The body is not an event.
        SubmissionNotFoundError: No submission belongs to it.
        InvalidFieldsError: The submission is another user's.
    """
    _verify(headers, body)
    # A sender without event ids repeats the very same body.
    event_id = headers.message_id or f"sha256-{sha256(body).hexdigest()}"
    document = _read(body)
    event = document.get("event") if isinstance(document, dict) else None
    if event == PING:
        # The sender only wants to know whether its signature is accepted.
        return
    try:
        with tracing.applying():
            _apply(event_id, event, document)
    except _RepeatedEventError:
        logger.info("The event %s came again and is not looked at.", event_id)
    else:
        logger.info("result taken", extra={"facts": {"webhook_id": event_id}})


def receive_progress(*, headers: SignatureHeaders, body: bytes) -> None:
    """Verify news of how far judging is, and show it; nothing is kept of it.

    Raises:
        UnauthenticatedError: The signature is wrong or missing.
        InvalidEventError: The body is no such news.
        SubmissionNotFoundError: No submission belongs to it.
    """
    _verify(headers, body)
    document = _read(body)
    try:
        progress = parse_progress(document.get("data") if isinstance(document, dict) else None)
    except ResultError as error:
        raise InvalidEventError(f"The body does not say how far judging is: {error}.") from error
    apply_progress(progress=progress)


def delete_old_events(*, now: datetime) -> None:
    """Delete events that nobody will send again."""
    WebhookEvent.objects.filter(received_at__lt=now - KEPT_FOR).delete()


def _verify(headers: SignatureHeaders, body: bytes) -> None:
    try:
        verify(
            settings.CODE_EXECUTION_WEBHOOK_SECRETS,
            headers,
            body=body,
            now_s=time.time(),
            is_plain_secret_allowed=settings.CODE_EXECUTION_WEBHOOK_ALLOW_PLAIN_SECRET,
        )
    except SignatureError as error:
        metrics.event_refused()
        logger.warning("An event is refused: %s. Do both services have the same secret?", error)
        raise UnauthenticatedError(f"The signature is not good: {error}.") from error


def _read(body: bytes) -> object:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise InvalidEventError("The body is not JSON.") from None


@transaction.atomic
def _apply(event_id: str, event: object, document: object) -> None:
    """Apply an event and note it.

    Raises:
        InvalidEventError: It is not a result.
        _RepeatedEventError: It has been noted before, so that what it did now is undone.
    """
    try:
        result = parse_result(document, id_key="submission_id")
    except ResultError as error:
        raise InvalidEventError(f"The body is not a result: {error}.") from error
    if result.completed_at is None:
        raise InvalidEventError("completed_at is missing.")
    submission, has_changed = apply_result(result=result)
    tracing.note(submission_id=submission.pk, verdict=result.verdict)
    try:
        WebhookEvent.objects.create(
            event_id=event_id,
            event=SUBMISSION_COMPLETED if event == SUBMISSION_COMPLETED else "",
            submission=submission,
            has_changed=has_changed,
        )
    except IntegrityError as error:
        raise _RepeatedEventError from error
