"""Endpoints in the admin: managers see how deliveries go, and act on it."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.audit.models import AuditEntry
from apps.endpoints.models import Endpoint, EndpointDelivery, EndpointEvent
from apps.users.models import User
from tests.support.endpoints import register, secret_of

pytestmark = pytest.mark.django_db
ENDPOINTS = "admin:endpoints_endpoint"
DELIVERIES = "admin:endpoints_endpointdelivery"
State = EndpointDelivery.State


@pytest.fixture
def endpoint(alice: User) -> Endpoint:
    return register(alice, url="https://hooks.example.org/T0/path")


@pytest.fixture
def delivery(endpoint: Endpoint) -> EndpointDelivery:
    event = EndpointEvent.objects.create(type="submission.completed", key="event-1")
    made = EndpointDelivery.objects.create(endpoint=endpoint, event=event, state=State.DEAD)
    made.attempt_log.create(at=timezone.now(), status=500, latency_ms=12, response="<b>No</b>")
    return made


def act(client: Client, name: str, page: str, *ids: int) -> Any:
    body = {"action": name, "_selected_action": ids}
    return client.post(reverse(f"{page}_changelist"), body, follow=True)


def test_managers_see_where_events_go_and_never_a_secret(
    manager: Client, endpoint: Endpoint, delivery: EndpointDelivery
) -> None:
    pages = [
        reverse(f"{ENDPOINTS}_changelist"),
        reverse(f"{ENDPOINTS}_change", args=[endpoint.pk]),
        reverse(f"{DELIVERIES}_changelist"),
        reverse(f"{DELIVERIES}_change", args=[delivery.pk]),
    ]

    texts = [manager.get(each).content.decode() for each in pages]

    assert "https://hooks.example.org" in texts[0]
    assert "T0/path" not in texts[0]
    assert secret_of(endpoint)[:11] in texts[1]
    assert "&lt;b&gt;No&lt;/b&gt;" in texts[3]
    assert not any(secret_of(endpoint) in each for each in texts)


def test_who_manages_nothing_sees_nothing(client: Client, alice: User, endpoint: Endpoint) -> None:
    client.force_login(alice)

    assert client.get(reverse(f"{ENDPOINTS}_changelist")).status_code == 302


def test_managers_switch_off_and_on_again(manager: Client, bob: User, endpoint: Endpoint) -> None:
    act(manager, "disable", ENDPOINTS, endpoint.pk)
    endpoint.refresh_from_db()
    assert endpoint.disabled_for == "by_hand"

    act(manager, "enable", ENDPOINTS, endpoint.pk)
    endpoint.refresh_from_db()
    assert endpoint.disabled_at is None
    entries = AuditEntry.objects.filter(act__in=["endpoint.disable", "endpoint.enable"])
    assert {each.actor for each in entries} == {bob}


def test_managers_send_again_what_was_given_up(
    manager: Client, endpoint: Endpoint, delivery: EndpointDelivery
) -> None:
    act(manager, "resend_dead", ENDPOINTS, endpoint.pk)
    delivery.refresh_from_db()
    assert delivery.state == State.WAITING

    EndpointDelivery.objects.update(state=State.DELIVERED)
    act(manager, "resend", DELIVERIES, delivery.pk)
    delivery.refresh_from_db()
    assert delivery.state == State.WAITING


def test_a_ping_of_one_that_is_off_is_refused_with_the_reason(
    manager: Client, endpoint: Endpoint
) -> None:
    act(manager, "disable", ENDPOINTS, endpoint.pk)

    page = act(manager, "ping", ENDPOINTS, endpoint.pk).content.decode()

    assert "enable it first" in page
    assert not EndpointDelivery.objects.exists()


def test_nobody_makes_changes_or_deletes_rows_here(
    manager: Client, bob: User, endpoint: Endpoint
) -> None:
    User.objects.filter(pk=bob.pk).update(is_superuser=True)
    page = reverse(f"{ENDPOINTS}_change", args=[endpoint.pk])

    refused = [
        manager.get(reverse(f"{ENDPOINTS}_add")),
        manager.post(page, {"url": "https://evil.example.org/"}),
        manager.post(reverse(f"{ENDPOINTS}_delete", args=[endpoint.pk]), {"post": "yes"}),
    ]

    assert [each.status_code for each in refused] == [403, 403, 403]
