"""What the execution service is told: checkers, groups, and test data once."""

from typing import Any

import pytest

from apps.code_execution import services
from apps.code_execution.models import CodeSubmission, Judgement
from apps.code_execution.orders import INLINE_BYTES_MAX, orders_of
from apps.problems.models import Problem, ProblemProgram, TestCase, TestData, TestGroup
from apps.users.models import User
from tests.support.contests import make_contest, make_problem
from tests.support.execution_service import FakeExecutionService

# The first try to hand over comes after the commit.
pytestmark = pytest.mark.django_db(transaction=True)

LARGE = b"1" * (INLINE_BYTES_MAX + 1)


def submit(user: User, problem: Problem) -> CodeSubmission:
    return services.create_submission(
        user=user,
        code="print(42)",
        language="python",
        input_data="",
        contest=problem.contests.get(),
        problem_id=problem.pk,
    )


@pytest.fixture
def problem(transactional_db: None) -> Problem:
    return make_problem(make_contest())


@pytest.fixture
def order(alice: User, problem: Problem, execution_service: FakeExecutionService) -> Any:
    """Hand in a program, and give what the execution service was told."""

    def make() -> dict[str, Any]:
        submit(alice, problem)
        return execution_service.orders[-1]

    return make


def test_small_texts_go_along(order: Any) -> None:
    test = order()["test_cases"][0]

    assert (test["input"], test["expected_output"]) == ("1 2\n", "3\n")


@pytest.mark.parametrize(
    ("purpose", "priority"),
    [
        (CodeSubmission.Purpose.CONTEST, "contest"),
        (CodeSubmission.Purpose.PRACTICE, "practice"),
        (CodeSubmission.Purpose.TRIAL, "practice"),
        (CodeSubmission.Purpose.REFERENCE, "practice"),
    ],
)
def test_a_contest_goes_before_everything_else(
    alice: User, problem: Problem, purpose: str, priority: str
) -> None:
    submission = submit(alice, problem)
    CodeSubmission.objects.update(purpose=purpose)
    judgement = submission.judgements.select_related("submission").get()

    [told] = orders_of([judgement])
    assert told.document["priority"] == priority


def test_a_rejudging_goes_after_everything_else(alice: User, problem: Problem) -> None:
    submit(alice, problem)
    judgement = Judgement.objects.select_related("submission").get()
    judgement.rejudging_id = 1

    [told] = orders_of([judgement])
    assert told.document["priority"] == "rejudge"


@pytest.mark.parametrize("content", [LARGE, b"\xff\x00", b"a\x00b"])
def test_what_is_large_or_no_text_is_sent_once_and_named_by_its_hash(
    order: Any, problem: Problem, execution_service: FakeExecutionService, content: bytes
) -> None:
    data = TestData.objects.keep(content)
    problem.test_cases.update(input_data=data)

    first, second = order(), order()

    assert first["test_cases"][0]["input_sha256"] == data.sha256
    assert "input" not in first["test_cases"][0]
    assert second["test_cases"] == first["test_cases"]
    assert execution_service.test_data == {data.sha256: content}


def test_a_service_that_lost_its_test_data_gets_them_again(
    order: Any, problem: Problem, execution_service: FakeExecutionService
) -> None:
    problem.test_cases.update(input_data=TestData.objects.keep(LARGE))
    order()
    execution_service.test_data.clear()

    order()

    assert list(execution_service.test_data.values()) == [LARGE]


def test_the_options_of_a_checker_go_along(order: Any, problem: Problem) -> None:
    problem.checker = Problem.Checker.TOKENS
    problem.checker_options = {"float_absolute": 1e-6}
    problem.save()

    assert order()["checker"] == {"kind": "tokens", "float_absolute": 1e-6}


def test_a_checker_of_the_problems_own_is_named_by_its_hash(
    order: Any, problem: Problem, execution_service: FakeExecutionService
) -> None:
    problem.checker = Problem.Checker.PROGRAM
    problem.save()
    ProblemProgram.objects.create(
        problem=problem,
        protocol=ProblemProgram.Protocol.TESTLIB,
        language="cpp",
        source='#include "testlib.h"',
        files={"testlib.h": "// the library"},
        arguments=["strict"],
    )

    checker = order()["checker"]

    texts = execution_service.test_data
    assert (checker["kind"], checker["protocol"]) == ("program", "testlib")
    assert texts[checker["source_sha256"]] == b'#include "testlib.h"'
    assert texts[checker["files"]["testlib.h"]["sha256"]] == b"// the library"
    assert checker["arguments"] == ["strict"]


def test_groups_go_along_with_what_they_require(order: Any, problem: Problem) -> None:
    small = TestGroup.objects.create(problem=problem, name="small", position=1)
    large = TestGroup.objects.create(problem=problem, name="large", position=2)
    large.requires.add(small)
    first, second, _third = TestCase.objects.filter(problem=problem)
    TestCase.objects.filter(pk=first.pk).update(group=small)
    TestCase.objects.filter(pk=second.pk).update(group=large)

    told = order()

    assert [each.get("group") for each in told["test_cases"]] == ["small", "large", None]
    assert told["groups"] == [
        {"name": "small", "stop_at_first_failure": True, "requires": []},
        {"name": "large", "stop_at_first_failure": True, "requires": ["small"]},
    ]
