"""Multipliers, compile options and files: set by managers, seen by participants, handed over."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from apps.code_execution.models import CodeSubmission
from apps.contests.models import Contest
from apps.problems.models import Problem, ProblemFile, ProblemLanguage
from tests.support.contests import make_contest, make_problem
from tests.support.execution_service import FakeExecutionService

# With real commits: the hand-over happens after them.
pytestmark = pytest.mark.django_db(transaction=True)
PROBLEMS = "/api/code-execution/problems/"
SUBMISSIONS = "/api/code-execution/submissions/"
MIB = 1024 * 1024
FIELDS = {
    "title": "Sum",
    "statement": "Add.",
    "allows_compile_options": False,
    "languages": [
        {"language": "java", "time_multiplier": 4.0, "memory_multiplier": None},
    ],
    "files": [{"name": "data/a.txt", "language": "", "content": "\n 1\n"}],
}


@pytest.fixture
def contest() -> Contest:
    return make_contest()


@pytest.fixture
def problem(contest: Contest) -> Problem:
    return make_problem(contest, time_limit_ms=1000, memory_limit_bytes=64 * MIB)


def submit(client: APIClient, problem: Problem, **fields: Any) -> Any:
    body = {"code": "x", "language": "cpp", "problem": problem.pk, **fields}
    return client.post(SUBMISSIONS, body | {"contest": problem.contests.get().pk})


def rules(client: APIClient, problem: Problem) -> dict[str, dict[str, Any]]:
    answer = client.get(f"{PROBLEMS}{problem.pk}/languages/")
    assert answer.status_code == 200, answer.content
    return {each["language"]: each for each in answer.json()}


class TestWhatParticipantsSee:
    """The limits that hold for a language are those that the execution service will apply."""

    def test_limits_are_multiplied_by_the_languages_own(
        self, as_alice: APIClient, problem: Problem, execution_service: FakeExecutionService
    ) -> None:
        assert rules(as_alice, problem)["python"] == {
            "language": "python",
            "time_limit_ms": 3000,
            "memory_limit_bytes": 128 * MIB,
            "compile_options": {},
        }
        assert rules(as_alice, problem)["cpp"] == {
            "language": "cpp",
            "time_limit_ms": 1000,
            "memory_limit_bytes": 64 * MIB,
            "compile_options": {
                "standard": ["-std=gnu++20", "-std=c++17"],
                "optimisation": ["", "-O3"],
            },
        }

    def test_the_problems_own_multipliers_come_first(
        self, as_alice: APIClient, problem: Problem, execution_service: FakeExecutionService
    ) -> None:
        ProblemLanguage.objects.create(problem=problem, language="python", time_multiplier=1.5)

        seen = rules(as_alice, problem)["python"]

        assert (seen["time_limit_ms"], seen["memory_limit_bytes"]) == (1500, 128 * MIB)

    def test_a_problem_without_compile_options_shows_none(
        self, as_alice: APIClient, contest: Contest, execution_service: FakeExecutionService
    ) -> None:
        problem = make_problem(contest, allows_compile_options=False)

        assert rules(as_alice, problem)["cpp"]["compile_options"] == {}

    def test_what_is_not_known_is_null_while_the_service_is_down(
        self, as_alice: APIClient, problem: Problem, execution_service: FakeExecutionService
    ) -> None:
        execution_service.languages = None
        ProblemLanguage.objects.create(problem=problem, language="python", time_multiplier=2)

        seen = rules(as_alice, problem)["python"]

        assert (seen["time_limit_ms"], seen["memory_limit_bytes"]) == (2000, None)
        assert seen["compile_options"] is None

    def test_a_problem_of_no_running_contest_is_not_found(
        self, as_alice: APIClient, execution_service: FakeExecutionService
    ) -> None:
        hidden = make_problem(make_contest(is_active=False))

        assert as_alice.get(f"{PROBLEMS}{hidden.pk}/languages/").status_code == 404

    def test_the_files_of_a_problem_are_shown_with_it(
        self, as_alice: APIClient, problem: Problem
    ) -> None:
        ProblemFile.objects.create(problem=problem, name="a.h", language="cpp", content=" x\n")

        answer = as_alice.get(f"{PROBLEMS}{problem.pk}/")

        assert answer.json()["files"] == [{"name": "a.h", "language": "cpp", "content": " x\n"}]
        assert "files" not in as_alice.get(PROBLEMS).json()["results"][0]


class TestWhatManagersSet:
    """Managers write multipliers and files with the problem."""

    def test_they_are_kept_as_written_and_replaced_as_a_whole(self, as_bob: APIClient) -> None:
        made = as_bob.post(PROBLEMS, FIELDS)
        url = f"{PROBLEMS}{made.json()['id']}/"

        changed = as_bob.patch(url, {"languages": [], "title": "Total"})

        assert made.status_code == 201, made.json()
        assert {name: made.json()[name] for name in FIELDS} == FIELDS
        assert changed.json()["languages"] == []
        assert changed.json()["files"] == FIELDS["files"]

    @pytest.mark.parametrize(
        "fields",
        [
            {"languages": [{"language": "cobol"}]},
            {"languages": [{"language": "c", "time_multiplier": 0.5}]},
            {"languages": [{"language": "c", "memory_multiplier": 21}]},
            {"languages": [{"language": "c"}, {"language": "c"}]},
            {"files": [{"name": "../a"}]},
            {"files": [{"name": "main.py"}]},
            {"files": [{"name": "Main.java"}]},
            {"files": [{"name": "a"}, {"name": "a"}]},
            {"files": [{"name": "a", "content": "é" * 128 * 1024 + "x"}]},
            {"files": [{"name": f"f{n}"} for n in range(17)]},
        ],
        ids=lambda fields: str(fields)[:50],
    )
    def test_refuses_what_the_execution_service_would(
        self, as_bob: APIClient, fields: dict[str, Any]
    ) -> None:
        answer = as_bob.post(PROBLEMS, {**FIELDS, **fields})

        assert answer.status_code == 400, answer.json()
        assert set(answer.json()) == set(fields)
        assert not Problem.objects.exists()


class TestWhatIsHandedOver:
    """The execution service gets the problem's multipliers and files, and the chosen options."""

    def test_multipliers_of_the_language_alone(
        self, as_alice: APIClient, problem: Problem, execution_service: FakeExecutionService
    ) -> None:
        ProblemLanguage.objects.create(problem=problem, language="cpp", memory_multiplier=4)
        ProblemLanguage.objects.create(problem=problem, language="python", time_multiplier=9)

        submit(as_alice, problem)

        assert execution_service.orders[0]["limits"] == {
            "cpu_time_ms": 1000,
            "memory_bytes": 64 * MIB,
            "memory_multiplier": 4.0,
        }

    def test_files_of_the_language_and_of_all(
        self, as_alice: APIClient, problem: Problem, execution_service: FakeExecutionService
    ) -> None:
        for language, name in [("", "a"), ("", "b"), ("cpp", "b"), ("java", "c")]:
            content = f"of {language}"
            ProblemFile.objects.create(
                problem=problem, language=language, name=name, content=content
            )

        submit(as_alice, problem)

        assert execution_service.orders[0]["files"] == {"a": "of ", "b": "of cpp"}

    def test_compile_options_that_the_participant_chose(
        self, as_alice: APIClient, problem: Problem, execution_service: FakeExecutionService
    ) -> None:
        answer = submit(as_alice, problem, compile_options=["-std=c++17", "-O3"])

        assert answer.json()["compile_options"] == ["-std=c++17", "-O3"]
        assert execution_service.orders[0]["compile_options"] == ["-std=c++17", "-O3"]

    def test_compile_options_without_a_problem(
        self, as_alice: APIClient, execution_service: FakeExecutionService
    ) -> None:
        body = {"code": "x", "language": "c++", "compile_options": ["-O3"]}

        assert as_alice.post(SUBMISSIONS, body).status_code == 201
        assert execution_service.orders[0]["compile_options"] == ["-O3"]


