"""Endpoints get what they are to get, once they can take it, and prove where it comes from."""

import re
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.utils import timezone
from standardwebhooks import WebhookVerificationError

from apps.audit.models import AuditEntry
from apps.core.outgoing import Outgoing
from apps.endpoints import outbox, sending, services
from apps.endpoints.models import (
    Endpoint,
    EndpointAttempt,
    EndpointDelivery,
    EndpointEvent,
    SenderTurn,
)
from apps.endpoints.rendering import body_of
from apps.endpoints.retries import DISABLED_AFTER
from apps.users.models import User
from tests.support.contests import make_event, make_submission
from tests.support.endpoints import Receiver, outgoing, receiver, register, secret_of
from tests.support.http_server import served
from tests.support.webhooks import deliver

pytestmark = pytest.mark.django_db(transaction=True)
State = EndpointDelivery.State
ROOT = Path(__file__).parents[3]


@pytest.fixture(autouse=True)
def calls_of_this_machine(settings: Any) -> None:
    settings.OUTGOING_ALLOWED_NETWORKS = outgoing()._allowed_networks


@pytest.fixture
def team() -> Iterator[Receiver]:
    with receiver() as told:
        yield told


@pytest.fixture
def endpoint(alice: User, team: Receiver) -> Endpoint:
    return register(alice, url=f"{team.url}/hook?key=1")


def judge(user: User, number: int = 7) -> Any:
    """Have a submission of the user judged."""
    submission = make_submission(user, microservice_submission_id=number)
    assert deliver(make_event(submission), message_id=f"evt-{number}").status_code == 200
    return submission


def sweep() -> None:
    sending.sweep(outgoing=outgoing())


def make_due() -> None:
    EndpointDelivery.objects.update(next_attempt_at=timezone.now())


def the_delivery() -> EndpointDelivery:
    return EndpointDelivery.objects.get()


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


@pytest.mark.parametrize("status", [400, 404, 429, 500, 503, 302])
def test_sends_again_what_was_not_taken_under_the_same_id(
    alice: User, endpoint: Endpoint, team: Receiver, status: int
) -> None:
    team.status, team.headers = status, {"Location": f"{team.url}/elsewhere"}
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


def test_two_senders_never_send_the_same(alice: User, endpoint: Endpoint, team: Receiver) -> None:
    judge(alice)
    outbox.address(now=timezone.now())
    delivery_id, now = the_delivery().pk, timezone.now()
    barrier = threading.Barrier(4)
    calls: list[sending.Call | None] = []

    def work() -> None:
        barrier.wait()
        calls.append(sending.claim(delivery_id=delivery_id, now=now))
        connection.close()

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert len(calls) == 4
    assert sum(each is not None for each in calls) == 1


def test_a_dead_senders_claim_runs_out(alice: User, endpoint: Endpoint) -> None:
    judge(alice)
    outbox.address(now=timezone.now())
    delivery_id, now = the_delivery().pk, timezone.now()
    assert sending.claim(delivery_id=delivery_id, now=now) is not None

    assert sending.claim(delivery_id=delivery_id, now=now) is None
    later = now + sending.LEASE
    assert sending.claim(delivery_id=delivery_id, now=later) is not None


def test_only_one_worker_sends_at_a_time(alice: User, endpoint: Endpoint, team: Receiver) -> None:
    judge(alice)
    SenderTurn.objects.create(until=timezone.now() + timedelta(seconds=30))

    sweep()
    assert team.received == []

    SenderTurn.objects.update(until=timezone.now())
    sweep()
    assert len(team.received) == 1


def test_a_slow_endpoint_holds_up_no_other(alice: User, team: Receiver) -> None:
    with receiver() as slow:
        register(alice, url=slow.url)
        register(alice, url=team.url)
        for number in range(1, 6):
            judge(alice, number)
        all_others_came = threading.Event()
        slow.before_answer = lambda: all_others_came.wait(8)

        def count() -> None:
            if len(team.received) == 5:
                all_others_came.set()

        team.before_answer = count

        sweep()

    assert len(team.received) == 5
    assert len(slow.received) == 5
    latencies = EndpointAttempt.objects.values_list("latency_ms", flat=True)
    assert max(latencies) < 8000


def test_one_that_is_deleted_under_way_disturbs_no_other(alice: User, team: Receiver) -> None:
    with receiver() as leaving:
        gone = register(alice, url=leaving.url)
        register(alice, url=team.url)
        judge(alice)

        def delete() -> None:
            services.delete(endpoint=Endpoint.objects.get(pk=gone.pk), actor=alice)
            connection.close()

        leaving.before_answer = delete

        sweep()

    assert len(leaving.received) == 1
    assert the_delivery().state == State.DELIVERED


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


def test_a_fault_leaves_nothing_to_be_sent_twice(
    alice: User, endpoint: Endpoint, team: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    judge(alice)
    team.before_answer = lambda: time.sleep(0.1)

    def failing(*_args: object, **_kwargs: object) -> object:
        raise ZeroDivisionError

    monkeypatch.setattr(sending, "wait", failing)

    with pytest.raises(ZeroDivisionError):
        sweep()

    assert the_delivery().state == State.DELIVERED
    assert SenderTurn.objects.get().until <= timezone.now()


def test_an_endpoint_gets_two_requests_at_a_time_at_most(alice: User, team: Receiver) -> None:
    register(alice, url=team.url)
    for number in range(1, 6):
        judge(alice, number)
    lock, at_once, most = threading.Lock(), [0], [0]
    both = threading.Barrier(2)

    def enter() -> None:
        with lock:
            at_once[0] += 1
            most[0] = max(most[0], at_once[0])
        if len(team.received) <= 2:
            both.wait(5)
        with lock:
            at_once[0] -= 1

    team.before_answer = enter

    sweep()

    assert len(team.received) == 5
    assert most[0] == 2


def test_what_can_not_be_signed_any_more_says_what_to_do(
    alice: User, endpoint: Endpoint, team: Receiver, settings: Any
) -> None:
    judge(alice)
    settings.SECRET_KEY = "another one"

    sweep()

    assert team.received == []
    assert "rotate" in EndpointAttempt.objects.get().error


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
