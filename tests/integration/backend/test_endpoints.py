"""Registering endpoints, and what one can see and do about them at the API."""

import re
from datetime import timedelta
from functools import partial
from ipaddress import ip_network
from typing import Any

import pytest
from django.utils import timezone
from limits import parse
from rest_framework.test import APIClient

from apps.audit.models import AuditEntry
from apps.contests.models import Contest, ContestRole
from apps.core.models import IdempotentAnswer
from apps.endpoints import services
from apps.endpoints.models import Endpoint, EndpointDelivery, EndpointEvent, EndpointSecret
from apps.endpoints.services import ENDPOINTS_MAX
from apps.users.models import User
from tests.integration.backend.conftest import client_of
from tests.support.contests import make_contest
from tests.support.endpoints import register, secret_of
from tests.support.people import make_user
from tests.support.threads import run_at_once

pytestmark = pytest.mark.django_db
URL = "/api/endpoints/"
HOOK = "https://hooks.example.org/T0/path?key=1"
NEW = {"url": HOOK, "event_types": ["submission.completed"]}
State = EndpointDelivery.State


def manager_of(contest: Contest) -> User:
    user = make_user("dora")
    ContestRole.objects.create(contest=contest, user=user, role=ContestRole.Role.MANAGER)
    return user


def make_delivery(endpoint: Endpoint, state: str = State.DEAD, **fields: Any) -> EndpointDelivery:
    number = EndpointEvent.objects.count()
    event = EndpointEvent.objects.create(type="submission.completed", key=f"event-{number}")
    return EndpointDelivery.objects.create(endpoint=endpoint, event=event, state=state, **fields)


class TestRegistering:
    def test_shows_the_secret_once(self, as_alice: APIClient) -> None:
        made = as_alice.post(URL, NEW)

        assert made.status_code == 201
        secret = made.json()["secret"]
        assert re.fullmatch(r"whsec_[A-Za-z0-9+/]{43}=", secret)
        later = as_alice.get(f"{URL}{made.json()['id']}/")
        assert secret not in later.content.decode()
        assert [each["prefix"] for each in later.json()["secrets"]] == [secret[:11]]
        assert secret == secret_of(Endpoint.objects.get())

    def test_keeps_no_secret_readable(self, as_alice: APIClient) -> None:
        headers = {"Idempotency-Key": "k-1"}
        secret = as_alice.post(URL, NEW, headers=headers).json()["secret"]

        kept = [
            *EndpointSecret.objects.values_list("sealed", flat=True),
            *IdempotentAnswer.objects.values_list("body", flat=True),
            *map(str, AuditEntry.objects.values_list("after", flat=True)),
        ]

        assert len(kept) == 3
        assert not any(secret[len("whsec_") :] in each for each in kept)

    def test_says_in_the_audit_trail_where_but_not_the_path(self, as_alice: APIClient) -> None:
        as_alice.post(URL, NEW)

        entry = AuditEntry.objects.get(act="endpoint.create")
        assert entry.after["origin"] == "https://hooks.example.org"
        assert "key=1" not in str(entry.after)

    @pytest.mark.parametrize(
        ("fields", "named"),
        [
            ({"url": "http://hooks.example.org/"}, "url"),
            ({"url": "https://127.0.0.1/"}, "url"),
            ({"url": "https://169.254.169.254/latest/meta-data/"}, "url"),
            ({"url": "https://[::ffff:10.0.0.1]/"}, "url"),
            ({"url": "https://0x7f.1/"}, "url"),
            ({"url": "https://alice:secret@hooks.example.org/"}, "url"),
            ({"url": "https://hooks.example.org:22/"}, "url"),
            ({"url": "https://hooks.example.org/" + "x" * 2000}, "url"),
            ({"url": ""}, "url"),
            ({"event_types": []}, "event_types"),
            ({"event_types": ["submission.deleted"]}, "event_types"),
            ({"event_types": ["ping"]}, "event_types"),
            ({"event_types": ["contest.started"]}, "event_types"),
            ({"event_types": "submission.completed"}, "event_types"),
            ({"description": "x" * 201}, "description"),
            ({"scope": "some"}, "scope"),
            ({"scope": "contest"}, "contest"),
            ({"contest": 0}, "contest"),
        ],
    )
    def test_refuses_what_can_not_be_used(
        self, as_alice: APIClient, fields: dict[str, Any], named: str
    ) -> None:
        answer = as_alice.post(URL, {**NEW, **fields})

        assert answer.status_code == 400
        assert list(answer.json()) == [named]
        assert not Endpoint.objects.exists()

    def test_contests_are_for_who_manages_them(self, as_alice: APIClient) -> None:
        contest = make_contest()
        wanted = {
            "url": HOOK,
            "event_types": ["submission.completed", "contest.ended"],
            "scope": "contest",
            "contest": contest.pk,
        }

        assert as_alice.post(URL, wanted).status_code == 403
        made = client_of(manager_of(contest)).post(URL, wanted)
        assert (made.status_code, made.json()["contest"]) == (201, contest.pk)

    def test_a_hidden_contest_is_not_there_for_others(self, as_alice: APIClient) -> None:
        hidden = make_contest(is_published=False)

        answer = as_alice.post(URL, {**NEW, "scope": "contest", "contest": hidden.pk})

        assert answer.status_code == 400
        assert "does not exist" in answer.json()["contest"][0]

    def test_everything_is_for_global_managers(
        self, as_alice: APIClient, as_bob: APIClient
    ) -> None:
        wanted = {**NEW, "scope": "all", "event_types": ["contest.finalized"]}

        assert as_alice.post(URL, wanted).status_code == 403
        assert client_of(manager_of(make_contest())).post(URL, wanted).status_code == 403
        assert as_bob.post(URL, wanted).status_code == 201

    def test_an_account_has_so_many_and_no_more(self, alice: User, as_alice: APIClient) -> None:
        for _ in range(ENDPOINTS_MAX - 1):
            register(alice)

        assert as_alice.post(URL, NEW).status_code == 201
        answer = as_alice.post(URL, NEW)

        assert (answer.status_code, answer.json()["code"]) == (409, "too-many-endpoints")
        assert Endpoint.objects.count() == ENDPOINTS_MAX

    def test_networks_of_the_operators_own_may_be_used(
        self, as_alice: APIClient, settings: Any
    ) -> None:
        settings.OUTGOING_ALLOWED_NETWORKS = (ip_network("10.20.0.0/16"),)

        inside = as_alice.post(URL, {**NEW, "url": "http://10.20.1.2:8080/hook"})
        elsewhere = as_alice.post(URL, {**NEW, "url": "http://10.30.1.2:8080/hook"})

        assert (inside.status_code, elsewhere.status_code) == (201, 400)


