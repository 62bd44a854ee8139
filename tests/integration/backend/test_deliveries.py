"""What the execution service has sent, as managers see it here, and how they get it again."""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from rest_framework.test import APIClient

from apps.audit.models import AuditEntry
from apps.code_execution.models import CodeSubmission
from apps.users.models import User
from tests.support.execution_service import FakeExecutionService

pytestmark = pytest.mark.django_db
API = "/api/code-execution/deliveries/"
ADMIN = "/admin/code_execution/delivery/"
SERVICE = "/api/v1/deliveries/"
ATTEMPT = {
    "attempted_at": "2026-01-01T00:00:01.000Z",
    "duration_ms": 12,
    "status_code": 503,
    "outcome": "<b>busy</b>",
}
EVENT: dict[str, Any] = {
    "id": 7,
    "webhook_id": "evt_1",
    "type": "submission.completed",
    "submission_id": 1001,
    "reference": "5",
    "request_id": None,
    "status": "pending",
    "attempts": 1,
    "created_at": "2026-01-01T00:00:00.000Z",
    "next_attempt_at": "2026-01-01T01:00:00.000Z",
    "delivered_at": None,
    "last_delivery": ATTEMPT,
}
DETAIL = {**EVENT, "body": '{"status":"completed"}', "body_characters": 22, "deliveries": [ATTEMPT]}
ENABLED = {
    "is_enabled": True,
    "disabled_at": None,
    "disabled_for": None,
    "failing_since": None,
    "pending": 2,
    "failed": 3,
}
GONE = {
    **ENABLED,
    "is_enabled": False,
    "disabled_at": "2026-01-01T00:00:00.000Z",
    "disabled_for": "gone",
}


@pytest.fixture
def service(execution_service: FakeExecutionService) -> FakeExecutionService:
    execution_service.deliveries = {
        "GET ": (200, [EVENT]),
        "GET 7": (200, DETAIL),
        "POST 7/resend": (200, {**DETAIL, "attempts": 0}),
        "POST resend": (200, {"resent": 2, "has_more": False}),
        "GET receiver": (200, ENABLED),
        "POST receiver/enable": (200, ENABLED),
    }
    return execution_service


def asked(service: FakeExecutionService) -> tuple[str, dict[str, list[str]], object]:
    """Give what was asked last: the method with the path, the query, and the body."""
    what, body = service.asked_about_deliveries[-1]
    url = urlsplit(what)
    return url.path, parse_qs(url.query), body


