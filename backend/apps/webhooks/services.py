"""What is done with an event."""

import json
import time
from datetime import datetime, timedelta
from hashlib import sha256

from django.conf import settings
from django.db import transaction

from apps.code_execution.domain import ResultError, parse_result
from apps.code_execution.results import apply_result
from apps.core.errors import ClientError, UnauthenticatedError
from apps.core.signature import SignatureError, SignatureHeaders, verify
from apps.webhooks.models import WebhookEvent

SUBMISSION_COMPLETED = "submission.completed"
# Senders give up after days, and what is terminal stays so anyway.
KEPT_FOR = timedelta(days=30)


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
    try:
        verify(
            settings.CODE_EXECUTION_WEBHOOK_SECRETS,
            headers,
            body=body,
            now_s=time.time(),
            is_plain_secret_allowed=settings.CODE_EXECUTION_WEBHOOK_ALLOW_PLAIN_SECRET,
        )
    except SignatureError as error:
        raise UnauthenticatedError(f"The signature is not good: {error}.") from error
    # A sender without event ids repeats the very same body.
    event_id = headers.message_id or f"sha256-{sha256(body).hexdigest()}"
    if not WebhookEvent.objects.filter(event_id=event_id).exists():
        _apply(event_id, body)


def delete_old_events(*, now: datetime) -> None:
    """Delete events that nobody will send again."""
    WebhookEvent.objects.filter(received_at__lt=now - KEPT_FOR).delete()


@transaction.atomic
def _apply(event_id: str, body: bytes) -> None:
    try:
        document = json.loads(body)
        result = parse_result(document, id_key="submission_id")
    except (ValueError, RecursionError):
        raise InvalidEventError("The body is not JSON.") from None
    except ResultError as error:
        raise InvalidEventError(f"The body is not a result: {error}.") from error
    if result.completed_at is None:
        raise InvalidEventError("completed_at is missing.")
    submission, has_changed = apply_result(result=result)
    event = document.get("event")
    # Should the same event be arriving twice at once, the second finds nothing left to change.
    WebhookEvent.objects.get_or_create(
        event_id=event_id,
        defaults={
            "event": event if event == SUBMISSION_COMPLETED else "",
            "submission": submission,
            "has_changed": has_changed,
        },
    )
