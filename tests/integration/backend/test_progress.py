"""How far judging is: who may tell it, and which news is shown."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from apps.code_execution import rejudging
from apps.code_execution.models import CodeSubmission
from apps.code_execution.services import rerun_submission
from apps.users.models import User
from apps.webhooks.models import WebhookEvent
from tests.support.contests import make_event, make_submission
from tests.support.webhooks import PROGRESS_URL, deliver, deliver_progress, post

pytestmark = pytest.mark.django_db
COMPILING: dict[str, Any] = {"stage": "compiling", "tests_done": 0, "tests_total": 3}


@pytest.fixture
def submission(alice: User) -> CodeSubmission:
    return make_submission(alice)


def shown_to(client: APIClient, submission: CodeSubmission) -> dict[str, Any]:
    body: dict[str, Any] = client.get(f"/api/code-execution/submissions/{submission.pk}/").json()
    return body


def tests_done_of(submission: CodeSubmission) -> int | None:
    submission.refresh_from_db()
    return submission.tests_done


def test_is_shown_while_the_submission_is_judged(
    submission: CodeSubmission, as_alice: APIClient
) -> None:
    answer = deliver_progress(submission, **COMPILING)

    body = shown_to(as_alice, submission)
    listed = as_alice.get("/api/code-execution/submissions/").json()["results"][0]
    assert answer.status_code == 204, answer.content
    assert (body["status"], body["progress"]) == ("running", COMPILING)
    assert listed["progress"] == COMPILING


def test_is_no_more_once_there_is_a_result(submission: CodeSubmission, as_alice: APIClient) -> None:
    deliver_progress(submission, tests_done=1)
    deliver(make_event(submission))
    late = deliver_progress(submission, tests_done=2)

    body = shown_to(as_alice, submission)
    assert late.status_code == 204
    assert (body["status"], body["progress"]) == ("completed", None)


@pytest.mark.parametrize(
    ("news", "expected"),
    [
        ([{"tests_done": 2}, {"tests_done": 1}], 2),
        ([{"tests_done": 1}, {"tests_done": 2}], 2),
        ([COMPILING, {"tests_done": 0}], 0),
        ([{"tests_done": 0}, COMPILING], 0),
        ([{"tests_done": 2, "attempt": 1}, {"tests_done": 1, "attempt": 2}], 1),
        ([{"tests_done": 1, "attempt": 2}, {"tests_done": 3, "attempt": 1}], 1),
    ],
)
def test_what_is_overtaken_changes_nothing(
    news: list[dict[str, Any]], expected: int, submission: CodeSubmission
) -> None:
    for each in news:
        assert deliver_progress(submission, **each).status_code == 204

    assert tests_done_of(submission) == expected
    assert submission.judging_stage == "testing"


def test_judging_anew_begins_anew(submission: CodeSubmission, bob: User) -> None:
    deliver_progress(submission, attempt=2, tests_done=3)
    of_before = str(submission.judgements.get().pk)
    deliver(make_event(submission))
    rerun_submission(submission_id=submission.pk, actor=bob)

    deliver_progress(submission, reference=of_before, attempt=3, tests_done=3)
    assert tests_done_of(submission) is None
    deliver_progress(submission, submission_id=8, attempt=1, tests_done=1)
    assert tests_done_of(submission) == 1


def test_a_rejudging_shows_nothing_beside_the_result_in_force(
    submission: CodeSubmission, bob: User
) -> None:
    deliver(make_event(submission))
    rejudging.start(
        submissions=CodeSubmission.objects.filter(pk=submission.pk), reason="", actor=bob
    )

    assert deliver_progress(submission, tests_done=1).status_code == 204
    assert tests_done_of(submission) is None
    assert submission.status == "completed"


def test_a_sender_without_references_names_its_own_id(submission: CodeSubmission) -> None:
    deliver_progress(submission, reference=None, tests_done=2)

    assert tests_done_of(submission) == 2


def test_is_not_kept_as_an_event(submission: CodeSubmission) -> None:
    deliver_progress(submission)

    assert not WebhookEvent.objects.exists()


def test_costs_two_statements(submission: CodeSubmission, django_assert_num_queries: Any) -> None:
    submission.judgements.latest("created_at")
    with django_assert_num_queries(3):  # one of them is the helper's own look for the reference
        deliver_progress(submission)


def test_is_refused_without_the_secret(submission: CodeSubmission) -> None:
    assert deliver_progress(submission, secret="somebody else's").status_code == 401
    assert post(b"{}", {}, url=PROGRESS_URL).status_code == 401
    assert tests_done_of(submission) is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"stage": "waiting"},
        {"attempt": None},
        {"attempt": -1},
        {"attempt": 2**31},
        {"tests_done": "2"},
        {"tests_done": 4},
        {"tests_total": 2**31},
        {"submission_id": 0},
    ],
    ids=str,
)
def test_refuses_what_makes_no_sense(wrong: dict[str, Any], submission: CodeSubmission) -> None:
    answer = deliver_progress(submission, **wrong)

    assert answer.status_code == 400
    assert answer.json()["code"] == "invalid-event"
    assert tests_done_of(submission) is None


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"data": []}', b"\xff"])
def test_refuses_a_body_that_is_none(body: bytes) -> None:
    assert deliver(body, url=PROGRESS_URL).status_code == 400


def test_an_unknown_submission_is_told(submission: CodeSubmission) -> None:
    unknown = "00000000-0000-4000-8000-000000000000"

    assert deliver_progress(submission, reference=unknown).status_code == 404
