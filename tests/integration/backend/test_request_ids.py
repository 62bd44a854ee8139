"""One id leads from a participant's request to everything that it sets off."""

import logging
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import httpx
import pytest
from django.conf import settings as django_settings
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from apps.code_execution import delivery
from apps.code_execution.models import CodeSubmission, Judgement
from gateway.asgi import Receive, Scope, Send
from logbook.context import REQUEST_FACTS, request_id
from logbook.envelope import Envelope
from logbook.request_ids import request_id_of
from tests.support.contests import make_submission
from tests.support.execution_service import FakeExecutionService

ID = "request-of-alice-1"
MADE = re.compile(r"[0-9a-f]{32}")
URL = "/api/code-execution/submissions/"
HELLO = {"code": "print('Hello, World!')", "language": "python"}


def requests_in(caplog: pytest.LogCaptureFixture) -> list[Mapping[str, Any]]:
    return [vars(each)[REQUEST_FACTS] for each in caplog.records if each.msg == "request"]


class TestTheApi:
    pytestmark = pytest.mark.django_db(transaction=True)

    @pytest.mark.parametrize("path", ["/api/health/", "/api/nowhere/", "/nowhere", "/admin/login/"])
    def test_every_answer_has_the_id_of_its_request(self, path: str) -> None:
        assert Client().get(path, headers={"X-Request-Id": ID}).headers["X-Request-Id"] == ID

    @pytest.mark.parametrize("told", ["short", "x" * 65, "with a space", "<script>"])
    def test_makes_an_id_where_none_came_that_can_be_kept(self, told: str) -> None:
        answer = Client().get("/api/health/", headers={"X-Request-Id": told})

        assert MADE.fullmatch(answer.headers["X-Request-Id"])
        assert MADE.fullmatch(request_id_of(told))

    def test_pages_of_others_may_read_and_send_it(self) -> None:
        headers = {"Origin": django_settings.CORS_ALLOWED_ORIGINS[0]}
        asked = {"Access-Control-Request-Method": "GET"}

        answer = Client().get("/api/health/", headers=headers)
        before = Client().options("/api/health/", headers=headers | asked)

        assert "X-Request-Id" in answer.headers["Access-Control-Expose-Headers"]
        assert "x-request-id" in before.headers["Access-Control-Allow-Headers"]

    def test_a_submission_is_handed_over_under_the_id_of_its_request(
        self, as_alice: APIClient, execution_service: FakeExecutionService
    ) -> None:
        as_alice.post(URL, HELLO, headers={"X-Request-Id": ID})

        [headers] = execution_service.headers
        assert headers["x-request-id"] == ID
        assert Judgement.objects.get().request_id == ID

    def test_and_later_too_when_somebody_else_does_it(
        self,
        as_alice: APIClient,
        execution_service: FakeExecutionService,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        execution_service.answer_with(503)
        as_alice.post(URL, HELLO, headers={"X-Request-Id": ID})
        Judgement.objects.update(due_at=timezone.now() - timedelta(seconds=1))

        delivery.attend([Judgement.objects.get().pk])

        assert [each["x-request-id"] for each in execution_service.headers] == [ID, ID]
        assert CodeSubmission.objects.get().microservice_submission_id == 1001
        assert request_id() is None

    def test_what_is_judged_anew_has_the_id_of_who_asked_for_it(
        self, as_bob: APIClient, alice: Any
    ) -> None:
        submission = make_submission(alice, microservice_submission_id=1, status="completed")

        as_bob.post(f"{URL}{submission.pk}/rerun/", headers={"X-Request-Id": "request-of-bob"})

        assert submission.judgements.get(finished_at=None).request_id == "request-of-bob"


async def answer_plainly(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with the status that the path names; `crash` breaks half-way."""
    scope["environ"][REQUEST_FACTS]["user"] = 7
    headers = [(b"x-frame-options", b"SAMEORIGIN"), (b"x-request-id", b"of-the-service")]
    status = int(scope["path"].strip("/"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": str(request_id()).encode()})


def client_of_envelope(hsts_s: int = 0) -> httpx.AsyncClient:
    envelope = Envelope(answer_plainly, hsts_s=hsts_s, address_of=lambda scope: "192.0.2.1")
    return httpx.AsyncClient(transport=httpx.ASGITransport(envelope), base_url="http://testserver")


class TestTheFrontDoor:
    pytestmark = pytest.mark.asyncio

    async def test_what_is_behind_it_knows_the_id_that_the_answer_has(self) -> None:
        answer = await client_of_envelope().get("/200", headers={"X-Request-Id": ID})

        assert answer.headers.get_list("x-request-id") == [ID]
        assert answer.text == ID

    async def test_every_answer_has_rules_for_browsers_unless_it_has_its_own(self) -> None:
        answer = await client_of_envelope().get("/404")

        assert answer.headers["x-frame-options"] == "SAMEORIGIN"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["content-security-policy"].startswith("default-src 'none'")
        assert "camera=()" in answer.headers["permissions-policy"]
        assert "strict-transport-security" not in answer.headers

    async def test_an_answer_that_changes_nothing_changes_no_rules(self) -> None:
        answer = await client_of_envelope().get("/304")

        assert "content-security-policy" not in answer.headers
        assert "x-request-id" in answer.headers

    async def test_browsers_are_told_to_come_back_over_https(self) -> None:
        answer = await client_of_envelope(hsts_s=60).get("/200")

        assert answer.headers["strict-transport-security"] == "max-age=60"

    @pytest.mark.parametrize(
        ("message", "status"),
        [
            ({"type": "websocket.accept"}, 101),
            ({"type": "websocket.close", "code": 4001}, 403),
            ({"type": "websocket.http.response.start", "status": 404, "headers": []}, 404),
        ],
    )
    async def test_a_websocket_has_an_id_and_is_one_line(
        self, caplog: pytest.LogCaptureFixture, message: dict[str, Any], status: int
    ) -> None:
        caplog.set_level(logging.INFO)
        sent: list[Any] = []

        async def answer(scope: Scope, receive: Receive, send: Send) -> None:
            await send(message)
            await send({"type": "websocket.send", "text": str(request_id())})

        async def nothing() -> dict[str, Any]:
            return {"type": "websocket.connect"}

        async def note(message: Any) -> None:
            sent.append(message)

        scope = {"type": "websocket", "path": "/ws", "headers": [(b"x-request-id", ID.encode())]}
        await Envelope(answer, hsts_s=0, address_of=lambda _: None)(scope, nothing, note)

        [facts] = requests_in(caplog)
        assert (facts["method"], facts["path"], facts["status"]) == ("WEBSOCKET", "/ws", status)
        assert sent[1]["text"] == ID
        if "close" not in message["type"]:
            assert (b"x-request-id", ID.encode()) in sent[0]["headers"]

    async def test_a_request_is_one_line_without_what_its_query_says(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.INFO)

        await client_of_envelope().get("/404?token=abcdef")

        [facts] = requests_in(caplog)
        duration_ms = facts["duration_ms"]
        assert facts == {
            "method": "GET",
            "path": "/404",
            "status": 404,
            "client": "192.0.2.1",
            "user": 7,
            "duration_ms": duration_ms,
        }
        assert duration_ms >= 0
