"""The shared secret is changed in the documented order, and at no point is anything refused."""

import time

import pytest

from app.domain import signature as of_service
from apps.core import signature as of_backend

BODY = b'{"status":"completed"}'
STEPS = [
    ("old", "old"),
    ("new,old", "old"),
    ("new,old", "new,old"),
    ("new,old", "new"),
    ("new", "new"),
]


def backend_takes_from_service(backend: str, service: str) -> bool:
    now_s = int(time.time())
    signed = of_service.sign(
        BODY, message_id="evt_1", timestamp_s=now_s, secrets=service.split(",")
    )
    headers = of_backend.SignatureHeaders(
        secret=signed["X-Webhook-Secret"],
        message_id=signed["webhook-id"],
        timestamp=signed["webhook-timestamp"],
        signature=signed["webhook-signature"],
    )
    try:
        of_backend.verify(
            of_backend.decode_secrets(backend),
            headers,
            body=BODY,
            now_s=now_s,
            is_plain_secret_allowed=False,
        )
    except of_backend.SignatureError:
        return False
    return True


def service_takes_from_backend(backend: str, service: str) -> bool:
    now_s = int(time.time())
    signed = of_backend.sign(
        of_backend.decode_secrets(backend), message_id="key-1", timestamp_s=now_s, body=BODY
    )
    headers = {name.lower(): value for name, value in signed.items()}
    try:
        of_service.verify(BODY, headers, now_s=now_s, secrets=service.split(","))
    except of_service.SignatureError:
        return False
    return True


@pytest.mark.parametrize(("backend", "service"), STEPS)
def test_each_takes_what_the_other_signs_at_every_step(backend: str, service: str) -> None:
    assert backend_takes_from_service(backend, service)
    assert service_takes_from_backend(backend, service)


def test_the_backend_has_to_know_the_new_secret_before_it_is_signed_with() -> None:
    assert not backend_takes_from_service("old", "new,old")