@pytest.mark.django_db(transaction=True)
def test_requests_at_the_same_moment_make_no_more_than_one_may_have(alice: User) -> None:
    for _ in range(ENDPOINTS_MAX - 1):
        register(alice)

    answers = run_at_once([partial(client_of(alice).post, URL, NEW) for _ in range(4)])

    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]


class TestOne:
    @pytest.fixture
    def endpoint(self, alice: User) -> Endpoint:
        return register(alice)

    def test_lists_ones_own_and_for_global_managers_all(
        self, endpoint: Endpoint, as_alice: APIClient, as_charlie: APIClient, as_bob: APIClient
    ) -> None:
        counts = [each.get(URL).json()["count"] for each in (as_alice, as_charlie, as_bob)]

        assert counts == [1, 0, 1]

    def test_is_changed_by_what_is_sent(self, endpoint: Endpoint, as_alice: APIClient) -> None:
        answer = as_alice.patch(
            f"{URL}{endpoint.pk}/", {"event_types": ["submission.rejudged"] * 2}
        )

        assert answer.status_code == 200
        assert answer.json()["event_types"] == ["submission.rejudged"]
        assert answer.json()["url"] == endpoint.url
        entry = AuditEntry.objects.get(act="endpoint.change")
        assert entry.before == {"event_types": ["submission.completed"]}

    @pytest.mark.parametrize(
        "fields", [{"url": "https://10.0.0.1/"}, {"event_types": ["contest.ended"]}]
    )
    def test_can_not_be_changed_into_what_is_refused(
        self, endpoint: Endpoint, as_alice: APIClient, fields: dict[str, Any]
    ) -> None:
        assert as_alice.patch(f"{URL}{endpoint.pk}/", fields).status_code == 400
        endpoint.refresh_from_db()
        assert endpoint.url == "https://hooks.example.org/alice"

    def test_neither_owner_nor_scope_can_be_changed(
        self, endpoint: Endpoint, as_alice: APIClient, bob: User
    ) -> None:
        as_alice.patch(f"{URL}{endpoint.pk}/", {"scope": "all", "owner": bob.pk})

        endpoint.refresh_from_db()
        assert (endpoint.scope, endpoint.owner.username) == ("own", "alice")

    def test_is_deleted_with_all_that_it_was_sent(
        self, endpoint: Endpoint, as_alice: APIClient
    ) -> None:
        make_delivery(endpoint)

        assert as_alice.delete(f"{URL}{endpoint.pk}/").status_code == 204
        assert not EndpointDelivery.objects.exists()
        assert AuditEntry.objects.filter(act="endpoint.delete").exists()

    @pytest.mark.parametrize("endpoint_id", ["0", "x", "-1", "9" * 30, "999999"])
    def test_there_is_none_of_another_id(self, as_alice: APIClient, endpoint_id: str) -> None:
        assert as_alice.get(f"{URL}{endpoint_id}/").status_code == 404
        assert as_alice.post(f"{URL}{endpoint_id}/ping/").status_code == 404

    def test_a_new_secret_leaves_the_old_one_a_day(
        self, endpoint: Endpoint, as_alice: APIClient
    ) -> None:
        old = secret_of(endpoint)

        answer = as_alice.post(f"{URL}{endpoint.pk}/secret/rotate/").json()

        assert answer["secret"] != old
        newest, older = answer["secrets"]
        assert (newest["prefix"], newest["expires_at"]) == (answer["secret"][:11], None)
        assert older["prefix"] == old[:11]
        now = timezone.now()
        signing = [each.text for each in services.secrets_of(endpoint, now=now)]
        assert signing == [answer["secret"], old]
        tomorrow = now + timedelta(hours=25)
        assert [each.text for each in services.secrets_of(endpoint, now=tomorrow)] == signing[:1]

    def test_however_often_it_is_rotated_three_secrets_sign_at_most(
        self, endpoint: Endpoint, as_alice: APIClient
    ) -> None:
        for _ in range(5):
            as_alice.post(f"{URL}{endpoint.pk}/secret/rotate/")

        assert endpoint.secrets.count() == 3

    def test_a_switched_off_one_is_sent_nothing_until_it_is_on_again(
        self, endpoint: Endpoint, as_alice: APIClient
    ) -> None:
        waiting = make_delivery(endpoint, State.WAITING)
        off = as_alice.post(f"{URL}{endpoint.pk}/disable/").json()
        waiting.refresh_from_db()
        refused = [
            as_alice.post(f"{URL}{endpoint.pk}/{path}").json()["code"]
            for path in ("ping/", "deliveries/resend/", f"deliveries/{waiting.pk}/resend/")
        ]

        on = as_alice.post(f"{URL}{endpoint.pk}/enable/").json()

        assert (off["disabled_for"], on["disabled_for"], on["disabled_at"]) == (
            "by_hand",
            None,
            None,
        )
        assert waiting.state == State.DEAD
        assert refused == ["endpoint-disabled"] * 3
        acts = AuditEntry.objects.filter(act__startswith="endpoint.").values_list("act", flat=True)
        assert {"endpoint.disable", "endpoint.enable"} <= set(acts)

    def test_a_ping_waits_to_be_sent(self, endpoint: Endpoint, as_alice: APIClient) -> None:
        answer = as_alice.post(f"{URL}{endpoint.pk}/ping/")

        assert answer.status_code == 202
        assert (answer.json()["event_type"], answer.json()["state"]) == ("ping", "waiting")
        assert answer.json()["event"].startswith("evt_")

    def test_calls_are_limited(
        self, endpoint: Endpoint, as_alice: APIClient, settings: Any
    ) -> None:
        settings.RATE_LIMITS = {**settings.RATE_LIMITS, "endpoint_call": parse("2/minute")}
        url = f"{URL}{endpoint.pk}/"
        paths = ("ping/", "deliveries/resend/", "ping/")

        statuses = [as_alice.post(f"{url}{each}").status_code for each in paths]

        assert statuses == [202, 202, 429]


