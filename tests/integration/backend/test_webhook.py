"""The receiver: who may tell results, and that each is applied once."""

from typing import Any

import pytest

from apps.code_execution.models import CodeSubmission
from apps.users.models import User
from apps.webhooks.models import WebhookEvent
from tests.support.contests import make_event, make_submission
from tests.support.webhooks import NEWEST_SECRET, OLD_SECRET, deliver, post

pytestmark = pytest.mark.django_db
STANDARD_HEADERS = ("webhook-id", "webhook-timestamp", "webhook-signature")


@pytest.fixture
def submission(alice: User) -> CodeSubmission:
    return make_submission(alice)


def state_of(submission: CodeSubmission) -> tuple[Any, ...]:
    submission.refresh_from_db()
    return submission.status, submission.verdict, submission.output, submission.completed_at


def test_applies_a_signed_result(submission: CodeSubmission) -> None:
    answer = deliver(make_event(submission))

    assert answer.status_code == 200, answer.content
    assert answer.json() == {"status": "success"}
    submission.refresh_from_db()
    assert submission.status == "completed"
    assert submission.verdict == "AC"
    assert submission.output == "42\n"
    assert submission.execution_time_ms == 45
    assert submission.memory_usage_bytes == 8_598_323
    assert submission.completed_at is not None
    assert submission.completed_at.isoformat() == "2024-01-15T10:30:00.123000+00:00"
    judgement = submission.judgements.get()
    assert judgement.finished_at is not None
    assert judgement.verdict == "AC"


@pytest.mark.parametrize("without", [("X-Webhook-Secret",), STANDARD_HEADERS])
def test_one_of_the_two_schemes_is_enough(
    submission: CodeSubmission, without: tuple[str, ...]
) -> None:
    assert deliver(make_event(submission), without=without).status_code == 200


def test_takes_an_event_that_is_signed_with_the_older_secret(submission: CodeSubmission) -> None:
    assert deliver(make_event(submission), secret=OLD_SECRET).status_code == 200


@pytest.mark.parametrize("path_end", ["", "/"])
def test_is_served_with_and_without_the_trailing_slash(
    submission: CodeSubmission, path_end: str, client: Any
) -> None:
    answer = client.post(f"/api/webhooks/code-execution{path_end}", {}, "application/json")

    assert answer.status_code == 401


@pytest.mark.parametrize(
    "forgery",
    [
        {"secret": "somebody else's"},
        {"age_s": 301},
        {"age_s": -302},  # a second may begin before it is looked at
        {"without": ("X-Webhook-Secret", *STANDARD_HEADERS)},
        {"without": ("webhook-id",)},
        {"without": ("webhook-timestamp",)},
        {"without": ("webhook-signature",)},
    ],
    ids=str,
)
def test_refuses_what_is_not_signed_rightly_and_changes_nothing(
    submission: CodeSubmission, forgery: dict[str, Any]
) -> None:
    before = state_of(submission)

    answer = deliver(make_event(submission), **forgery)

    assert answer.status_code == 401
    assert answer.headers["Content-Type"] == "application/json"
    assert state_of(submission) == before
    assert not WebhookEvent.objects.exists()


def test_refuses_a_body_that_was_changed_on_the_way(submission: CodeSubmission) -> None:
    answer = deliver(make_event(submission))
    headers = {
        "X-Webhook-Secret": "528a8d14c02158e9003d0538c75bd83c85f5b1eaf48a1d83aa014e950d88eaf3"
    }

    forged = post(b'{"submission_id": 7}', headers)

    assert answer.status_code == 200
    assert forged.status_code == 401


def test_a_repeated_event_is_acknowledged_and_changes_nothing(submission: CodeSubmission) -> None:
    deliver(make_event(submission))
    before = state_of(submission)

    answer = deliver(make_event(submission, output="changed", verdict="WA"))

    assert answer.status_code == 200
    assert state_of(submission) == before
    assert WebhookEvent.objects.count() == 1


def test_an_event_whose_id_has_come_before_changes_nothing_else_either(
    submission: CodeSubmission, alice: User
) -> None:
    another = make_submission(alice, microservice_submission_id=8)
    deliver(make_event(submission))
    before = state_of(another)

    answer = deliver(make_event(another))

    assert answer.status_code == 200
    assert state_of(another) == before
    assert WebhookEvent.objects.count() == 1


def test_a_terminal_status_never_changes(submission: CodeSubmission) -> None:
    deliver(make_event(submission))
    before = state_of(submission)

    answer = deliver(make_event(submission, status="error", verdict="RTE"), message_id="evt-2")

    assert answer.status_code == 200
    assert state_of(submission) == before
    assert [event.has_changed for event in WebhookEvent.objects.order_by("id")] == [True, False]


def test_an_unknown_submission_is_not_found(submission: CodeSubmission) -> None:
    answer = deliver(make_event(submission, submission_id=999, reference=None))

    assert answer.status_code == 404
    assert not WebhookEvent.objects.exists()


