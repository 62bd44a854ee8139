"""What an endpoint does not take is sent again, until it is given up."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from apps.audit.models import AuditEntry
from apps.core.outgoing import Outgoing
from apps.endpoints import outbox, sending, services
from apps.endpoints.models import Endpoint, EndpointAttempt, EndpointDelivery, EndpointEvent
from apps.endpoints.rendering import body_of
from apps.endpoints.retries import DISABLED_AFTER
from apps.users.models import User
from tests.integration.backend.endpoint_sending.deliveries import (
    judge,
    make_due,
    sweep,
    the_delivery,
)
from tests.support.endpoints import Receiver, receiver, register

pytestmark = pytest.mark.django_db(transaction=True)
State = EndpointDelivery.State


@pytest.mark.parametrize("status", [400, 404, 429, 500, 503, 302])
def test_sends_again_what_was_not_taken_under_the_same_id(
    alice: User, endpoint: Endpoint, team: Receiver, status: int
) -> None:
    team.status, team.headers = status, {"Location": f"{team.url}/elsewhere"}
    with time_machine.travel(timezone.now(), tick=False):
        judge(alice)
        sweep()
        delivery = the_delivery()
        pause = delivery.next_attempt_at - timezone.now()
        assert (delivery.state, delivery.attempts) == (State.WAITING, 1)
        assert timedelta(seconds=2) < pause <= timedelta(seconds=6)
        sweep()
        assert len(team.received) == 1

    team.status = 200
    make_due()
    sweep()

    assert the_delivery().state == State.DELIVERED
    assert [each.path for each in team.received] == ["/hook?key=1"] * 2
    assert len({each.headers["webhook-id"] for each in team.received}) == 1
    assert [each.status for each in the_delivery().attempt_log.all()] == [200, status]


def test_waits_as_long_as_the_receiver_asks(
    alice: User, endpoint: Endpoint, team: Receiver
) -> None:
    team.status, team.headers = 503, {"Retry-After": "3600"}
    judge(alice)

    sweep()

    pause = the_delivery().next_attempt_at - timezone.now()
    assert timedelta(minutes=59) < pause <= timedelta(hours=1)


def test_a_receiver_that_is_away_is_tried_again(alice: User) -> None:
    with receiver() as away:
        register(alice, url=away.url)
    judge(alice)

    sweep()

    assert the_delivery().state == State.WAITING
    attempt = EndpointAttempt.objects.get()
    assert attempt.status is None
    assert "ConnectError" in attempt.error


def test_an_address_that_has_become_a_private_one_is_not_called(
    alice: User, endpoint: Endpoint, team: Receiver
) -> None:
    judge(alice)

    sending.sweep(outgoing=Outgoing())

    assert team.received == []
    assert the_delivery().state == State.WAITING
    assert EndpointAttempt.objects.get().error == "Use https."


def test_gives_up_after_the_last_pause(alice: User, endpoint: Endpoint, team: Receiver) -> None:
    team.status = 500
    judge(alice)
    sweep()
    EndpointDelivery.objects.update(attempts=9)
    make_due()

    sweep()

    assert the_delivery().state == State.DEAD
    assert the_delivery().finished_at is not None


def test_what_was_given_up_can_be_sent_again(
    alice: User, endpoint: Endpoint, team: Receiver
) -> None:
    judge(alice)
    outbox.address(now=timezone.now())
    EndpointDelivery.objects.update(state=State.DEAD, attempts=10)

    count = services.resend(
        endpoint=endpoint, deliveries=EndpointDelivery.objects.all(), actor=alice
    )
    sweep()

    assert count == 1
    assert the_delivery().state == State.DELIVERED


def test_one_that_is_gone_is_switched_off_with_all_that_waits(
    alice: User, endpoint: Endpoint, team: Receiver
) -> None:
    judge(alice, 1)
    judge(alice, 2)
    judge(alice, 3)
    team.status = 410

    sweep()

    endpoint.refresh_from_db()
    assert endpoint.disabled_for == "gone"
    states = set(EndpointDelivery.objects.values_list("state", flat=True))
    assert states == {State.DEAD}
    entry = AuditEntry.objects.get(act="endpoint.disable")
    assert (entry.actor, entry.after["disabled_for"]) == (None, "gone")
    judge(alice, 4)
    sweep()
    assert EndpointDelivery.objects.count() == 3


def test_one_that_does_nothing_but_fail_for_days_is_switched_off(
    alice: User, endpoint: Endpoint, team: Receiver
) -> None:
    team.status = 500
    judge(alice)
    sweep()
    Endpoint.objects.update(failing_since=timezone.now() - DISABLED_AFTER)
    make_due()

    sweep()

    endpoint.refresh_from_db()
    assert endpoint.disabled_for == "failing"
    assert AuditEntry.objects.filter(act="endpoint.disable", actor=None).exists()


def test_one_success_ends_the_count_of_failing_days(
    alice: User, endpoint: Endpoint, team: Receiver
) -> None:
    judge(alice)
    Endpoint.objects.update(failing_since=timezone.now() - DISABLED_AFTER)

    sweep()

    endpoint.refresh_from_db()
    assert (endpoint.failing_since, endpoint.disabled_at) == (None, None)


def test_an_event_that_can_not_be_written_stops_no_other(
    alice: User, endpoint: Endpoint, team: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    judge(alice, 1)
    judge(alice, 2)
    outbox.address(now=timezone.now())
    first = EndpointDelivery.objects.earliest("pk").event.pk

    def failing(event: EndpointEvent, *args: Any, **kwargs: Any) -> bytes | None:
        if event.pk == first:
            raise ZeroDivisionError
        return body_of(event, *args, **kwargs)

    monkeypatch.setattr(sending, "body_of", failing)

    sweep()

    states = EndpointDelivery.objects.order_by("pk").values_list("state", "attempts")
    assert list(states) == [(State.WAITING, 1), (State.DELIVERED, 1)]
    assert EndpointAttempt.objects.filter(error__contains="can't be written").count() == 1


def test_what_can_not_be_signed_any_more_says_what_to_do(
    alice: User, endpoint: Endpoint, team: Receiver, settings: Any
) -> None:
    judge(alice)
    settings.SECRET_KEY = "another one"

    sweep()

    assert team.received == []
    assert "rotate" in EndpointAttempt.objects.get().error
