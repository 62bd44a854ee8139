"""The page, the strip and the API that say how the installation is doing."""

from copy import deepcopy
from dataclasses import replace
from datetime import timedelta
from typing import Any, NoReturn

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from rest_framework.test import APIClient

from apps.code_execution.models import CodeSubmission, Judgement
from apps.operations import services
from apps.operations.domain import alarms_of
from apps.operations.models import RaisedAlarm
from apps.operations.services import tick
from apps.users.models import User
from config.celery import app
from tests.support.execution_service import OPERATIONS, FakeExecutionService

pytestmark = pytest.mark.django_db
API = "/api/operations/"
PAGE = "/admin/operations/operations/"


@pytest.fixture(autouse=True)
def service(execution_service: FakeExecutionService) -> FakeExecutionService:
    """Let beat have ticked, so that nothing is wrong."""
    tick(now=timezone.now())
    return execution_service


@pytest.fixture
def bobs_admin(bob: User) -> Client:
    client = Client()
    client.force_login(bob)
    return client


def with_stuck_queue() -> dict[str, Any]:
    document = deepcopy(OPERATIONS)
    document["database"]["queues"][0] |= {"waiting": 4, "oldest_waiting_s": 200.0}
    return document


def test_managers_read_figures_of_both_services(as_bob: APIClient) -> None:
    document = as_bob.get(API).json()

    assert document["alarms"] == []
    assert document["facts"]["service"]["recent"] == 7
    assert document["facts"]["service"]["disk_free_ratio"] == 0.5
    assert document["facts"]["backend"]["outbox_due"] == 0


def test_a_participant_may_not_look(as_alice: APIClient, alice: User) -> None:
    client = Client()
    client.force_login(alice)

    assert as_alice.get(API).status_code == 403
    assert client.get(PAGE).status_code in {302, 403}


def test_the_page_says_what_is_wrong_and_what_to_do(
    service: FakeExecutionService, bobs_admin: Client
) -> None:
    assert "Nothing is wrong." in bobs_admin.get(PAGE).content.decode()
    service.operations = (200, with_stuck_queue())

    page = bobs_admin.get(PAGE).content.decode()

    assert "4 submissions wait, one for 3 min, and nobody judges." in page
    assert "Start a judge worker" in page


def test_an_alarm_keeps_the_time_since_when_it_is_up(
    service: FakeExecutionService, as_bob: APIClient
) -> None:
    service.operations = (200, with_stuck_queue())
    since = as_bob.get(API).json()["alarms"][0]["since"]
    with time_machine.travel(timezone.now() + timedelta(seconds=30)):
        assert as_bob.get(API).json()["alarms"][0]["since"] == since

    service.operations = (200, OPERATIONS)

    assert as_bob.get(API).json()["alarms"] == []
    assert not RaisedAlarm.objects.exists()


def test_the_admin_s_first_page_shows_what_beat_has_found(
    service: FakeExecutionService, bobs_admin: Client
) -> None:
    assert "nobody judges" not in bobs_admin.get("/admin/").content.decode()
    service.operations = (200, with_stuck_queue())
    tick(now=timezone.now())

    assert "nobody judges" in bobs_admin.get("/admin/").content.decode()


def test_the_first_page_looks_itself_while_beat_does_not(
    service: FakeExecutionService, bobs_admin: Client
) -> None:
    service.operations = (200, with_stuck_queue())
    with time_machine.travel(timezone.now() + timedelta(minutes=2)):
        page = bobs_admin.get("/admin/").content.decode()

    assert "beat does not tick" in page
    assert "nobody judges" in page


def test_says_that_the_service_is_away(settings: Any, as_bob: APIClient) -> None:
    settings.CODE_EXECUTION_SERVICE_URL = "http://127.0.0.1:9"

    document = as_bob.get(API).json()

    assert [alarm["name"] for alarm in document["alarms"]] == ["service-away"]
    assert document["facts"]["service"] is None


@pytest.mark.parametrize("status", [401, 403])
def test_tells_another_secret_from_a_service_that_is_away(
    service: FakeExecutionService, as_bob: APIClient, status: int
) -> None:
    service.operations = (status, {"detail": "The signature is not good."})

    assert [alarm["name"] for alarm in as_bob.get(API).json()["alarms"]] == ["secret-mismatch"]


