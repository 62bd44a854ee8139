"""Handing in programs, reading them, and the rules of contests."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from apps.audit.models import AuditEntry
from apps.code_execution.models import CodeSubmission, Judgement
from apps.contests.models import ContestParticipant
from apps.users.models import User
from tests.support.contests import make_contest, make_problem, make_submission
from tests.support.execution_service import FakeExecutionService

# With real commits: the hand-over happens after them.
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.locks]
URL = "/api/code-execution/submissions/"
HELLO = {"code": "print('Hello, World!')", "language": "python", "input_data": ""}


def test_stores_a_submission_and_hands_it_over_at_once(
    as_alice: APIClient, alice: User, execution_service: FakeExecutionService
) -> None:
    contest = make_contest()

    answer = as_alice.post(URL, {**HELLO, "contest": contest.pk})

    assert answer.status_code == 201, answer.json()
    assert answer.json()["status"] == "pending"
    assert answer.json()["user"] == alice.pk
    assert answer.json()["microservice_submission_id"] == 1001
    assert execution_service.orders == [
        {
            "code": HELLO["code"],
            "language": "python",
            "user_id": alice.pk,
            "input_data": "",
            "reference": str(Judgement.objects.get().pk),
            "priority": "contest",
        }
    ]


def test_sends_the_tests_and_limits_of_the_problem(
    as_alice: APIClient, execution_service: FakeExecutionService
) -> None:
    contest = make_contest()
    problem = make_problem(contest)

    answer = as_alice.post(URL, {**HELLO, "contest": contest.pk, "problem": problem.pk})

    assert answer.status_code == 201, answer.json()
    [order] = execution_service.orders
    assert order["limits"] == {"cpu_time_ms": 2000, "memory_bytes": 256 * 1024 * 1024}
    assert [test["is_sample"] for test in order["test_cases"]] == [True, False, False]
    assert order["test_cases"][1]["expected_output"] == "9\n"


def test_the_user_is_whom_the_credential_names(
    as_alice: APIClient, alice: User, charlie: User, execution_service: FakeExecutionService
) -> None:
    answer = as_alice.post(URL, {**HELLO, "user": charlie.pk, "user_id": charlie.pk})

    assert answer.json()["user"] == alice.pk


@pytest.mark.parametrize("contest", [{}, {"contest": None}])
def test_a_contest_is_not_needed(
    as_alice: APIClient, execution_service: FakeExecutionService, contest: dict[str, None]
) -> None:
    assert as_alice.post(URL, {**HELLO, **contest}).status_code == 201


def test_keeps_the_program_as_it_is(
    as_alice: APIClient, execution_service: FakeExecutionService
) -> None:
    code = "\n  print('ä')\t\r\n\n"

    answer = as_alice.post(URL, {**HELLO, "code": code, "input_data": " 1\n"})

    assert answer.json()["code"] == code
    assert execution_service.orders[0]["code"] == code
    assert execution_service.orders[0]["input_data"] == " 1\n"


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"code": ""}, "code"),
        ({"code": None}, "code"),
        ({"code": "x" * (100 * 1024 + 1)}, "code"),
        ({"code": "é" * (50 * 1024 + 1)}, "code"),
        ({"code": "a\x00b"}, "code"),
        ({"code": 42, "language": ["python"]}, "language"),
        ({"language": "cobol"}, "language"),
        ({"input_data": "x" * (1024 * 1024 + 1)}, "input_data"),
        ({"contest": 999}, "contest"),
        ({"contest": "first"}, "contest"),
        ({"problem": 999}, "problem"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_refuses_a_bad_field(as_alice: APIClient, fields: dict[str, Any], name: str) -> None:
    answer = as_alice.post(URL, {**HELLO, **fields})

    assert answer.status_code == 400
    assert name in answer.json()
    assert not CodeSubmission.objects.exists()


@pytest.mark.parametrize("body", ["null", "[]", "3", '"code"'])
def test_refuses_a_body_that_is_no_object(as_alice: APIClient, body: str) -> None:
    answer = as_alice.generic("POST", URL, body, content_type="application/json")

    assert answer.status_code == 400
    assert "non_field_errors" in answer.json()


def test_an_unknown_language_is_told_the_known_ones(as_alice: APIClient) -> None:
    answer = as_alice.post(URL, {**HELLO, "language": "cobol"})

    [text] = answer.json()["language"]
    for language in ("python", "javascript", "java", "cpp", "c", "csharp", "go", "rust"):
        assert language in text


@pytest.mark.parametrize(
    "rules",
    [
        {"is_active": False},
        {"start_time": timezone.now() + timedelta(hours=1)},
        {"end_time": timezone.now() - timedelta(hours=1)},
    ],
    ids=["inactive", "to come", "over"],
)
def test_refuses_a_submission_to_a_contest_that_does_not_run(
    as_alice: APIClient, execution_service: FakeExecutionService, rules: dict[str, Any]
) -> None:
    contest = make_contest(**rules)

    answer = as_alice.post(URL, {**HELLO, "contest": contest.pk})

    assert answer.status_code == 400
    assert answer.json()["code"] == "contest-closed"
    assert not CodeSubmission.objects.exists()
    assert not ContestParticipant.objects.exists()
    assert not execution_service.orders


def test_the_first_submission_joins_the_contest(
    as_alice: APIClient, alice: User, execution_service: FakeExecutionService
) -> None:
    contest = make_contest()

    as_alice.post(URL, {**HELLO, "contest": contest.pk})
    as_alice.post(URL, {**HELLO, "contest": contest.pk})

    assert contest.participants.get().user == alice


def test_refuses_a_first_submission_to_a_full_contest(
    as_alice: APIClient, charlie: User, execution_service: FakeExecutionService
) -> None:
    contest = make_contest(max_participants=1)
    ContestParticipant.objects.create(contest=contest, user=charlie)

    answer = as_alice.post(URL, {**HELLO, "contest": contest.pk})

    assert answer.status_code == 400
    assert answer.json()["code"] == "contest-full"
    assert not CodeSubmission.objects.exists()


def test_refuses_a_problem_of_another_contest(
    as_alice: APIClient, execution_service: FakeExecutionService
) -> None:
    contest = make_contest()
    problem = make_problem(make_contest(title="Summer cup"))

    answer = as_alice.post(URL, {**HELLO, "contest": contest.pk, "problem": problem.pk})

    assert answer.status_code == 400
    assert "problem" in answer.json()


def test_a_private_contest_is_none_for_who_is_not_in_it(
    as_alice: APIClient, execution_service: FakeExecutionService
) -> None:
    contest = make_contest(access="private")

    private = as_alice.post(URL, {**HELLO, "contest": contest.pk})
    missing = as_alice.post(URL, {**HELLO, "contest": contest.pk + 1})

    assert (private.status_code, missing.status_code) == (400, 400)
    assert private.json()["contest"] == missing.json()["contest"]


def test_before_the_start_nobody_learns_which_problems_there_are(
    as_alice: APIClient, execution_service: FakeExecutionService
) -> None:
    contest = make_contest(start_time=timezone.now() + timedelta(hours=1))
    problem = make_problem(contest)

    answers = [
        as_alice.post(URL, {**HELLO, "contest": contest.pk, "problem": problem_id}).json()
        for problem_id in (problem.pk, problem.pk + 1)
    ]

    assert answers[0]["detail"] == answers[1]["detail"]
    assert all("problem" not in answer for answer in answers)


def test_only_a_manager_tries_a_problem_without_a_contest(
    as_alice: APIClient, as_bob: APIClient, execution_service: FakeExecutionService
) -> None:
    problem = make_problem(make_contest(is_active=False))

    assert as_alice.post(URL, {**HELLO, "problem": problem.pk}).status_code == 400
    assert as_bob.post(URL, {**HELLO, "problem": problem.pk}).status_code == 201


class TestReading:
    """Owners and managers read; strangers don't."""

    def test_the_owner_reads_it(self, as_alice: APIClient, alice: User) -> None:
        submission = make_submission(alice, execution_time_ms=45, memory_usage_bytes=8_598_323)

        answer = as_alice.get(f"{URL}{submission.pk}/")

        assert answer.status_code == 200
        assert answer.json()["execution_time"] == "0.045s"
        assert answer.json()["memory_usage"] == "8.2MB"

    def test_a_manager_reads_it(self, as_bob: APIClient, alice: User) -> None:
        submission = make_submission(alice)

        assert as_bob.get(f"{URL}{submission.pk}/").status_code == 200
        assert as_bob.get(URL).json()["count"] == 1

    def test_a_stranger_does_not_find_it(self, as_charlie: APIClient, alice: User) -> None:
        submission = make_submission(alice)

        assert as_charlie.get(f"{URL}{submission.pk}/").status_code == 404
        assert as_charlie.get(URL).json()["count"] == 0

    def test_nobody_reads_it_without_a_credential(self, as_nobody: APIClient, alice: User) -> None:
        submission = make_submission(alice)

        answer = as_nobody.get(f"{URL}{submission.pk}/")

        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"] == "Bearer"

    def test_does_not_show_what_a_hidden_test_printed(
        self, as_alice: APIClient, alice: User
    ) -> None:
        rows = [
            {"is_sample": True, "output": "seen"},
            {"is_sample": False, "output": "hidden input"},
        ]
        submission = make_submission(
            alice, status="completed", test_results=[{**EMPTY_RESULT, **row} for row in rows]
        )

        shown = as_alice.get(f"{URL}{submission.pk}/").json()["test_results"]

        assert [each["output"] for each in shown] == ["seen", None]


