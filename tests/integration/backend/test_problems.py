"""Problems: hidden tests stay hidden, managers write."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from apps.problems.models import Problem
from tests.support.contests import make_contest, make_problem

pytestmark = pytest.mark.django_db
CONTESTS = "/api/code-execution/contests/"
PROBLEMS = "/api/code-execution/problems/"


class TestWhoSeesProblems:
    """Participants see problems of contests that have started; hidden tests stay hidden."""

    def test_a_participant_sees_the_samples_only(self, as_alice: APIClient) -> None:
        problem = make_problem(make_contest())

        answer = as_alice.get(f"{PROBLEMS}{problem.pk}/")

        assert answer.status_code == 200
        assert [each["input"] for each in answer.json()["samples"]] == ["1 2\n"]
        assert "test_cases" not in answer.json()
        assert "4 5" not in answer.content.decode()

    def test_a_manager_sees_every_test_case(self, as_bob: APIClient) -> None:
        problem = make_problem(make_contest(is_active=False))

        answer = as_bob.get(f"{PROBLEMS}{problem.pk}/")

        assert len(answer.json()["test_cases"]) == 3

    @pytest.mark.parametrize(
        "rules",
        [{"is_active": False}, {"start_time": timezone.now() + timedelta(hours=1)}],
        ids=["inactive", "to come"],
    )
    def test_a_participant_sees_none_of_a_contest_that_has_not_started(
        self, as_alice: APIClient, rules: dict[str, Any]
    ) -> None:
        contest = make_contest(**rules)
        problem = make_problem(contest)

        assert as_alice.get(f"{PROBLEMS}{problem.pk}/").status_code == 404
        assert as_alice.get(PROBLEMS).json()["count"] == 0
        assert as_alice.get(f"{CONTESTS}{contest.pk}/").json()["problems"] == []

    def test_an_active_contest_does_not_open_the_problems_of_one_to_come(
        self, as_alice: APIClient
    ) -> None:
        problem = make_problem(make_contest(is_active=False))
        to_come = make_contest(start_time=timezone.now() + timedelta(hours=1))
        to_come.problems.add(problem)

        assert as_alice.get(f"{PROBLEMS}{problem.pk}/").status_code == 404

    def test_a_problem_stays_readable_after_the_end(self, as_alice: APIClient) -> None:
        problem = make_problem(make_contest(end_time=timezone.now()))

        assert as_alice.get(f"{PROBLEMS}{problem.pk}/").status_code == 200

    def test_a_problem_of_two_contests_is_listed_once(self, as_alice: APIClient) -> None:
        problem = make_problem(make_contest())
        make_contest().problems.add(problem)

        assert as_alice.get(PROBLEMS).json()["count"] == 1

    def test_the_list_is_narrowed_by_contest(self, as_alice: APIClient) -> None:
        contest = make_contest()
        make_problem(contest, title="A")
        make_problem(make_contest(), title="B")

        rows = as_alice.get(f"{PROBLEMS}?contest={contest.pk}").json()["results"]

        assert [each["title"] for each in rows] == ["A"]

    @pytest.mark.parametrize("method", ["put", "patch", "delete"])
    def test_a_participant_changes_none(self, as_alice: APIClient, method: str) -> None:
        problem = make_problem(make_contest())

        assert getattr(as_alice, method)(f"{PROBLEMS}{problem.pk}/", {}).status_code == 403

    def test_a_participant_makes_none(self, as_alice: APIClient) -> None:
        assert as_alice.post(PROBLEMS, {"title": "A", "statement": "B"}).status_code == 403

    def test_nobody_reads_without_a_credential(self, as_nobody: APIClient) -> None:
        assert as_nobody.get(PROBLEMS).status_code == 401


class TestWritingProblems:
    """Managers write problems with their test cases."""

    TESTS = (
        {"input": " 1 2\n", "expected_output": "3\n\n", "is_sample": True, "points": 0},
        {"input": "4 5\n", "expected_output": "9\n", "points": 7},
    )

    def make(self, client: APIClient) -> dict[str, Any]:
        answer = client.post(
            PROBLEMS, {"title": "Sum", "statement": "*Add*.", "test_cases": self.TESTS}
        )
        assert answer.status_code == 201, answer.json()
        body: dict[str, Any] = answer.json()
        return body

    def test_keeps_test_cases_in_order_and_as_they_are(self, as_bob: APIClient) -> None:
        problem = self.make(as_bob)

        assert [each["input"] for each in problem["test_cases"]] == [" 1 2\n", "4 5\n"]
        assert problem["test_cases"][0]["expected_output"] == "3\n\n"
        assert [each["points"] for each in problem["test_cases"]] == [0, 7]

    def test_an_id_keeps_the_test_case(self, as_bob: APIClient) -> None:
        problem = self.make(as_bob)
        kept = {**problem["test_cases"][1], "position": 1, "points": 9}

        answer = as_bob.patch(f"{PROBLEMS}{problem['id']}/", {"test_cases": [kept]})

        assert answer.json()["test_cases"] == [kept]

    def test_what_an_item_does_not_name_stays(self, as_bob: APIClient) -> None:
        problem = self.make(as_bob)
        kept_id = problem["test_cases"][1]["id"]

        answer = as_bob.patch(
            f"{PROBLEMS}{problem['id']}/", {"test_cases": [{"id": kept_id, "points": 9}]}
        )

        [test_case] = answer.json()["test_cases"]
        assert (test_case["input"], test_case["points"]) == ("4 5\n", 9)

    def test_without_test_cases_they_stay(self, as_bob: APIClient) -> None:
        problem = self.make(as_bob)

        answer = as_bob.patch(f"{PROBLEMS}{problem['id']}/", {"title": "Total"})

        assert len(answer.json()["test_cases"]) == 2

    def test_a_program_that_does_not_say_what_it_does_is_the_checker(
        self, as_bob: APIClient
    ) -> None:
        problem = self.make(as_bob)
        program = {"language": "python", "source": "exit(42)"}

        answer = as_bob.patch(
            f"{PROBLEMS}{problem['id']}/", {"checker": "program", "programs": [program]}
        )

        assert answer.status_code == 200, answer.json()
        assert [each["role"] for each in answer.json()["programs"]] == ["checker"]

    def test_a_foreign_test_case_is_refused(self, as_bob: APIClient) -> None:
        problem = self.make(as_bob)
        foreign = make_problem().test_cases.first()
        assert foreign is not None

        answer = as_bob.patch(
            f"{PROBLEMS}{problem['id']}/", {"test_cases": [{"id": foreign.pk, "input": "stolen"}]}
        )

        assert answer.status_code == 400
        foreign.refresh_from_db()
        assert foreign.input == "1 2\n"

    @pytest.mark.parametrize(
        "fields",
        [
            {"title": ""},
            {"time_limit_ms": 10},
            {"time_limit_ms": 10**9},
            {"memory_limit_bytes": 1},
            {"checker": "magic"},
            {"test_cases": [{"input": "x" * (1024 * 1024 + 1)}]},
            {"test_cases": [{}] * 501},
        ],
        ids=lambda fields: str(fields)[:30],
    )
    def test_refuses_a_bad_field(self, as_bob: APIClient, fields: dict[str, Any]) -> None:
        answer = as_bob.post(PROBLEMS, {"title": "Sum", "statement": "Add.", **fields})

        assert answer.status_code == 400
        assert not Problem.objects.exists()

    def test_a_problem_that_a_contest_sets_is_not_deleted(self, as_bob: APIClient) -> None:
        problem = make_problem(make_contest())

        assert as_bob.delete(f"{PROBLEMS}{problem.pk}/").status_code == 409

    def test_a_problem_that_no_contest_sets_is_deleted(self, as_bob: APIClient) -> None:
        problem = make_problem()

        assert as_bob.delete(f"{PROBLEMS}{problem.pk}/").status_code == 204
