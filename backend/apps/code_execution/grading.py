"""From what the execution service found to the grade of a judgement."""

from decimal import Decimal
from itertools import groupby
from operator import itemgetter
from typing import Any

from apps.code_execution.documents import Result
from apps.code_execution.domain import Verdict, is_correct
from apps.code_execution.models import CodeSubmission, Judgement
from apps.contests.models import ContestProblem
from apps.contests.subtasks import GradedTest, GroupScoring, Subtask, score_of_tests
from apps.problems.models import TestCase, TestGroup

FULL_SHARE = Decimal(1)


def grade(judgement: Judgement, submission: CodeSubmission, result: Result) -> None:
    """Copy a result onto the judgement, and say what it is worth."""
    tests = _tests_of(submission)
    judgement.status = result.status
    judgement.verdict = result.verdict
    judgement.output = result.output
    judgement.error_output = result.error_output
    judgement.exit_code = result.exit_code
    judgement.execution_time_ms = result.execution_time_ms
    judgement.memory_usage_bytes = result.memory_usage_bytes
    judgement.test_results = result.test_results
    judgement.completed_at = result.completed_at
    judgement.is_correct = is_correct(result.verdict, has_tests=bool(tests))
    judgement.score = None
    judgement.group_scores = {}
    if judgement.is_correct is not None:
        score, group_scores = score_of_tests(
            _groups_of(submission, tests), tests, _shares(result, tests), _full_points(submission)
        )
        judgement.score = score
        judgement.group_scores = {name: str(points) for name, points in group_scores.items()}


def _tests_of(submission: CodeSubmission) -> list[GradedTest]:
    """Give what a submission is graded by; a trial run is not."""
    if submission.problem_id is None or submission.purpose == CodeSubmission.Purpose.TRIAL:
        return []
    rows = TestCase.objects.filter(problem=submission.problem_id).order_by()
    return [
        GradedTest(id=str(pk), points=points, group=group)
        for pk, points, group in rows.values_list("pk", "points", "group__name")
    ]


def _groups_of(submission: CodeSubmission, tests: list[GradedTest]) -> list[Subtask]:
    if all(test.group is None for test in tests):
        return []
    rows = TestGroup.objects.filter(problem=submission.problem_id).values_list(
        "name", "points", "scoring", "requires__name"
    )
    return [
        Subtask(
            name=name,
            points=points,
            scoring=GroupScoring(scoring),
            requires=tuple(filter(None, (required for *_, required in of_group))),
        )
        for (name, points, scoring), of_group in groupby(rows, key=itemgetter(0, 1, 2))
    ]


def _shares(result: Result, tests: list[GradedTest]) -> dict[str, Decimal]:
    """Give each test's share of its points; of an accepted program every test is full."""
    if result.verdict is Verdict.AC:
        return {test.id: FULL_SHARE for test in tests}
    known = {test.id for test in tests}
    return {
        each["test_case_id"]: _share(each)
        for each in result.test_results or []
        if each["test_case_id"] in known
    }


def _share(test_result: dict[str, Any]) -> Decimal:
    if test_result["score"] is None:
        return FULL_SHARE if test_result["passed"] else Decimal(0)
    return Decimal(str(test_result["score"]))


def _full_points(submission: CodeSubmission) -> int | None:
    found = ContestProblem.objects.filter(
        contest=submission.contest_id, problem=submission.problem_id
    )
    return found.values_list("points", flat=True).first()