EMPTY_RESULT = {
    "test_case_id": "1",
    "test_case_number": 1,
    "verdict": "AC",
    "passed": True,
    "execution_time_ms": 1,
    "cpu_time_ms": 1,
    "memory_usage_bytes": 1,
    "exit_code": 0,
    "signal": None,
    "error": None,
}


class TestList:
    """The list is cut into pages and can be narrowed."""

    def test_has_pages_of_twenty(self, as_alice: APIClient, alice: User) -> None:
        for number in range(21):
            make_submission(alice, microservice_submission_id=number + 1)

        first = as_alice.get(URL).json()

        assert set(first) == {"count", "next", "previous", "results"}
        assert (first["count"], len(first["results"]), first["previous"]) == (21, 20, None)
        assert "code" not in first["results"][0]
        assert len(as_alice.get(first["next"]).json()["results"]) == 1

    @pytest.mark.parametrize(
        ("query", "count"),
        [
            ("status=completed", 1),
            ("status=pending", 1),
            ("language=go", 1),
            ("language=rust", 0),
            ("verdict=AC", 1),
        ],
    )
    def test_is_narrowed_by_a_field(
        self, as_alice: APIClient, alice: User, query: str, count: int
    ) -> None:
        make_submission(alice, microservice_submission_id=1, language="go")
        make_submission(alice, microservice_submission_id=2, status="completed", verdict="AC")

        assert as_alice.get(f"{URL}?{query}").json()["count"] == count

    def test_takes_the_same_few_queries_however_long_it_is(
        self, as_alice: APIClient, alice: User, django_assert_max_num_queries: Any
    ) -> None:
        for number in range(10):
            make_submission(alice, microservice_submission_id=number + 1, contest=make_contest())

        # The caller's groups, participations, teams and roles; how many; the page; its contests.
        with django_assert_max_num_queries(7):
            rows = as_alice.get(URL).json()["results"]
        assert len(rows) == 10

    def test_is_narrowed_by_contest(self, as_alice: APIClient, alice: User) -> None:
        contest = make_contest()
        make_submission(alice, microservice_submission_id=1, contest=contest)
        make_submission(alice, microservice_submission_id=2)

        assert as_alice.get(f"{URL}?contest={contest.pk}").json()["count"] == 1

    @pytest.mark.parametrize("query", ["contest=x", "contest=999", "status=lost"])
    def test_refuses_a_bad_filter(self, as_alice: APIClient, query: str) -> None:
        assert as_alice.get(f"{URL}?{query}").status_code == 400