@pytest.mark.parametrize(
    "answer", [[], {}, {**OPERATIONS, "disk": {}}, {**OPERATIONS, "checks": 1}]
)
def test_a_service_of_another_version_is_a_finding_and_no_crash(
    service: FakeExecutionService, as_bob: APIClient, answer: object
) -> None:
    service.operations = (200, answer)

    assert [alarm["name"] for alarm in as_bob.get(API).json()["alarms"]] == ["service-away"]


def test_a_judgement_that_nobody_looks_after_raises_an_alarm(
    as_bob: APIClient, alice: User
) -> None:
    submission = CodeSubmission.objects.create(user=alice, code="print(1)", language="python")
    Judgement.objects.create(submission=submission, due_at=timezone.now() - timedelta(minutes=5))

    document = as_bob.get(API).json()

    assert [alarm["name"] for alarm in document["alarms"]] == ["outbox-stuck"]
    assert document["facts"]["backend"]["outbox_due"] == 1
    assert document["facts"]["backend"]["submissions_pending"] == 1


def test_beat_that_does_not_tick_raises_an_alarm(as_bob: APIClient) -> None:
    with time_machine.travel(timezone.now() + timedelta(minutes=2)):
        alarms = as_bob.get(API).json()["alarms"]

    assert [alarm["name"] for alarm in alarms] == ["beat-still"]


def test_beat_ticks_by_its_schedule() -> None:
    assert "operations.tick" in {entry["task"] for entry in app.conf.beat_schedule.values()}


def test_every_alarm_leads_to_a_page_that_is_there(service: FakeExecutionService) -> None:
    document = with_stuck_queue()
    document["checks"] = {"engine": "no bwrap", "signature": "refused", "deliveries": "off"}
    document["database"]["events"] |= {"oldest_undelivered_s": 500.0, "failed_lately": 1}
    document["database"]["workers"][0]["is_silent"] = True
    document["database"]["judgements"]["recent_faults"] = 7
    service.operations = (200, document)
    with_service = services.look(now=timezone.now() + timedelta(minutes=5)).facts
    without_service = replace(with_service, service=None)

    alarms = alarms_of(with_service) + alarms_of(without_service)

    assert len(alarms) == 11
    assert all(reverse(alarm.page) for alarm in alarms if alarm.page)


class TestCommand:
    """`manage.py alarms`, which `health` and `doctor` ask."""

    def test_says_that_nothing_is_wrong(self, capsys: pytest.CaptureFixture[str]) -> None:
        call_command("alarms")

        title, summary = capsys.readouterr().out.splitlines()
        assert title == "Alarms"
        assert "0 wait, 0 are judged by 1 judge processes; 0 results undelivered" in summary

    def test_says_what_is_wrong_and_what_to_do_and_fails(
        self, service: FakeExecutionService, capsys: pytest.CaptureFixture[str]
    ) -> None:
        service.operations = (200, with_stuck_queue())

        with pytest.raises(SystemExit) as ended:
            call_command("alarms")

        told = capsys.readouterr().out
        assert ended.value.code == 1
        assert "RED     queue-stuck, since " in told
        assert "4 submissions wait, one for 3 min, and nobody judges." in told
        assert "Do: Start a judge worker" in told

    def test_does_not_fail_for_what_can_wait(
        self, service: FakeExecutionService, capsys: pytest.CaptureFixture[str]
    ) -> None:
        document = deepcopy(OPERATIONS)
        document["database"]["events"]["failed_lately"] = 2
        service.operations = (200, document)

        call_command("alarms")

        assert "YELLOW  deliveries-failed" in capsys.readouterr().out

    def test_says_that_the_database_can_t_be_asked(self) -> None:
        def fail(*args: Any) -> NoReturn:
            raise OperationalError("no such table: operations_heartbeat")

        with (
            connection.execute_wrapper(fail),
            pytest.raises(CommandError, match=r"no such table.*migrate"),
        ):
            call_command("alarms")
