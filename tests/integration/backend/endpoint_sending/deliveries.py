"""Deliveries to endpoints: what there is to send, and sending it."""

from typing import Any

from django.utils import timezone

from apps.endpoints import sending
from apps.endpoints.models import EndpointDelivery
from apps.users.models import User
from tests.support.contests import make_event, make_submission
from tests.support.endpoints import outgoing
from tests.support.webhooks import deliver


def judge(user: User, number: int = 7) -> Any:
    """Have a submission of the user judged."""
    submission = make_submission(user, microservice_submission_id=number)
    assert deliver(make_event(submission), message_id=f"evt-{number}").status_code == 200
    return submission


def sweep() -> None:
    """Send what is due, to this machine too."""
    sending.sweep(outgoing=outgoing())


def make_due() -> None:
    """Let no pause last."""
    EndpointDelivery.objects.update(next_attempt_at=timezone.now())


def the_delivery() -> EndpointDelivery:
    """Give the only one."""
    return EndpointDelivery.objects.get()