class TestRerun:
    """A manager has a finished submission judged anew."""

    def test_resets_the_submission_and_keeps_the_old_outcome(
        self, as_bob: APIClient, alice: User
    ) -> None:
        submission = make_submission(alice, status="completed", verdict="WA", output="41\n")
        submission.judgements.update(status="completed", verdict="WA")

        answer = as_bob.post(f"{URL}{submission.pk}/rerun/")

        assert answer.status_code == 200
        assert answer.json()["status"] == "pending"
        assert answer.json()["verdict"] is None
        assert answer.json()["output"] is None
        new, old = submission.judgements.all()
        assert (old.verdict, new.verdict, new.finished_at) == ("WA", None, None)
        entry = AuditEntry.objects.get(act="submission.rerun")
        assert (entry.actor_name, entry.object_id) == ("bob", str(submission.pk))
        assert (entry.before["verdict"], entry.after["verdict"]) == ("WA", None)

    def test_waits_until_the_submission_has_ended(self, as_bob: APIClient, alice: User) -> None:
        submission = make_submission(alice)

        answer = as_bob.post(f"{URL}{submission.pk}/rerun/")

        assert answer.status_code == 400
        assert answer.json()["code"] == "illegal-transition"

    def test_is_not_for_the_owner(self, as_alice: APIClient, alice: User) -> None:
        submission = make_submission(alice, status="completed")

        assert as_alice.post(f"{URL}{submission.pk}/rerun/").status_code == 403

    def test_is_not_for_a_stranger(self, as_charlie: APIClient, alice: User) -> None:
        submission = make_submission(alice, status="completed")

        assert as_charlie.post(f"{URL}{submission.pk}/rerun/").status_code == 403