class TestDeliveries:
    @pytest.fixture
    def endpoint(self, alice: User) -> Endpoint:
        return register(alice)

    def test_are_listed_by_state_and_type(self, endpoint: Endpoint, as_alice: APIClient) -> None:
        dead, done = make_delivery(endpoint), make_delivery(endpoint, State.DELIVERED)
        url = f"{URL}{endpoint.pk}/deliveries/"

        def ids(query: str) -> list[int]:
            return [each["id"] for each in as_alice.get(f"{url}{query}").json()["results"]]

        assert ids("") == [done.pk, dead.pk]
        assert ids("?state=dead") == [dead.pk]
        assert ids("?event_type=ping") == []
        assert as_alice.get(f"{url}?state=lost").status_code == 400

    def test_say_how_each_attempt_went(self, endpoint: Endpoint, as_alice: APIClient) -> None:
        delivery = make_delivery(endpoint, State.WAITING)
        delivery.attempt_log.create(
            at=timezone.now(), status=500, latency_ms=12, response="Out of order."
        )

        shown = as_alice.get(f"{URL}{endpoint.pk}/deliveries/{delivery.pk}/").json()

        assert shown["next_attempt_at"] is not None
        [attempt] = shown["attempt_log"]
        assert (attempt["status"], attempt["latency_ms"]) == (500, 12)
        assert attempt["response"] == "Out of order."

    def test_of_another_endpoint_are_not_there(
        self, endpoint: Endpoint, as_charlie: APIClient, charlie: User
    ) -> None:
        other, delivery = register(charlie), make_delivery(endpoint)
        url = f"{URL}{other.pk}/deliveries/{delivery.pk}/"

        assert as_charlie.get(url).status_code == 404
        assert as_charlie.post(f"{url}resend/").status_code == 404
        delivery.refresh_from_db()
        assert delivery.state == State.DEAD

    def test_one_is_sent_again(self, endpoint: Endpoint, as_alice: APIClient) -> None:
        delivery = make_delivery(endpoint, State.DELIVERED, attempts=3)

        answer = as_alice.post(f"{URL}{endpoint.pk}/deliveries/{delivery.pk}/resend/")

        assert answer.status_code == 202
        assert (answer.json()["state"], answer.json()["attempts"]) == ("waiting", 0)

    def test_many_are_sent_again_from_a_moment_on(
        self, endpoint: Endpoint, as_alice: APIClient, charlie: User
    ) -> None:
        now = timezone.now()
        old = make_delivery(endpoint, created_at=now - timedelta(days=2))
        recent = make_delivery(endpoint)
        done = make_delivery(endpoint, State.DELIVERED)
        others = make_delivery(register(charlie))
        since = (now - timedelta(days=1)).isoformat()

        answer = as_alice.post(f"{URL}{endpoint.pk}/deliveries/resend/", {"since": since})

        assert answer.json() == {"resent": 1}
        states = {each.pk: each.state for each in EndpointDelivery.objects.all()}
        assert states == {
            old.pk: State.DEAD,
            recent.pk: State.WAITING,
            done.pk: State.DELIVERED,
            others.pk: State.DEAD,
        }
        assert AuditEntry.objects.get(act="endpoint.resend").after == {"deliveries": 1}

    def test_many_are_at_most_so_many(
        self, endpoint: Endpoint, alice: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(services, "RESENT_AT_ONCE_MAX", 2)
        made = [make_delivery(endpoint) for _ in range(3)]

        count = services.resend(
            endpoint=endpoint, deliveries=EndpointDelivery.objects.all(), actor=alice
        )

        assert count == 2
        waiting = EndpointDelivery.objects.filter(state=State.WAITING)
        assert {each.pk for each in waiting} == {each.pk for each in made[:2]}


def test_a_deleted_contest_takes_its_endpoints_along(alice: User, as_bob: APIClient) -> None:
    contest = make_contest()
    endpoint = register(manager_of(contest), contest=contest)

    as_bob.delete(f"/api/code-execution/contests/{contest.pk}/")

    assert not Endpoint.objects.filter(pk=endpoint.pk).exists()
