"""Applying what the execution service found: once, graded, and with the contest's ranking."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from apps.code_execution.domain import (
    TERMINAL_STATUSES,
    Result,
    Status,
    Verdict,
    can_change,
    is_correct,
)
from apps.code_execution.models import CodeSubmission, Judgement
from apps.contests import services as contests
from apps.contests.domain import GradedSubmission, TestOutcome, score_of, standing_of
from apps.contests.models import Contest, ContestProblem, TestCase
from apps.core.errors import InvalidFieldsError, SubmissionNotFoundError

OUTCOME_FIELDS = (
    "verdict",
    "output",
    "error_output",
    "exit_code",
    "execution_time_ms",
    "memory_usage_bytes",
    "test_results",
    "completed_at",
    "is_correct",
    "score",
)


@transaction.atomic(savepoint=False)
def apply_result(*, result: Result) -> tuple[CodeSubmission, bool]:
    """Apply what the execution service found, once; give whose it is and whether that changed it.

    A terminal status never changes: a late or repeated result is accepted and ignored.

    Raises:
        SubmissionNotFoundError: No submission belongs to the result.
        InvalidFieldsError: The submission is another user's.
    """
    submission = _lock_submission_of(result)
    judgement = submission.judgements.filter(finished_at=None).first()
    if judgement is None or not _is_linked(submission, judgement, result):
        return submission, False
    if not can_change(Status(submission.status), result.status):
        return submission, False
    if result.status in TERMINAL_STATUSES:
        _finish(submission, judgement, result)
    else:
        submission.status = result.status
        submission.save(update_fields=["status", "updated_at"])
    return submission, True


@transaction.atomic
def refuse(*, judgement: Judgement, reason: str) -> None:
    """End a submission that the execution service will never take.

    `judgement.submission` is the row as it is now.
    """
    submission = CodeSubmission.objects.select_for_update(no_key=True).get(
        pk=judgement.submission_id
    )
    open_rows(judgement).update(last_error=reason)
    refused = Result(
        microservice_id=0,
        user_id=submission.user_id,
        status=Status.ERROR,
        verdict=Verdict.IE,
        error_output="Internal Error: the execution service does not take this submission.",
        completed_at=timezone.now(),
    )
    if can_change(Status(submission.status), refused.status):
        _finish(submission, judgement, refused)
    judgement.submission = submission


@transaction.atomic
def mark_delivered(*, judgement: Judgement, microservice_id: int) -> None:
    """Note that the execution service has taken the order, and under which id.

    `judgement.submission` is the row as it is now, which may be final already.
    """
    submission = CodeSubmission.objects.select_for_update(no_key=True).get(
        pk=judgement.submission_id
    )
    _link(submission, judgement, microservice_id)
    judgement.submission = submission


@transaction.atomic
def recompute_ranking(*, contest: Contest) -> None:
    """Compute every participant's score and rank anew from the submissions."""
    contest = contests.lock_contest(contest.pk)
    graded: dict[int, list[GradedSubmission]] = {
        user_id: [] for user_id in contest.participants.values_list("user_id", flat=True)
    }
    for user_id, each in _graded(contest.pk, {}):
        graded.setdefault(user_id, []).append(each)
    contests.record_standings(
        contest=contest, standings={user: standing_of(rows) for user, rows in graded.items()}
    )


def clear_outcome(submission: CodeSubmission) -> None:
    """Take the old outcome off a submission that is judged anew."""
    for name in OUTCOME_FIELDS:
        setattr(submission, name, None)


def open_rows(judgement: Judgement) -> QuerySet[Judgement]:
    """Give the judgement's row, if it is still open."""
    return Judgement.objects.filter(pk=judgement.pk, finished_at=None)


def next_question_at() -> datetime:
    """Say when to ask for a result that has not come until then."""
    return timezone.now() + timedelta(seconds=settings.CODE_EXECUTION_RECONCILE_AFTER)


def _link(submission: CodeSubmission, judgement: Judgement, microservice_id: int) -> None:
    """Note the execution service's id of an open judgement; the caller holds the row's lock.

    The webhook may have been faster: then the judgement is finished, and linked.
    """
    now = timezone.now()
    is_open = open_rows(judgement).update(
        delivered_at=now,
        microservice_submission_id=microservice_id,
        due_at=next_question_at(),
        last_error="",
    )
    if not is_open:
        return
    # A service that has lost its database counts from 1 again: the older link is void.
    linked = CodeSubmission.objects.filter(microservice_submission_id=microservice_id)
    linked.exclude(pk=submission.pk).update(microservice_submission_id=None)
    submission.microservice_submission_id = microservice_id
    submission.submitted_at = now
    submission.save(update_fields=["microservice_submission_id", "submitted_at", "updated_at"])


