"""Handing in programs, and getting them to the execution service."""

from datetime import timedelta

import pytest
from apps.code_execution.models import CodeSubmission, Judgement
from apps.contests.models import ContestParticipant
from django.utils import timezone

from tests.support.contests import make_contest, make_problem, make_submission

pytestmark = pytest.mark.django_db(transaction=True)
URL = "/api/code-execution/submissions/"
HELLO = {"code": "print('Hello, World!')", "language": "python", "input_data": ""}


def test_stores_a_submission_and_hands_it_over_at_once(as_alice, alice, execution_service):
    contest = make_contest()

    answer = as_alice.post(URL, {**HELLO, "contest": contest.pk})

    assert answer.status_code == 201, answer.json()
    assert answer.json()["status"] == "pending"
    assert answer.json()["microservice_submission_id"] == 1001
    [order] = execution_service.orders
    assert order == {
        "code": HELLO["code"],
        "language": "python",
        "user_id": alice.pk,
        "input_data": "",
        "reference": str(answer.json()["id"]),
    }


def test_sends_the_tests_and_limits_of_the_problem(as_alice, execution_service):
    contest = make_contest()
    problem = make_problem(contest)

    answer = as_alice.post(URL, {**HELLO, "contest": contest.pk, "problem": problem.pk})

    assert answer.status_code == 201, answer.json()
    [order] = execution_service.orders
    assert order["limits"] == {"cpu_time_ms": 2000, "memory_bytes": 256 * 1024 * 1024}
    assert [test["is_sample"] for test in order["test_cases"]] == [True, False, False]
    assert order["test_cases"][1]["expected_output"] == "9\n"
