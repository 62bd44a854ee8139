"""Reference submissions: judged on their own, and compared with what they should get."""

import pytest
from django.core.management import CommandError, call_command

from apps.code_execution.domain import Status
from apps.code_execution.models import CodeSubmission
from apps.code_execution.references import judge_references, reference_outcomes
from apps.problems.models import Problem, TestGroup
from apps.users.models import User
from tests.support.contests import make_problem

pytestmark = pytest.mark.django_db


@pytest.fixture
def bob() -> User:
    return User.objects.create_user(username="bob", password="a long password")


@pytest.fixture
def problem() -> Problem:
    problem = make_problem(short_name="sum")
    TestGroup.objects.create(problem=problem, name="all", points=100)
    for name, expected in (
        ("accepted/right.py", ["AC"]),
        ("partially_accepted/half.py", ["AC", "WA"]),
        ("run_time_error/crash.py", ["MLE", "RTE"]),
    ):
        problem.reference_submissions.create(
            name=name, language="python", code=name, expected=expected
        )
    return problem


def judge(code: str, verdict: str, score: int = 0) -> None:
    CodeSubmission.objects.filter(code=code).update(
        status=Status.COMPLETED, verdict=verdict, score=score
    )


def results(problem: Problem) -> dict[str, bool | None]:
    return {each.name: each.is_as_expected for each in reference_outcomes(problem)}


def test_orders_each_reference_once_and_outside_of_contests(problem: Problem, bob: User) -> None:
    assert judge_references(problem=problem, user=bob) == 3

    submissions = CodeSubmission.objects.filter(problem=problem)
    assert {each.purpose for each in submissions} == {"reference"}
    assert {each.contest_id for each in submissions} == {None}
    assert all(each.judgements.count() == 1 for each in submissions)
    assert set(results(problem).values()) == {None}


def test_compares_verdicts_with_what_is_expected(problem: Problem, bob: User) -> None:
    judge_references(problem=problem, user=bob)
    judge("accepted/right.py", "AC", 100)
    judge("partially_accepted/half.py", "WA", 40)
    judge("run_time_error/crash.py", "WA")

    assert results(problem) == {
        "accepted/right.py": True,
        "partially_accepted/half.py": True,
        "run_time_error/crash.py": False,
    }


@pytest.mark.parametrize(("verdict", "score"), [("AC", 100), ("WA", 0), ("CE", 40)])
def test_wants_some_points_and_not_all_for_a_partial_solution(
    problem: Problem, bob: User, verdict: str, score: int
) -> None:
    judge_references(problem=problem, user=bob)
    judge("partially_accepted/half.py", verdict, score)

    assert results(problem)["partially_accepted/half.py"] is False


def test_compares_with_the_newest_judging(problem: Problem, bob: User) -> None:
    judge_references(problem=problem, user=bob)
    judge("accepted/right.py", "AC", 100)
    judge_references(problem=problem, user=bob)

    assert results(problem)["accepted/right.py"] is None


def test_compares_nothing_with_the_judging_of_another_program(problem: Problem, bob: User) -> None:
    judge_references(problem=problem, user=bob)
    judge("accepted/right.py", "AC", 100)
    problem.reference_submissions.filter(name="accepted/right.py").update(code="changed")

    assert results(problem)["accepted/right.py"] is None


def test_fails_by_command_when_a_verdict_is_missing(
    problem: Problem, bob: User, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(CommandError, match="Not every reference"):
        call_command("judge_references", "sum", user="bob", wait=0)

    assert "not judged: accepted/right.py: -, expected AC" in capsys.readouterr().out
