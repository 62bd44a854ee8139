"""What somebody may read of submissions, as the contests' policy says."""

from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Count, Q, QuerySet

from apps.code_execution.domain import Verdict
from apps.code_execution.models import CodeSubmission
from apps.contests.domain import problem_label
from apps.contests.models import Contest
from apps.contests.services.rights import Rights
from apps.contests.services.rosters import on_board
from apps.contests.visibility import Detail, Feedback, Submitted, Visibility
from apps.core.errors import BoardHiddenError, SubmissionNotFoundError

PROGRAM_FIELDS = ("code", "input_data")
LONG_FIELDS = (*PROGRAM_FIELDS, "output", "error_output")
MILLISECOND = timedelta(milliseconds=1)
Purpose = CodeSubmission.Purpose


@dataclass(frozen=True, slots=True, kw_only=True)
class Disclosure:
    """How much of a submission somebody may see, and whether the program is part of it."""

    detail: Detail
    has_code: bool


def list_submissions(rights: Rights) -> QuerySet[CodeSubmission]:
    """Give somebody's own submissions and those that they judge, without what may be long."""
    return _judged_or_own(rights).defer(*LONG_FIELDS).prefetch_related("contest")


def list_of_contest(contest: Contest, visibility: Visibility) -> QuerySet[CodeSubmission]:
    """Give what a viewer may know of a contest's submissions, without what may be long.

    Raises:
        BoardHiddenError: They may not know who tried what.
    """
    if not visibility.may_see_board:
        raise BoardHiddenError
    rows = CodeSubmission.objects.filter(contest=contest).select_related("user")
    if not visibility.may_judge:
        rows = rows.filter(_on_board(contest), purpose=Purpose.CONTEST)
    return rows.defer(*LONG_FIELDS).prefetch_related("contest")


def find_submission(
    rights: Rights, submission_id: int, *, has_program: bool = True
) -> tuple[CodeSubmission, Disclosure]:
    """Give a submission with its texts, or all but the program; and how much of it may be shown.

    Raises:
        SubmissionNotFoundError: There is none, or they may not know of it.
    """
    rows = CodeSubmission.objects.select_related("user", "judgement", "contest")
    if not has_program:
        rows = rows.defer(*PROGRAM_FIELDS)
    submission = rows.filter(pk=submission_id).first()
    if submission is None:
        raise SubmissionNotFoundError
    contest = submission.contest
    participant_id = submission.participant_id
    is_on_board = False
    if contest is not None and participant_id is not None:
        is_on_board = on_board(contest).filter(pk=participant_id).exists()
    disclosure = disclosure_of(rights, submission, is_on_board=is_on_board)
    if disclosure.detail is Detail.NONE:
        raise SubmissionNotFoundError
    return submission, disclosure


def disclosure_of(rights: Rights, submission: CodeSubmission, *, is_on_board: bool) -> Disclosure:
    """Say how much of a submission somebody may see; others on the board see less than its own."""
    if submission.contest is None:
        if rights.is_global_manager:
            return Disclosure(detail=Detail.EVERYTHING, has_code=True)
        is_own = submission.user_id == rights.user_id
        return Disclosure(detail=Detail.TESTS if is_own else Detail.NONE, has_code=is_own)
    time_ms = submission.contest_time_ms
    # Without a problem there is nothing that a hidden test could tell.
    counts = submission.purpose == Purpose.CONTEST and submission.problem_id is not None
    submitted = Submitted(
        user_id=submission.user_id,
        participant_id=submission.participant_id,
        at=None if time_ms is None else time_ms * MILLISECOND,
        counts=counts,
        is_on_board=is_on_board,
    )
    visibility = rights.visibility(submission.contest)
    return Disclosure(
        detail=visibility.detail_of(submitted), has_code=visibility.may_see_code(submitted)
    )


def without_secret_outcomes(
    rights: Rights, rows: QuerySet[CodeSubmission]
) -> QuerySet[CodeSubmission]:
    """Leave out somebody's own submissions whose outcome they may not know yet.

    Else a filter by outcome would tell it.
    """
    if rights.is_global_manager:
        return rows
    own = _judged_or_own(rights).order_by().values("contest")
    limited = Contest.objects.filter(feedback=Feedback.SAMPLES, pk__in=own)
    facts = Submitted(user_id=rights.user_id or 0)
    secret = [each for each in limited if rights.visibility(each).detail_of(facts) < Detail.VERDICT]
    return rows.exclude(contest__in=secret, purpose=Purpose.CONTEST, problem__isnull=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemStatistics:
    """How often a contest's problem was tried, by how many, and how many are known to solve it."""

    problem: int
    label: str
    attempts: int
    tried_by: int
    solved_by: int


def statistics_of(contest: Contest, visibility: Visibility) -> list[ProblemStatistics]:
    """Count attempts and solvers of each problem; behind a freeze nobody is known to solve one.

    Raises:
        BoardHiddenError: The viewer may not know.
    """
    if not visibility.may_see_statistics:
        raise BoardHiddenError
    is_known = Q(verdict=Verdict.AC)
    if not visibility.sees_true_board and visibility.freeze_after is not None:
        is_known &= Q(contest_time_ms__lt=visibility.freeze_after / MILLISECOND)
    rows = CodeSubmission.objects.filter(
        _on_board(contest), contest=contest, purpose=Purpose.CONTEST
    )
    counts = {
        each["problem"]: each
        for each in rows
        .order_by()
        .values("problem")
        .annotate(
            attempts=Count("pk"),
            tried_by=Count("participant", distinct=True),
            solved_by=Count("participant", distinct=True, filter=is_known),
        )
    }
    nothing = {"attempts": 0, "tried_by": 0, "solved_by": 0}
    return [
        ProblemStatistics(
            label=problem_label(place, each.label),
            **{"problem": each.problem_id, **nothing, **counts.get(each.problem_id, {})},
        )
        for place, each in enumerate(contest.contest_problems.all())
    ]


def _on_board(contest: Contest) -> Q:
    return Q(participant__in=on_board(contest).order_by().values("pk"))


def _judged_or_own(rights: Rights) -> QuerySet[CodeSubmission]:
    rows = CodeSubmission.objects.select_related("user")
    if rights.is_global_manager:
        return rows
    # Plain lists, so that each part of the condition can go by its index.
    return rows.filter(
        Q(user=rights.user_id)
        | Q(participant__in=rights.participant_ids)
        | Q(contest__in=rights.judged_contest_ids)
    )
