"""Applying what the execution service found: once, graded, and with the contest's boards."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Case, PositiveBigIntegerField, Q, QuerySet, Value, When
from django.utils import timezone

from apps.code_execution.documents import Result
from apps.code_execution.domain import TERMINAL_STATUSES, Status, Verdict, can_change
from apps.code_execution.grading import grade
from apps.code_execution.models import CodeSubmission, Judgement, Outcome, Rejudging
from apps.code_execution.scoring import update_board, update_boards
from apps.code_execution.signals import judged
from apps.code_execution.watching import tell
from apps.core import metrics
from apps.core.errors import InvalidFieldsError, SubmissionNotFoundError

OUTCOME_FIELDS = tuple(field.name for field in Outcome._meta.get_fields())  # noqa: SLF001
PROGRESS_FIELDS = ("judging_attempt", "judging_stage", "tests_done", "tests_total")

# What a result is applied by: neither the program nor what the judgement before found, both long.
_READ_FOR_RESULTS = (
    "status",
    "microservice_submission_id",
    "last_error",
    "finished_at",
    "rejudging",
    "submission__user",
    "submission__contest",
    "submission__problem",
    "submission__participant",
    "submission__purpose",
)

OPEN_STATES = (Rejudging.State.JUDGING, Rejudging.State.READY)


@transaction.atomic(savepoint=False)
def apply_result(*, result: Result) -> tuple[CodeSubmission, bool]:
    """Apply what the execution service found, once; give whose it is and whether that changed it.

    A terminal status never changes: a late or repeated result is accepted and ignored.

    Raises:
        SubmissionNotFoundError: No submission belongs to the result.
        InvalidFieldsError: The submission is another user's.
    """
    judgement = _lock(result)
    submission = judgement.submission
    if judgement.finished_at is not None:
        return submission, False
    if not can_change(Status(judgement.status), result.status):
        return submission, False
    if judgement.microservice_submission_id != result.microservice_id:
        _link({judgement: result.microservice_id})
    if result.status in TERMINAL_STATUSES:
        _finish(submission, judgement, result)
        return submission, True
    judgement.status = result.status
    judgement.save(update_fields=["status"])
    if judgement.rejudging_id is None:
        submission.status = result.status
        submission.save(update_fields=["status", "updated_at"])
        tell(submission)
    return submission, True


@transaction.atomic
def refuse(*, judgement: Judgement, reason: str) -> None:
    """End a judgement that the execution service will never take.

    `judgement.submission` is the row as it is now.
    """
    locked = _rows_to_change().get(pk=judgement.pk)
    judgement.submission = locked.submission
    if locked.finished_at is not None:
        return
    locked.last_error = reason
    refused = Result(
        microservice_id=0,
        user_id=locked.submission.user_id,
        status=Status.ERROR,
        verdict=Verdict.IE,
        error_output="Internal Error: the execution service does not take this submission.",
        completed_at=timezone.now(),
    )
    _finish(locked.submission, locked, refused)


def mark_delivered(ids: Mapping[Judgement, int]) -> None:
    """Note which orders the service has taken, and under which ids; show them as pending.

    Each `judgement.submission` is the row as it is now, which may be final already.
    """
    with transaction.atomic():
        rows = _rows_to_change().only("id", "submission__id")
        still_open = set(rows.filter(pk__in=[each.pk for each in ids], finished_at=None))
        _link({judgement: ids[judgement] for judgement in ids if judgement in still_open})
        show_as_pending([each.submission for each in ids if each in still_open])
    # Of the others the webhook was faster, and has linked them.
    finished = [each for each in ids if each not in still_open]
    if finished:
        rows_now = CodeSubmission.objects.in_bulk([each.submission_id for each in finished])
        for judgement in finished:
            judgement.submission = rows_now.get(judgement.submission_id, judgement.submission)


@transaction.atomic(savepoint=False)
def show_as_pending(submissions: Iterable[CodeSubmission]) -> None:
    """Have the boards show submissions that are not judged yet."""
    update_boards(each for each in submissions if Status(each.status) not in TERMINAL_STATUSES)


def put_in_force(submission: CodeSubmission, judgement: Judgement) -> None:
    """Make a finished judgement the one that counts; the caller holds the submission's lock."""
    take_over(submission, judgement)
    submission.save(update_fields=["judgement", "updated_at", *OUTCOME_FIELDS])
    tell(submission)
    update_board(submission)
    judged.send(sender=CodeSubmission, judgements=[judgement])


def take_over(submission: CodeSubmission, judgement: Judgement) -> None:
    """Copy what a judgement found onto its submission, without storing it."""
    for name in OUTCOME_FIELDS:
        setattr(submission, name, getattr(judgement, name))
    submission.judgement = judgement


