"""Sending events to the backend's receiver, signed as the execution service signs them."""

import json
import time
from collections.abc import Mapping
from typing import Any

from django.test import Client

from apps.code_execution.models import CodeSubmission
from apps.core.signature import decode_secrets, sign

URL = "/api/webhooks/code-execution/"
PROGRESS_URL = f"{URL}progress/"
NEWEST_SECRET = "new-test-secret"
OLD_SECRET = "old-test-secret"


def deliver(
    event: Mapping[str, Any] | bytes,
    *,
    message_id: str = "evt-1",
    secret: str = NEWEST_SECRET,
    age_s: int = 0,
    without: tuple[str, ...] = (),
    url: str = URL,
) -> Any:
    """Sign an event, or a body that is none, and post it; `without` leaves headers out."""
    body = event if isinstance(event, bytes) else json.dumps(event).encode()
    timestamp_s = int(time.time()) - age_s
    headers = sign(
        decode_secrets(secret), message_id=message_id, timestamp_s=timestamp_s, body=body
    )
    sent = {name: value for name, value in headers.items() if name not in without}
    return post(body, sent, url=url)


def deliver_progress(
    submission: CodeSubmission, *, secret: str = NEWEST_SECRET, **fields: Any
) -> Any:
    """Tell how far judging of a submission is."""
    data = {
        "submission_id": submission.microservice_submission_id,
        "reference": str(submission.judgements.latest("created_at").pk),
        "attempt": 1,
        "stage": "testing",
        "tests_done": 0,
        "tests_total": 3,
        **fields,
    }
    event = {"event": "submission.progress", "sent_at": int(time.time()), "data": data}
    return deliver(event, secret=secret, url=PROGRESS_URL)


def post(body: bytes, headers: Mapping[str, str], *, url: str = URL) -> Any:
    """Post a body as it is."""
    return Client(headers=dict(headers)).post(url, body, content_type="application/json")
