"""Senders and calls side by side: none sends twice, none holds up another."""

import threading
import time
from datetime import timedelta
from functools import partial

import pytest
from django.db import connection, transaction
from django.utils import timezone

from apps.endpoints import outbox, sending, services
from apps.endpoints.models import Endpoint, EndpointDelivery, SenderTurn
from apps.users.models import User
from tests.integration.backend.endpoint_sending.deliveries import judge, sweep, the_delivery
from tests.support.endpoints import Receiver, receiver, register
from tests.support.patience import PATIENCE_S
from tests.support.threads import run_at_once

pytestmark = pytest.mark.django_db(transaction=True)
State = EndpointDelivery.State


@pytest.fixture(autouse=True)
def patient_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "CALL_TIMEOUT_S", 2 * PATIENCE_S)
    monkeypatch.setattr(sending, "SENT_FOR_S", 2 * PATIENCE_S)


def test_two_senders_never_send_the_same(alice: User, endpoint: Endpoint, team: Receiver) -> None:
    judge(alice)
    outbox.address(now=timezone.now())
    delivery_id, now = the_delivery().pk, timezone.now()

    calls = run_at_once([partial(sending.claim, delivery_id=delivery_id, now=now)] * 4)

    assert sum(each is not None for each in calls) == 1


def test_who_has_waited_for_anothers_claim_gets_nothing(alice: User, endpoint: Endpoint) -> None:
    judge(alice)
    outbox.address(now=timezone.now())
    delivery_id, now = the_delivery().pk, timezone.now()
    has_claimed = threading.Event()

    def first() -> bool:
        with transaction.atomic():
            call = sending.claim(delivery_id=delivery_id, now=now)
            has_claimed.set()
            time.sleep(0.3)  # the other one begins meanwhile, and waits for the commit
        return call is not None

    def second() -> bool:
        has_claimed.wait()
        return sending.claim(delivery_id=delivery_id, now=now) is not None

    assert run_at_once([first, second]) == [True, False]


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
        had_come: list[bool] = []
        slow.before_answer = lambda: had_come.append(all_others_came.wait(PATIENCE_S))

        def count() -> None:
            if len(team.received) == 5:
                all_others_came.set()

        team.before_answer = count

        sweep()

    assert len(team.received) == 5
    assert had_come == [True] * 5


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
            both.wait(PATIENCE_S)
        with lock:
            at_once[0] -= 1

    team.before_answer = enter

    sweep()

    assert len(team.received) == 5
    assert most[0] == 2
