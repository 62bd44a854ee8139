"""What is done with submissions."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from apps.audit import services as audit
from apps.code_execution import sweeps
from apps.code_execution.admission import Admission, admit
from apps.code_execution.client import get_client
from apps.code_execution.domain import TERMINAL_STATUSES, Status
from apps.code_execution.first_tries import LEASE, first_tries
from apps.code_execution.languages import published_languages
from apps.code_execution.models import CodeSubmission, Judgement
from apps.code_execution.results import clear_outcome, is_being_rejudged
from apps.code_execution.scoring import update_board
from apps.code_execution.watching import tell
from apps.contests.models import Contest
from apps.contests.services import problems
from apps.contests.services.contests import check_not_final
from apps.contests.services.rights import Rights
from apps.core.after_commit import after_commit
from apps.core.errors import IllegalTransitionError, InvalidFieldsError
from apps.problems.models import Problem
from apps.users.models import User
from logbook import context

TRIALS_KEPT_FOR = timedelta(days=1)
DELETED_AT_ONCE_MAX = 500
# What the audit trail keeps of a submission that is judged anew.
VOID_BY_A_RERUN = ("status", "verdict", "score")

Purpose = CodeSubmission.Purpose


def create_submission(
    *,
    user: User,
    code: str,
    language: str,
    input_data: str,
    contest: Contest | None,
    problem_id: int | None,
    compile_options: Sequence[str] = (),
    purpose: str = Purpose.CONTEST,
) -> CodeSubmission:
    """Store a submission with the order to judge it, and try once at once to hand it over.

    With `purpose` practice it is for after the end, and does not count.

    Raises:
        InvalidFieldsError: The contest does not set the problem, or its rules do not allow the
            program, or a compile option is wrong.
        ClientError: The contest takes no submission of the user now; see `admission.admit`.
    """
    now = timezone.now()
    is_practice = purpose == Purpose.PRACTICE
    with transaction.atomic():
        if contest is not None:
            admission = admit(
                contest=contest,
                problem_id=problem_id,
                user=user,
                is_practice=is_practice,
                language=language,
                code=code,
                now=now,
            )
        elif is_practice:
            raise InvalidFieldsError({"contest": ["Name the contest to practise in."]})
        else:
            admission = Admission()
        # Later than who may submit now: before the start nobody is to learn what the problems are.
        problem = _find_problem(user, contest, problem_id)
        _check_compile_options(compile_options, language, problem)
        judgement = _store(
            CodeSubmission(
                user=user,
                code=code,
                language=language,
                input_data=input_data,
                compile_options=list(compile_options),
                contest=contest,
                problem=problem,
                participant=admission.participant,
                contest_time_ms=admission.contest_time_ms,
                purpose=purpose,
                created_at=now,
            )
        )
    # The first try has put the row there as it left it.
    submission = judgement.submission
    submission.user = user
    return submission


def create_trial(
    *,
    rights: Rights,
    user: User,
    problem_id: int | None,
    code: str,
    language: str,
    input_data: str,
    compile_options: Sequence[str] = (),
) -> CodeSubmission:
    """Run a program without scoring: on the problem's samples, or on an own input if there is one.

    Raises:
        NotFoundError: There is no such problem that the user may read.
        InvalidFieldsError: A compile option is wrong, or there is nothing to run it on.
    """
    problem = None if problem_id is None else problems.get_problem(rights, problem_id)
    _check_compile_options(compile_options, language, problem)
    if (
        problem is not None
        and not input_data
        and not problem.test_cases.filter(is_sample=True).exists()
    ):
        text = "The problem has no samples; give an input of your own."
        raise InvalidFieldsError({"input_data": [text]})
    with transaction.atomic():
        judgement = _store(
            CodeSubmission(
                user=user,
                code=code,
                language=language,
                input_data=input_data,
                compile_options=list(compile_options),
                problem=problem,
                purpose=Purpose.TRIAL,
                created_at=timezone.now(),
            )
        )
    submission = judgement.submission
    submission.user = user
    return submission


def delete_old_trials(*, now: datetime) -> None:
    """Delete trial runs of yesterday and before."""
    old = CodeSubmission.objects.filter(
        purpose=Purpose.TRIAL, created_at__lt=now - TRIALS_KEPT_FOR
    ).order_by("created_at")
    # In pieces, as everything that hangs on them is read before it is deleted.
    while ids := list(old.values_list("pk", flat=True)[:DELETED_AT_ONCE_MAX]):
        CodeSubmission.objects.filter(pk__in=ids).delete()


def rerun_submission(*, submission_id: int, actor: User) -> CodeSubmission:
    """Judge a finished submission anew; the old outcome stays with the old judgement.

    The sweep hands it over.

    Raises:
        IllegalTransitionError: The submission is still being judged, or in a rejudging.
        ContestFinalError: The results of its contest are final.
    """
    with transaction.atomic():
        submission = CodeSubmission.objects.select_for_update(no_key=True).get(pk=submission_id)
        if Status(submission.status) not in TERMINAL_STATUSES:
            raise IllegalTransitionError("The submission is still being judged.")
        if is_being_rejudged(submission):
            raise IllegalTransitionError("The submission is in a rejudging; decide that first.")
        if submission.contest is not None:
            check_not_final(submission.contest)
        before = {name: getattr(submission, name) for name in VOID_BY_A_RERUN}
        submission.microservice_submission_id = None
        submission.status = Status.PENDING
        submission.submitted_at = None
        clear_outcome(submission)
        submission.judgement = None
        submission.save()
        Judgement.objects.create(
            submission=submission, due_at=timezone.now(), request_id=context.request_id() or ""
        )
        tell(submission)
        update_board(submission)
        audit.record(
            actor=actor,
            act="submission.rerun",
            of=submission,
            contest_id=submission.contest_id,
            before=before,
            after={name: getattr(submission, name) for name in VOID_BY_A_RERUN},
        )
    return submission


@transaction.atomic
def delete_submission(*, submission_id: int, actor: User) -> None:
    """Delete a submission with its judgements; the boards are as if it had never come.

    Raises:
        ContestFinalError: The results of its contest are final.
    """
    submission = CodeSubmission.objects.select_for_update(no_key=True).get(pk=submission_id)
    if submission.contest is not None:
        check_not_final(submission.contest)
    audit.record(
        actor=actor,
        act="submission.delete",
        of=submission,
        contest_id=submission.contest_id,
        before={
            "user": submission.user.get_username(),
            "problem": submission.problem_id,
            **{name: getattr(submission, name) for name in VOID_BY_A_RERUN},
        },
    )
    tell(submission)
    submission.delete()
    update_board(submission)


def _store(submission: CodeSubmission) -> Judgement:
    """Store a submission with the order for it; it is handed over after the commit."""
    submission.save(force_insert=True)
    made_at = submission.created_at
    is_left_to_celery = first_tries.are_enough
    judgement = Judgement.objects.create(
        submission=submission,
        created_at=made_at,
        # The sweep keeps away from what is tried at once.
        due_at=made_at if is_left_to_celery else made_at + LEASE,
        attempts=0 if is_left_to_celery else 1,
        request_id=context.request_id() or "",
    )
    tell(submission)
    # The submission is safe by then, so no fault of the first try may fail the request.
    if is_left_to_celery:
        after_commit(sweeps.bell.ring)
    else:
        after_commit(first_tries.make, judgement, client=get_client())
    return judgement


def _find_problem(user: User, contest: Contest | None, problem_id: int | None) -> Problem | None:
    if problem_id is None:
        return None
    known = Problem.objects.all() if contest is None else contest.problems.all()
    try:
        problem = known.get(pk=problem_id)
    except Problem.DoesNotExist:
        text = "There is no such problem, or the contest does not set it."
        raise InvalidFieldsError({"problem": [text]}) from None
    if contest is None and not user.is_contest_manager:
        raise InvalidFieldsError({"contest": ["Name the contest that sets the problem."]})
    return problem


def _check_compile_options(
    compile_options: Sequence[str], language: str, problem: Problem | None
) -> None:
    """Refuse what is known to be wrong; else the execution service has the last word.

    Raises:
        InvalidFieldsError: The problem takes none, or the language not these.
    """
    if not compile_options:
        return
    if problem is not None and not problem.allows_compile_options:
        raise InvalidFieldsError({"compile_options": ["The problem takes no compile options."]})
    published = published_languages().get(language)
    reason = published and published.reason_against(compile_options)
    if reason:
        raise InvalidFieldsError({"compile_options": [reason]})
