"""Endpoints get what they are to get, and see where it comes from."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.utils import timezone
from standardwebhooks import WebhookVerificationError

from apps.endpoints import services
from apps.endpoints.models import Endpoint, EndpointAttempt, EndpointDelivery, EndpointEvent
from apps.users.models import User
from tests.integration.backend.endpoint_sending.deliveries import judge, sweep, the_delivery
from tests.support.endpoints import Receiver, register, secret_of
from tests.support.http_server import served

pytestmark = pytest.mark.django_db(transaction=True)
State = EndpointDelivery.State
ROOT = Path(__file__).parents[4]


def test_sends_a_verdict_that_the_specifications_library_verifies(
    alice: User, endpoint: Endpoint, team: Receiver
) -> None:
    submission = judge(alice)

    sweep()

    [got] = team.received
    document = got.verified(secret_of(endpoint))
    assert document["type"] == "submission.completed"
    assert document["data"]["submission"]["id"] == submission.pk
    assert document["data"]["submission"]["verdict"] == "AC"
    assert "code" not in document["data"]["submission"]
    assert got.path == "/hook?key=1"
    assert got.headers["webhook-id"] == EndpointEvent.objects.get().webhook_id
    assert "X-Webhook-Secret" not in got.headers
    delivery = the_delivery()
    assert (delivery.state, delivery.attempts) == (State.DELIVERED, 1)
    attempt = delivery.attempt_log.get()
    assert (attempt.status, attempt.response, attempt.error) == (200, "thanks", "")


def test_another_secret_does_not_verify_it(alice: User, endpoint: Endpoint, team: Receiver) -> None:
    other = register(alice, url=f"{team.url}/other")
    judge(alice)

    sweep()

    [got] = [each for each in team.received if each.path == "/other"]
    got.verified(secret_of(other))
    with pytest.raises(WebhookVerificationError):
        got.verified(secret_of(endpoint))


def test_for_a_day_the_old_secret_verifies_too(
    alice: User, endpoint: Endpoint, team: Receiver
) -> None:
    old = secret_of(endpoint)
    new = services.rotate_secret(endpoint=endpoint, actor=alice).text
    judge(alice)
    sweep()

    [got] = team.received
    got.verified(old)
    got.verified(new)

    with time_machine.travel(timezone.now() + timedelta(hours=25)):
        services.resend(endpoint=endpoint, deliveries=EndpointDelivery.objects.all(), actor=alice)
        sweep()
        got = team.received[-1]
        got.verified(new)
        with pytest.raises(WebhookVerificationError):
            got.verified(old)


def test_a_ping_is_sent_once_and_tells_nothing(
    alice: User, endpoint: Endpoint, team: Receiver
) -> None:
    team.status = 500
    services.ping(endpoint=endpoint, actor=alice)

    sweep()

    [document] = team.documents
    assert (document["type"], document["data"]) == ("ping", {"endpoint": endpoint.pk})
    assert the_delivery().state == State.DEAD
    endpoint.refresh_from_db()
    assert endpoint.failing_since is None


def test_a_changed_secret_key_is_bridged_by_its_fallbacks(
    alice: User, endpoint: Endpoint, team: Receiver, settings: Any
) -> None:
    judge(alice)
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another one"

    sweep()

    assert the_delivery().state == State.DELIVERED


def test_answers_of_any_bytes_are_kept_in_part(
    alice: User, endpoint: Endpoint, team: Receiver
) -> None:
    team.answer = b"\x00\xff" * 4000
    judge(alice)

    sweep()

    kept = EndpointAttempt.objects.get().response
    assert 0 < len(kept) <= 1024
    assert "\x00" not in kept


def test_old_events_are_forgotten_with_what_became_of_them(
    alice: User, endpoint: Endpoint, team: Receiver
) -> None:
    judge(alice, 1)
    sweep()
    EndpointEvent.objects.update(occurred_at=timezone.now() - timedelta(days=31))
    judge(alice, 2)
    sweep()

    services.delete_old_events(now=timezone.now())

    assert EndpointEvent.objects.count() == EndpointAttempt.objects.count() == 1


def test_no_log_has_a_secret_or_the_path_of_an_address(
    alice: User, endpoint: Endpoint, team: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    team.status = 500
    judge(alice)

    sweep()

    assert team.url in caplog.text
    assert "key=1" not in caplog.text
    assert "whsec_" not in caplog.text


@pytest.mark.parametrize(("is_its_secret", "state"), [(True, State.DELIVERED), (False, State.DEAD)])
def test_the_receiver_in_the_documents_takes_what_is_genuine_and_nothing_else(
    alice: User, *, is_its_secret: bool, state: str
) -> None:
    text = (ROOT / "docs" / "endpoints.md").read_text(encoding="utf-8")
    [program] = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    names: dict[str, Any] = {"__name__": "receiver"}
    exec(program, names)  # noqa: S102 - it is ours
    names["Receiver"].log_message = lambda *_args: None
    with served(names["Receiver"]) as url:
        endpoint = register(alice, url=url)
        other = register(alice)
        names["SECRET"] = secret_of(endpoint if is_its_secret else other)
        services.ping(endpoint=endpoint, actor=alice)

        sweep()

    assert the_delivery().state == state