def test_a_result_for_another_user_is_refused(submission: CodeSubmission, charlie: User) -> None:
    before = state_of(submission)

    answer = deliver(make_event(submission, user_id=charlie.pk))

    assert answer.status_code == 400
    assert state_of(submission) == before


@pytest.mark.parametrize("name", ["submission_id", "user_id", "status", "completed_at"])
def test_requires_a_field(submission: CodeSubmission, name: str) -> None:
    event = make_event(submission)
    del event[name]

    assert deliver(event).status_code == 400


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"null", b"\xff\xfe", b"[" * 100_000, b'{"submission_id": 1e999}']
)
def test_a_signed_body_that_is_no_event_is_refused(db: None, body: bytes) -> None:
    assert deliver(body).status_code == 400


@pytest.mark.parametrize(
    "fields",
    [
        {"submission_id": "7"},
        {"submission_id": True},
        {"submission_id": 2**63},
        {"user_id": -1},
        {"status": "done"},
        {"status": ["completed"]},
        {"verdict": "OK"},
        {"output": 42},
        {"exit_code": 2**40},
        {"execution_time_ms": -1},
        {"memory_usage_bytes": 0.5},
        {"completed_at": "yesterday"},
        {"completed_at": 1700000000},
        {"test_results": {}},
        {"test_results": [1]},
        {"test_results": [{"passed": "yes"}]},
        {"test_results": [{"passed": True}] * 1001},
    ],
    ids=lambda fields: str(fields)[:40],
)
def test_refuses_values_of_odd_types_and_sizes(
    submission: CodeSubmission, fields: dict[str, Any]
) -> None:
    before = state_of(submission)

    answer = deliver(make_event(submission, **fields))

    assert answer.status_code == 400, answer.content
    assert state_of(submission) == before


def test_keeps_what_a_database_can_not_hold_out_of_texts(submission: CodeSubmission) -> None:
    event = make_event(submission, output="a\x00b\ud800c", error_output="\x00")

    answer = deliver(event)

    assert answer.status_code == 200, answer.content
    submission.refresh_from_db()
    assert submission.output == "a\ufffdb?c"
    assert submission.error_output == "\ufffd"


def test_reads_the_display_forms_of_a_sender_that_knows_no_other(
    submission: CodeSubmission,
) -> None:
    event = {
        "submission_id": submission.microservice_submission_id,
        "user_id": submission.user_id,
        "contest_id": 789,
        "status": "completed",
        "output": "Hello, World!",
        "error_output": "",
        "execution_time": "0.045s",
        "memory_usage": "8.2MB",
        "completed_at": "2024-01-15T10:30:00Z",
    }

    answer = deliver(event, without=STANDARD_HEADERS)

    assert answer.status_code == 200
    submission.refresh_from_db()
    assert submission.execution_time_ms == 45
    assert submission.memory_usage_bytes == round(8.2 * 1024 * 1024)
    assert submission.error_output is None


def test_links_a_result_that_was_faster_than_the_answer_to_the_hand_over(alice: User) -> None:
    submission = make_submission(alice, microservice_submission_id=None)

    answer = deliver(make_event(submission, submission_id=55))

    assert answer.status_code == 200, answer.content
    submission.refresh_from_db()
    assert submission.microservice_submission_id == 55
    assert submission.status == "completed"


def test_a_reference_to_another_users_submission_is_refused(alice: User, charlie: User) -> None:
    submission = make_submission(alice, microservice_submission_id=None)

    answer = deliver(make_event(submission, submission_id=55, user_id=charlie.pk))

    assert answer.status_code == 400
    assert state_of(submission)[0] == "pending"


def test_an_execution_service_that_lost_its_database_may_use_an_id_again(alice: User) -> None:
    old = make_submission(alice, status="completed", microservice_submission_id=7)
    new = make_submission(alice, microservice_submission_id=None)

    answer = deliver(make_event(new, submission_id=7))

    assert answer.status_code == 200, answer.content
    new.refresh_from_db()
    old.refresh_from_db()
    assert new.microservice_submission_id == 7
    assert new.status == "completed"
    assert old.microservice_submission_id is None


class TestPlainSecret:
    """The header carries the secret itself, as the integration guide's curl command does."""

    BODY = (
        b'{"submission_id":1, "user_id":1, "status":"completed",'
        b' "completed_at":"2024-01-01T00:00:00Z"}'
    )

    def test_is_refused_by_default(self, db: None) -> None:
        assert post(self.BODY, {"X-Webhook-Secret": NEWEST_SECRET}).status_code == 401

    def test_is_taken_where_the_setting_allows_it(self, db: None, settings: Any) -> None:
        settings.CODE_EXECUTION_WEBHOOK_ALLOW_PLAIN_SECRET = True

        assert post(self.BODY, {"X-Webhook-Secret": NEWEST_SECRET}).status_code == 404
        assert post(self.BODY, {"X-Webhook-Secret": "wrong"}).status_code == 401