class TestWhichCompileOptionsAreTaken:
    """Only published ones, one of each kind, where the problem allows any."""

    @pytest.mark.parametrize(
        ("fields", "complaint"),
        [
            (
                {"compile_options": ["-fplugin=x"]},
                "C++ has no compile option '-fplugin=x'. Use one of -std=gnu++20, -std=c++17, -O3.",
            ),
            (
                {"compile_options": ["-std=c++17", "-std=gnu++20"]},
                "Choose one of -std=gnu++20 and -std=c++17: both are standard.",
            ),
            (
                {"compile_options": ["-O3"], "language": "python"},
                "Python has no compile option '-O3'. There are none.",
            ),
        ],
    )
    def test_others_are_refused_with_the_allowed_ones(
        self,
        as_alice: APIClient,
        problem: Problem,
        execution_service: FakeExecutionService,
        fields: dict[str, Any],
        complaint: str,
    ) -> None:
        answer = submit(as_alice, problem, **fields)

        assert answer.status_code == 400
        assert answer.json() == {"compile_options": [complaint]}
        assert not CodeSubmission.objects.exists()

    def test_none_where_the_problem_takes_none(
        self, as_alice: APIClient, contest: Contest, execution_service: FakeExecutionService
    ) -> None:
        problem = make_problem(contest, allows_compile_options=False)

        answer = submit(as_alice, problem, compile_options=["-O3"])

        assert answer.status_code == 400
        assert answer.json() == {"compile_options": ["The problem takes no compile options."]}

    def test_while_the_service_is_down_the_submission_is_kept_for_it(
        self, as_alice: APIClient, problem: Problem, execution_service: FakeExecutionService
    ) -> None:
        execution_service.languages = None

        assert submit(as_alice, problem, compile_options=["-O9"]).status_code == 201

    @pytest.mark.parametrize(
        "options", ["-O3", [1.5], [""], ["x" * 65], ["-O3"] * 9], ids=lambda value: str(value)[:9]
    )
    def test_a_bad_field_is_refused(
        self,
        as_alice: APIClient,
        problem: Problem,
        execution_service: FakeExecutionService,
        options: Any,
    ) -> None:
        answer = submit(as_alice, problem, compile_options=options)

        assert answer.status_code == 400
        assert "compile_options" in answer.json()