class TestApi:
    """For managers of every contest."""

    def test_lists_events_by_what_the_caller_asks_for(
        self, as_bob: APIClient, service: FakeExecutionService, alice: User
    ) -> None:
        submission = CodeSubmission.objects.create(
            user=alice, code="x", language="python", microservice_submission_id=1001
        )

        query: dict[str, Any] = {
            "status": "failed",
            "submission": submission.pk,
            "page_size": 1,
            "before": 9,
        }
        answer = as_bob.get(API, {**query, "before": 9, "created_from": "2026-01-01T00:00:00Z"})

        path, sent, _ = asked(service)
        assert path == f"GET {SERVICE}"
        assert sent == {
            "status": ["failed"],
            "submission_id": ["1001"],
            "limit": ["1"],
            "before": ["9"],
            "created_from": ["2026-01-01T00:00:00+00:00"],
        }
        [event] = answer.json()["results"]
        assert (event["id"], event["submission"], event["status"]) == (7, 5, "pending")
        assert event["last_delivery"]["status_code"] == 503
        assert "before=7" in answer.json()["next"]

    def test_a_submission_that_was_never_handed_over_has_no_events(
        self, as_bob: APIClient, service: FakeExecutionService
    ) -> None:
        answer = as_bob.get(API, {"submission": 999})

        assert answer.json() == {"next": None, "results": []}
        assert service.asked_about_deliveries == []

    def test_shows_an_event_with_its_attempts(
        self, as_bob: APIClient, service: FakeExecutionService
    ) -> None:
        answer = as_bob.get(f"{API}7/").json()

        assert answer["body"] == DETAIL["body"]
        assert [each["outcome"] for each in answer["deliveries"]] == ["<b>busy</b>"]

    def test_sends_one_event_again_and_notes_who_did(
        self, as_bob: APIClient, bob: User, service: FakeExecutionService
    ) -> None:
        answer = as_bob.post(f"{API}7/resend/")

        assert answer.status_code == 200
        assert asked(service)[0] == f"POST {SERVICE}7/resend"
        entry = AuditEntry.objects.get(act="delivery.resend")
        assert (entry.actor, entry.object_label, entry.object_id) == (bob, "Event 7", "7")

    @pytest.mark.parametrize("body", [{"ids": [7, 8]}, {"status": "failed"}])
    def test_sends_many_again_and_notes_which(
        self, as_bob: APIClient, service: FakeExecutionService, body: dict[str, Any]
    ) -> None:
        answer = as_bob.post(f"{API}resend/", body, format="json")

        assert answer.json() == {"resent": 2, "has_more": False}
        assert asked(service)[2] == body
        assert AuditEntry.objects.get(act="delivery.resend").after == {**body, "resent": 2}

    @pytest.mark.parametrize(
        "body",
        [{}, {"ids": []}, {"ids": [1], "status": "failed"}, {"status": "pending"},
         {"ids": [0]}, {"ids": list(range(1, 1002))}],
    )  # fmt: skip
    def test_says_what_is_wrong_with_a_choice(
        self, as_bob: APIClient, service: FakeExecutionService, body: dict[str, Any]
    ) -> None:
        assert as_bob.post(f"{API}resend/", body, format="json").status_code == 400
        assert service.asked_about_deliveries == []

    def test_tells_of_the_receiver_and_enables_it_with_a_note(
        self, as_bob: APIClient, bob: User, service: FakeExecutionService
    ) -> None:
        service.deliveries["GET receiver"] = (200, GONE)

        before = as_bob.get(f"{API}receiver/").json()
        after = as_bob.post(f"{API}receiver/enable/").json()

        assert (before["is_enabled"], before["disabled_for"]) == (False, "gone")
        assert after["is_enabled"] is True
        assert AuditEntry.objects.get(act="delivery.enable").actor == bob

    @pytest.mark.parametrize("number", [8, 0, 2**63])
    def test_there_is_no_event_that_is_not_there(
        self, as_bob: APIClient, service: FakeExecutionService, number: int
    ) -> None:
        assert as_bob.get(f"{API}{number}/").status_code == 404
        assert as_bob.post(f"{API}{number}/resend/").status_code == 404
        assert not AuditEntry.objects.exists()

    def test_says_in_a_sentence_that_the_service_is_away(
        self, as_bob: APIClient, settings: Any
    ) -> None:
        settings.CODE_EXECUTION_SERVICE_URL = "http://127.0.0.1:9"

        answer = as_bob.get(API)

        assert answer.status_code == 503
        assert answer.json()["code"] == "execution-service-away"
        assert "can't be asked now" in answer.json()["detail"]
        assert int(answer.headers["Retry-After"]) > 0

    @pytest.mark.parametrize(
        ("answer", "said"),
        [
            ((401, {"detail": "Bad signature"}), "CODE_EXECUTION_WEBHOOK_SECRET"),
            ((500, "?"), "HTTP 500"),
            ((200, {}), "of another version"),
            ((200, [{}]), "of another version"),
            ((200, [{**EVENT, "status": "lost"}]), "of another version"),
            ((200, [EVENT] * 201), "of another version"),
        ],
    )
    def test_says_what_is_wrong_with_an_answer_that_is_none(
        self,
        as_bob: APIClient,
        service: FakeExecutionService,
        answer: tuple[int, object],
        said: str,
    ) -> None:
        service.deliveries["GET "] = answer

        refused = as_bob.get(API)

        assert refused.status_code == 503
        assert said in refused.json()["detail"]


