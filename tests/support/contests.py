"""Contests, problems and submissions for tests."""

from datetime import timedelta
from typing import Any

from django.utils import timezone

from apps.code_execution.models import CodeSubmission, Judgement
from apps.contests.models import Contest, ContestParticipant, ContestProblem
from apps.problems.models import Problem, TestCase, TestData
from apps.users.models import User

SUM_TESTS = (("1 2\n", "3\n", True, 0), ("4 5\n", "9\n", False, 10), ("0 0\n", "0\n", False, 30))


def make_contest(**fields: Any) -> Contest:
    """Make a contest that runs."""
    return Contest.objects.create(**{"title": "Winter cup", **fields})


def make_problem(contest: Contest | None = None, *, points: int = 100, **fields: Any) -> Problem:
    """Make a problem with a sample worth nothing and hidden tests worth 10 and 30."""
    problem = Problem.objects.create(**{"title": "Sum", "statement": "Add them.", **fields})
    for position, (given, expected, is_sample, worth) in enumerate(SUM_TESTS, start=1):
        TestCase.objects.create(
            problem=problem,
            position=position,
            input_data=TestData.objects.keep(given.encode()),
            expected_data=TestData.objects.keep(expected.encode()),
            is_sample=is_sample,
            points=worth,
        )
    if contest is not None:
        ContestProblem.objects.create(contest=contest, problem=problem, points=points)
    return problem


def make_submission(user: User, **fields: Any) -> CodeSubmission:
    """Make a submission that the execution service has taken as number 7."""
    now = timezone.now()
    microservice_id = fields.pop("microservice_submission_id", 7)
    test_results = fields.pop("test_results", None)
    contest = fields.get("contest")
    if contest is not None and "participant" not in fields:
        fields["participant"], _ = ContestParticipant.objects.get_or_create(
            contest=contest, user=user
        )
        start = contest.start_time or contest.created_at
        moment = fields.get("created_at", now)
        fields.setdefault("contest_time_ms", (moment - start) // timedelta(milliseconds=1))
    submission = CodeSubmission.objects.create(
        user=user,
        microservice_submission_id=microservice_id,
        submitted_at=now,
        **{"code": "print(42)", "language": "python", **fields},
    )
    is_open = submission.status in {"pending", "running"}
    judgement = Judgement.objects.create(
        submission=submission,
        due_at=now,
        delivered_at=now if microservice_id else None,
        microservice_submission_id=microservice_id,
        finished_at=None if is_open else now,
        test_results=test_results,
    )
    if not is_open:
        submission.judgement = judgement
        submission.save(update_fields=["judgement"])
    return submission


def make_event(submission: CodeSubmission, **fields: Any) -> dict[str, Any]:
    """Make the event that tells that the submission was accepted."""
    tests = submission.problem.test_cases.all() if submission.problem else []
    return {
        "event": "submission.completed",
        "submission_id": submission.microservice_submission_id,
        "reference": str(submission.judgements.latest("created_at").pk),
        "user_id": submission.user_id,
        "contest_id": None,
        "status": "completed",
        "verdict": "AC",
        "output": "42\n",
        "error_output": None,
        "exit_code": 0,
        "execution_time": "0.045s",
        "memory_usage": "8.2MB",
        "execution_time_ms": 45,
        "memory_usage_bytes": 8_598_323,
        "test_results": [make_test_result(test, is_passed=True) for test in tests] or None,
        "completed_at": "2024-01-15T10:30:00.123Z",
        **fields,
    }


def make_test_result(test_case: TestCase, *, is_passed: bool) -> dict[str, Any]:
    """Make the execution service's line about one test case."""
    return {
        "test_case_id": str(test_case.pk),
        "test_case_number": test_case.position,
        "is_sample": test_case.is_sample,
        "verdict": "AC" if is_passed else "WA",
        "passed": is_passed,
        "execution_time_ms": 12,
        "cpu_time_ms": 10,
        "memory_usage_bytes": 1024,
        "exit_code": 0,
        "signal": None,
        "output": "3\n",
        "error": None,
    }