def _lock_submission_of(result: Result) -> CodeSubmission:
    """Find whose result this is, and keep others from changing it until the commit.

    By the service's id; or by the reference that went with the order, when the result was faster
    than the answer to the hand-over, or when the service has lost its database and counts anew.

    Raises:
        SubmissionNotFoundError: There is no such submission.
        InvalidFieldsError: It is another user's.
    """
    rows = CodeSubmission.objects.select_for_update(no_key=True)
    by_id = rows.filter(microservice_submission_id=result.microservice_id).first()
    if by_id is not None and result.reference in {None, str(by_id.pk)}:
        if by_id.user_id != result.user_id:
            raise InvalidFieldsError({"user_id": ["The submission is another user's."]})
        return by_id
    reference = result.reference or ""
    if not (reference.isascii() and reference.isdigit() and len(reference) < len(str(2**63))):
        raise SubmissionNotFoundError
    by_reference = rows.filter(pk=int(reference), user=result.user_id).first()
    if by_reference is None:
        raise SubmissionNotFoundError
    return by_reference


def _is_linked(submission: CodeSubmission, judgement: Judgement, result: Result) -> bool:
    """Tell whether the result answers this judgement; link them if it is the first to say so."""
    if submission.microservice_submission_id is not None:
        return submission.microservice_submission_id == result.microservice_id
    older = Judgement.objects.filter(submission=submission).exclude(pk=judgement.pk)
    if older.filter(microservice_submission_id=result.microservice_id).exists():
        # Late news of an order that a rerun has replaced.
        return False
    _link(submission, judgement, result.microservice_id)
    return True


def _finish(submission: CodeSubmission, judgement: Judgement, result: Result) -> None:
    """Store a terminal result with its grade; the caller holds the submission's lock."""
    submission.status = result.status
    _set_outcome(submission, result)
    submission.save(update_fields=["status", "updated_at", *OUTCOME_FIELDS])
    open_rows(judgement).update(
        finished_at=timezone.now(),
        status=submission.status,
        verdict=submission.verdict,
        score=submission.score,
        is_correct=submission.is_correct,
    )
    if submission.contest_id is not None and submission.problem_id is not None:
        _update_standing(submission.contest_id, submission.user_id)


def _set_outcome(submission: CodeSubmission, result: Result) -> None:
    """Copy a result onto the submission, and grade it."""
    tests = _points_by_test(submission)
    submission.verdict = result.verdict
    submission.output = result.output
    submission.error_output = result.error_output
    submission.exit_code = result.exit_code
    submission.execution_time_ms = result.execution_time_ms
    submission.memory_usage_bytes = result.memory_usage_bytes
    submission.test_results = result.test_results
    submission.completed_at = result.completed_at
    submission.is_correct = is_correct(result.verdict, has_tests=bool(tests))
    submission.score = None
    if submission.is_correct is not None:
        submission.score = score_of(
            _outcomes(result, tests), _full_points(submission.contest_id, submission.problem_id)
        )


def _points_by_test(submission: CodeSubmission) -> Mapping[str, int]:
    if submission.problem_id is None:
        return {}
    rows = TestCase.objects.filter(problem=submission.problem_id).values_list("pk", "points")
    return {str(pk): points for pk, points in rows}


def _outcomes(result: Result, tests: Mapping[str, int]) -> list[TestOutcome]:
    passed = {each["test_case_id"] for each in result.test_results or [] if each["passed"]}
    is_accepted = result.verdict is Verdict.AC
    return [
        TestOutcome(is_passed=is_accepted or test_id in passed, points=points)
        for test_id, points in tests.items()
    ]


def _full_points(contest_id: int | None, problem_id: int | None) -> int | None:
    found = ContestProblem.objects.filter(contest=contest_id, problem=problem_id)
    return found.values_list("points", flat=True).first()


def _update_standing(contest_id: int, user_id: int) -> None:
    # Other results of the same user may be arriving: whoever holds the contest sees them all.
    contest = contests.lock_contest(contest_id)
    standing = standing_of(each for _, each in _graded(contest_id, {"user": user_id}))
    contests.record_standings(contest=contest, standings={user_id: standing})


def _graded(contest_id: int, only: Mapping[str, int]) -> list[tuple[int, GradedSubmission]]:
    rows = CodeSubmission.objects.filter(
        contest=contest_id, problem__isnull=False, score__gt=0, **only
    ).values_list("user_id", "problem_id", "score", "created_at")
    return [
        (user_id, GradedSubmission(problem_id=problem_id, score=score, submitted_at=created_at))
        for user_id, problem_id, score, created_at in rows.order_by()
        if problem_id and score  # both are in the query; this tells the type checker
    ]
