"""The tasks that beat starts, by a real worker over Celery's broker in memory."""

import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from celery.contrib.testing.worker import start_worker
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.utils import timezone

from apps.code_execution.models import CodeSubmission
from apps.contests.services import participation
from apps.core import live
from apps.core.models import IdempotentAnswer
from apps.endpoints import services
from apps.endpoints.models import EndpointDelivery, EndpointEvent
from apps.users.models import User
from apps.webhooks.models import WebhookEvent
from config.celery import app
from live.wire import Tick
from tests.support.contests import make_contest, make_submission
from tests.support.endpoints import HERE, receiver, register, secret_of
from tests.support.execution_service import FakeExecutionService

pytestmark = pytest.mark.django_db(transaction=True)
TIMEOUT_S = 20
HOUR = timedelta(hours=1)


@pytest.fixture(scope="module")
def celery(django_db_setup: None) -> Iterator[Any]:
    """A worker, in a thread of this process."""
    for name in ("broker_url", "broker_read_url", "broker_write_url"):
        setattr(app.conf, name, "memory://")
    app.conf.broker_transport_options = {"polling_interval": 0.02}
    app.loader.import_default_modules()
    with start_worker(app, pool="solo", perform_ping_check=False, shutdown_timeout=TIMEOUT_S):
        yield app


def send(celery: Any, entry: str) -> None:
    """Do what beat does for an entry of its schedule."""
    celery.send_task(celery.conf.beat_schedule[entry]["task"])


def wait_until(is_done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + TIMEOUT_S
    while not is_done():
        assert time.monotonic() < deadline, "the worker did not do it"
        time.sleep(0.02)


def test_a_sweep_hands_over_what_is_due(
    celery: Any, alice: User, execution_service: FakeExecutionService
) -> None:
    submission = make_submission(alice, microservice_submission_id=None)

    send(celery, "look-after-judgements")

    def is_linked() -> bool:
        submission.refresh_from_db()
        return submission.microservice_submission_id == 1001

    wait_until(is_linked)


def test_endpoints_are_sent_what_is_due(celery: Any, alice: User, settings: Any) -> None:
    settings.OUTGOING_ALLOWED_NETWORKS = HERE
    with receiver() as team:
        endpoint = register(alice, url=team.url)
        services.ping(endpoint=endpoint, actor=alice)

        send(celery, "send-to-endpoints")

        delivered = EndpointDelivery.objects.filter(state=EndpointDelivery.State.DELIVERED)
        wait_until(delivered.exists)
        [got] = team.received
        assert got.verified(secret_of(endpoint))["type"] == "ping"


def test_old_events_of_endpoints_are_deleted(celery: Any) -> None:
    for name, days in (("old", 31), ("new", 29)):
        EndpointEvent.objects.create(
            type="ping", key=name, occurred_at=timezone.now() - timedelta(days=days)
        )

    send(celery, "delete-old-endpoint-events")

    wait_until(lambda: EndpointEvent.objects.count() == 1)
    assert EndpointEvent.objects.get().key == "new"


def test_ended_sessions_are_cleared(celery: Any) -> None:
    for seconds in (-1, 60):
        session = SessionStore()
        session.set_expiry(seconds)
        session.create()

    send(celery, "clear-expired-sessions")

    wait_until(lambda: Session.objects.count() == 1)


def test_old_events_are_deleted(celery: Any) -> None:
    for name, days in (("old", 31), ("new", 29)):
        event = WebhookEvent.objects.create(event_id=name, has_changed=False)
        WebhookEvent.objects.filter(pk=event.pk).update(
            received_at=timezone.now() - timedelta(days=days)
        )

    send(celery, "delete-old-events")

    wait_until(lambda: [event.event_id for event in WebhookEvent.objects.all()] == ["new"])


def test_old_trial_runs_are_deleted(celery: Any, alice: User) -> None:
    for number, hours in enumerate((25, 23)):
        make_submission(
            alice,
            microservice_submission_id=number,
            purpose="trial",
            created_at=timezone.now() - timedelta(hours=hours),
        )

    send(celery, "delete-old-trials")

    wait_until(lambda: CodeSubmission.objects.count() == 1)


def test_old_answers_are_deleted(celery: Any, alice: User) -> None:
    for key, hours in (("old", 25), ("new", 23)):
        IdempotentAnswer.objects.create(
            user=alice, key=key, created_at=timezone.now() - timedelta(hours=hours)
        )

    send(celery, "delete-old-answers")

    wait_until(lambda: [answer.key for answer in IdempotentAnswer.objects.all()] == ["new"])


def test_a_place_that_got_free_with_its_account_is_given_away(
    celery: Any, alice: User, charlie: User
) -> None:
    contest = make_contest(max_participants=1, has_waiting_list=True)
    for user in (alice, charlie):
        participation.join(contest=contest, user=user)
    alice.delete()

    send(celery, "fill-places")

    wait_until(lambda: contest.participants.get().state == "registered")


@pytest.mark.parametrize("moment", ["start_time", "freeze_time", "end_time"])
def test_boards_are_told_of_what_the_clock_changes(celery: Any, moment: str) -> None:
    now = timezone.now()
    times = {"start_time": now - HOUR, "end_time": now + HOUR}
    changed = make_contest(**{**times, moment: now - timedelta(seconds=1)})
    make_contest(title="Running", **times)
    ticks: list[Tick] = []
    live.listen(ticks.append)
    try:
        send(celery, "tell-of-clock")
        wait_until(lambda: len(ticks) >= 2)
    finally:
        live._listeners.remove(ticks.append)

    told = {(channel, tick.tag) for tick in ticks for channel in tick.channels}
    phase = {"start_time": "running", "freeze_time": "frozen", "end_time": "ended"}[moment]
    assert told == {
        (f"board/{changed.pk}/{kind}", f'"{kind}-0-0-{phase}"') for kind in ("true", "public")
    }