class TestAdmin:
    """The pages."""

    def test_shows_the_state_and_the_events(
        self, manager: Client, service: FakeExecutionService
    ) -> None:
        page = manager.get(ADMIN, {"status": "pending"}).content.decode()

        assert "Results are sent to us." in page
        assert "2 events wait" in page
        assert f"{ADMIN}7/" in page
        assert "503: &lt;b&gt;busy&lt;/b&gt;" in page
        assert asked(service)[1]["status"] == ["pending"]
        assert f"{ADMIN}resend-failed/" in page

    def test_turns_the_page_with_the_same_filter(
        self, manager: Client, service: FakeExecutionService
    ) -> None:
        service.deliveries["GET "] = (200, [{**EVENT, "id": n} for n in range(99, 49, -1)])

        page = manager.get(ADMIN, {"status": "pending"}).content.decode()

        assert "?status=pending&amp;before=50" in page

    def test_says_why_nothing_is_sent_and_enables_it_after_asking(
        self, manager: Client, service: FakeExecutionService
    ) -> None:
        service.deliveries["GET receiver"] = (200, GONE)

        page = manager.get(ADMIN).content.decode()
        question = manager.get(f"{ADMIN}enable/").content.decode()
        asked_before = [what for what, _ in service.asked_about_deliveries]
        answer = manager.post(f"{ADMIN}enable/", {"confirmed": "yes"}, follow=True)

        assert "we answered one with 410" in page
        assert f"{ADMIN}enable/" in page
        assert "all that waits" in question
        assert f"POST {SERVICE}receiver/enable" not in asked_before
        assert "Deliveries are enabled; 2 events were waiting." in answer.content.decode()
        assert AuditEntry.objects.filter(act="delivery.enable").count() == 1

    def test_shows_an_event_with_its_attempts_and_sends_it_again(
        self, manager: Client, service: FakeExecutionService
    ) -> None:
        page = manager.get(f"{ADMIN}7/").content.decode()
        answer = manager.post(f"{ADMIN}7/resend/", follow=True)

        assert "&lt;b&gt;busy&lt;/b&gt;" in page
        assert "&quot;completed&quot;" in page
        assert "Event 7 is sent again." in answer.content.decode()
        assert AuditEntry.objects.get(act="delivery.resend").object_id == "7"

    def test_sends_the_ticked_ones_again(
        self, manager: Client, service: FakeExecutionService
    ) -> None:
        sent = manager.post(f"{ADMIN}resend/", {"event": ["7", "8", "x", "9" * 5000]}, follow=True)

        assert "2 events are sent again." in sent.content.decode()
        bodies = [body for what, body in service.asked_about_deliveries if what.startswith("POST")]
        assert bodies == [{"ids": [7, 8]}]

    def test_asks_for_a_choice_where_nothing_is_ticked(
        self, manager: Client, service: FakeExecutionService
    ) -> None:
        answer = manager.post(f"{ADMIN}resend/", follow=True)

        assert "Choose the events to send again." in answer.content.decode()

    def test_sends_all_that_failed_again_after_asking(
        self, manager: Client, service: FakeExecutionService
    ) -> None:
        question = manager.get(f"{ADMIN}resend-failed/").content.decode()
        manager.post(f"{ADMIN}resend-failed/", {"confirmed": "yes"})

        assert "given up" in question
        bodies = [body for what, body in service.asked_about_deliveries if what.startswith("POST")]
        assert bodies == [{"status": "failed"}]

    @pytest.mark.parametrize("path", ["", "7/"])
    def test_says_in_a_sentence_that_the_service_is_away(
        self, manager: Client, settings: Any, path: str
    ) -> None:
        settings.CODE_EXECUTION_SERVICE_URL = "http://127.0.0.1:9"

        page = manager.get(f"{ADMIN}{path}")

        assert page.status_code == 200
        assert "The execution service can&#x27;t be asked now" in page.content.decode()

    def test_says_that_the_services_do_not_share_a_secret(
        self, manager: Client, service: FakeExecutionService
    ) -> None:
        service.deliveries["GET receiver"] = (401, {"detail": "Bad signature"})

        page = manager.get(ADMIN).content.decode()

        assert "CODE_EXECUTION_WEBHOOK_SECRET of the backend and BACKEND_WEBHOOK_SECRET" in page

    def test_an_act_that_fails_is_told_and_not_noted(
        self, manager: Client, service: FakeExecutionService
    ) -> None:
        service.deliveries["POST resend"] = (500, "?")

        answer = manager.post(f"{ADMIN}resend/", {"event": "7"}, follow=True)

        assert "HTTP 500" in answer.content.decode()
        assert not AuditEntry.objects.filter(act="delivery.resend").exists()

    def test_a_wrong_filter_is_told_and_asks_for_no_events(
        self, manager: Client, service: FakeExecutionService
    ) -> None:
        page = manager.get(ADMIN, {"submission": "many"})

        assert "Enter a whole number." in page.content.decode()
        assert [what for what, _ in service.asked_about_deliveries] == [f"GET {SERVICE}receiver"]

    def test_who_may_only_look_sends_nothing(
        self, charlie: User, service: FakeExecutionService
    ) -> None:
        charlie.is_staff = True
        charlie.save()
        charlie.user_permissions.add(Permission.objects.get(codename="view_delivery"))
        client = Client()
        client.force_login(charlie)

        page = client.get(ADMIN).content.decode()
        refusals = [
            client.post(f"{ADMIN}{path}", {"confirmed": "yes", "event": "7"}).status_code
            for path in ("7/resend/", "resend/", "resend-failed/", "enable/")
        ]

        assert "Send the chosen ones again" not in page
        assert refusals == [403] * 4
        assert not [what for what, _ in service.asked_about_deliveries if what.startswith("POST")]

    def test_is_closed_to_other_staff_and_stands_in_the_menu_of_managers(
        self, manager: Client, charlie: User
    ) -> None:
        charlie.is_staff = True
        charlie.save()
        client = Client()
        client.force_login(charlie)

        assert [client.get(f"{ADMIN}{path}").status_code for path in ("", "7/")] == [403, 403]
        assert ADMIN in manager.get("/admin/").content.decode()

    def test_a_link_sends_nothing(self, manager: Client, service: FakeExecutionService) -> None:
        assert [manager.get(f"{ADMIN}{path}").status_code for path in ("7/resend/", "resend/")] == [
            403
        ] * 2
        assert service.asked_about_deliveries == []


def test_times_are_those_of_the_service(as_bob: APIClient, service: FakeExecutionService) -> None:
    [event] = as_bob.get(API).json()["results"]

    assert datetime.fromisoformat(event["created_at"]) == datetime(2026, 1, 1, tzinfo=UTC)
