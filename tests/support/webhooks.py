"""Sending events to the backend's receiver, signed as the execution service signs them."""

import json
import time
from collections.abc import Mapping
from typing import Any

from django.test import Client

from apps.core.signature import decode_secrets, sign

URL = "/api/webhooks/code-execution/"
NEWEST_SECRET = "new-test-secret"
OLD_SECRET = "old-test-secret"


def deliver(
    event: Mapping[str, Any] | bytes,
    *,
    message_id: str = "evt-1",
    secret: str = NEWEST_SECRET,
    age_s: int = 0,
    without: tuple[str, ...] = (),
) -> Any:
    """Sign an event, or a body that is none, and post it; `without` leaves headers out."""
    body = event if isinstance(event, bytes) else json.dumps(event).encode()
    timestamp_s = int(time.time()) - age_s
    headers = sign(
        decode_secrets(secret), message_id=message_id, timestamp_s=timestamp_s, body=body
    )
    sent = {name: value for name, value in headers.items() if name not in without}
    return post(body, sent)


def post(body: bytes, headers: Mapping[str, str]) -> Any:
    """Post a body as it is."""
    return Client(headers=dict(headers)).post(URL, body, content_type="application/json")