def clear_outcome(submission: CodeSubmission) -> None:
    """Take the old outcome off a submission that is judged anew."""
    fresh = CodeSubmission()
    for name in (*OUTCOME_FIELDS, *PROGRESS_FIELDS):
        setattr(submission, name, getattr(fresh, name))


def is_being_rejudged(submission: CodeSubmission) -> bool:
    """Tell whether the submission is in a rejudging that nobody has decided about."""
    return submission.judgements.filter(rejudging__state__in=OPEN_STATES).exists()


def open_rows(judgement: Judgement) -> QuerySet[Judgement]:
    """Give the judgement's row, if it is still open."""
    return Judgement.objects.filter(pk=judgement.pk, finished_at=None)


def judgements_named(reference: str | None, microservice_id: int) -> Q:
    """Say which judgement the execution service means; of several the newest.

    The reference that went with the order names it. A sender that knows no references names it with
    the id that the service gave it.
    """
    judgement_id = _judgement_id_of(reference)
    if judgement_id is None:
        return Q(microservice_submission_id=microservice_id)
    return Q(pk=judgement_id)


def next_question_at() -> datetime:
    """Say when to ask for a result that has not come until then."""
    return timezone.now() + timedelta(seconds=settings.CODE_EXECUTION_RECONCILE_AFTER)


def _rows_to_change() -> QuerySet[Judgement]:
    """Give judgements with their submissions, which nobody else changes until the commit.

    Both are locked, so that both are as of after the wait; submissions first, as everywhere.
    """
    rows = Judgement.objects.select_related("submission")
    return rows.select_for_update(no_key=True, of=("submission", "self"))


def _link(ids: Mapping[Judgement, int]) -> None:
    """Note the execution service's ids of judgements that are locked; needs a transaction."""
    if not ids:
        return
    now = timezone.now()
    shown = {each.submission_id: ids[each] for each in ids if each.rejudging_id is None}
    if shown:
        linked = CodeSubmission.objects.filter(microservice_submission_id__in=shown.values())
        # A service that has lost its database counts from 1 again: older links are void.
        linked.update(microservice_submission_id=None)
        CodeSubmission.objects.filter(pk__in=shown).update(
            microservice_submission_id=_of_each(shown), submitted_at=now, updated_at=now
        )
    Judgement.objects.filter(pk__in=[each.pk for each in ids]).update(
        delivered_at=now,
        microservice_submission_id=_of_each({each.pk: ids[each] for each in ids}),
        due_at=next_question_at(),
        last_error="",
    )
    for judgement, microservice_id in ids.items():
        if judgement.rejudging_id is None:
            submission = judgement.submission
            submission.microservice_submission_id = microservice_id
            submission.submitted_at = submission.updated_at = now


def _of_each(ids: Mapping[Any, int]) -> Case:
    """Say in one statement which id belongs to which row."""
    cases = (When(pk=row, then=Value(microservice_id)) for row, microservice_id in ids.items())
    return Case(*cases, output_field=PositiveBigIntegerField())


def _lock(result: Result) -> Judgement:
    """Find what this is the result of, and keep others from changing it until the commit.

    Raises:
        SubmissionNotFoundError: There is no such judgement.
        InvalidFieldsError: Its submission is another user's.
    """
    named = judgements_named(result.reference, result.microservice_id)
    judgement = _rows_to_change().only(*_READ_FOR_RESULTS).filter(named).first()
    if judgement is None:
        raise SubmissionNotFoundError
    if judgement.submission.user_id != result.user_id:
        raise InvalidFieldsError({"user_id": ["The submission is another user's."]})
    return judgement


def _judgement_id_of(reference: str | None) -> UUID | None:
    try:
        return UUID(reference)
    except (TypeError, ValueError):
        return None


def _finish(submission: CodeSubmission, judgement: Judgement, result: Result) -> None:
    """Store a terminal result with its grade; the caller holds the submission's lock."""
    grade(judgement, submission, result)
    judgement.finished_at = timezone.now()
    judgement.save(update_fields=["finished_at", "last_error", "test_results", *OUTCOME_FIELDS])
    if judgement.rejudging_id is None:
        put_in_force(submission, judgement)
    else:
        _note_rejudged(judgement.rejudging_id)
    metrics.result_applied(verdict=judgement.verdict)


def _note_rejudged(rejudging_id: int) -> None:
    """Let a rejudging wait for a decision once all of it is judged."""
    # With the lock, of two last results the later one sees that none is open.
    rejudging = Rejudging.objects.select_for_update(no_key=True).get(pk=rejudging_id)
    if rejudging.state != Rejudging.State.JUDGING:
        return
    if not rejudging.judgements.filter(finished_at=None).exists():
        rejudging.state = Rejudging.State.READY
        rejudging.save(update_fields=["state"])
