"""Rejudging as a staged act: judge beside the results in force, look at it, apply or cancel."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from apps.audit import services as audit
from apps.code_execution.comparison import compare
from apps.code_execution.domain import TERMINAL_STATUSES, Status
from apps.code_execution.models import CodeSubmission, Judgement, Rejudging
from apps.code_execution.results import OPEN_STATES, OUTCOME_FIELDS, take_over
from apps.code_execution.scoring import recompute_board
from apps.code_execution.signals import judged
from apps.code_execution.watching import tell
from apps.contests.models import Contest
from apps.contests.services.rights import Rights
from apps.core.errors import ContestFinalError, IllegalTransitionError, InvalidFieldsError
from apps.users.models import User
from logbook import context

SUBMISSIONS_MAX = 50_000
REASON_CHARS_MAX = 500
BATCH_ROWS = 500
# Trial runs count nowhere, and reference submissions are judged with their problem.
REJUDGED_PURPOSES = (CodeSubmission.Purpose.CONTEST, CodeSubmission.Purpose.PRACTICE)
State = Rejudging.State


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """How many of some submissions a rejudging would take, and which it would leave alone."""

    taken: int
    unfinished: int
    being_rejudged: int
    finalized: int


def submissions_to_rejudge(
    rights: Rights,
    *,
    contest_id: int | None = None,
    problem_id: int | None = None,
    submission_ids: Sequence[int] | None = None,
) -> QuerySet[CodeSubmission]:
    """Give the submissions of a scope, as far as somebody is of their jury."""
    rows = CodeSubmission.objects.filter(purpose__in=REJUDGED_PURPOSES).order_by("pk")
    if not rights.is_global_manager:
        rows = rows.filter(contest__in=rights.judged_contest_ids)
    if contest_id is not None:
        rows = rows.filter(contest=contest_id)
    if problem_id is not None:
        rows = rows.filter(problem=problem_id)
    return rows if submission_ids is None else rows.filter(pk__in=submission_ids)


def scope_of(submissions: QuerySet[CodeSubmission]) -> Scope:
    """Count what a rejudging of these submissions would do."""
    rows = submissions.order_by()
    final = rows.filter(contest__finalized_at__isnull=False)
    changeable = rows.exclude(contest__finalized_at__isnull=False)
    unfinished = changeable.exclude(status__in=TERMINAL_STATUSES)
    finished = changeable.filter(status__in=TERMINAL_STATUSES)
    being_rejudged = in_open_rejudging(finished).count()
    return Scope(
        taken=finished.count() - being_rejudged,
        unfinished=unfinished.count(),
        being_rejudged=being_rejudged,
        finalized=final.count(),
    )


@transaction.atomic
def start(*, submissions: QuerySet[CodeSubmission], reason: str, actor: User) -> Rejudging:
    """Have finished submissions judged once more, beside the results in force.

    The sweep hands them over, a few at a time. What is still being judged, in another rejudging, or
    in a contest whose results are final, is left alone.

    Raises:
        InvalidFieldsError: Nothing is left to judge, or too much.
        ContestFinalError: Nothing is left to judge, as results are final.
    """
    if len(reason) > REASON_CHARS_MAX:
        raise InvalidFieldsError({"reason": [f"At most {REASON_CHARS_MAX} characters."]})
    rejudging = Rejudging.objects.create(reason=reason.strip(), created_by=actor)
    contest_ids: set[int | None] = set()
    problem_ids: set[int | None] = set()
    count = 0
    for rows in _locked_batches(submissions):
        taken = [row for row in rows if row.pk not in _unavailable(rows)]
        count += len(taken)
        if count > SUBMISSIONS_MAX:
            text = f"A rejudging takes {SUBMISSIONS_MAX} submissions at most; choose fewer."
            raise InvalidFieldsError({"submissions": [text]})
        contest_ids.update(row.contest_id for row in taken)
        problem_ids.update(row.problem_id for row in taken)
        _order(rejudging, taken)
    if count == 0 and submissions.filter(contest__finalized_at__isnull=False).exists():
        raise ContestFinalError
    if count == 0:
        text = "There is no submission that can be rejudged: none is finished and free."
        raise InvalidFieldsError({"submissions": [text]})
    rejudging.contest_id = next(iter(contest_ids)) if len(contest_ids) == 1 else None
    rejudging.problem_id = next(iter(problem_ids)) if len(problem_ids) == 1 else None
    rejudging.save(update_fields=["contest", "problem"])
    _record(rejudging, "rejudging.start", actor, {"submissions": count, "reason": rejudging.reason})
    return rejudging


@transaction.atomic
def apply(*, rejudging: Rejudging, actor: User) -> Rejudging:
    """Put the new judgements in force, and compute the boards anew; give the row.

    Raises:
        IllegalTransitionError: It is still being judged, or decided already.
        ContestFinalError: The results of a contest of its submissions are final.
    """
    # Submissions before the rejudging, as results that arrive take their locks.
    judgements = rejudging.judgements.order_by("submission_id")
    submissions = CodeSubmission.objects.filter(judgements__rejudging=rejudging)
    ids = list(
        submissions.order_by("pk").select_for_update(of=("self",)).values_list("pk", flat=True)
    )
    rejudging = _lock_open(rejudging)
    if rejudging.state != State.READY:
        raise IllegalTransitionError("The rejudging is still being judged.")
    contests = list(Contest.objects.filter(submissions__in=ids).distinct().order_by("pk"))
    _check_not_final(contests)
    comparison = compare(rejudging)
    for start_at in range(0, len(ids), BATCH_ROWS):
        batch = judgements.filter(submission__in=ids[start_at : start_at + BATCH_ROWS])
        _put_in_force(batch.select_related("submission"))
    for contest in contests:
        recompute_board(contest=contest)
    _decide(rejudging, State.APPLIED, actor)
    _record(rejudging, "rejudging.apply", actor, comparison.as_summary())
    return rejudging


@transaction.atomic
def cancel(*, rejudging: Rejudging, actor: User) -> Rejudging:
    """Leave everything as it is; results that still come are ignored. Give the row.

    Raises:
        IllegalTransitionError: It is decided already.
    """
    open_ones = rejudging.judgements.filter(finished_at=None)
    submissions = CodeSubmission.objects.filter(judgements__in=open_ones).order_by("pk")
    list(submissions.select_for_update(of=("self",)).values_list("pk", flat=True))
    rejudging = _lock_open(rejudging)
    left = rejudging.judgements.filter(finished_at=None).update(
        status=Status.CANCELLED, finished_at=timezone.now()
    )
    _decide(rejudging, State.CANCELLED, actor)
    _record(rejudging, "rejudging.cancel", actor, {"not_judged": left})
    return rejudging


def in_open_rejudging(submissions: QuerySet[CodeSubmission]) -> QuerySet[CodeSubmission]:
    """Narrow submissions to those in a rejudging that nobody has decided about."""
    rows = Judgement.objects.filter(submission=OuterRef("pk"), rejudging__state__in=OPEN_STATES)
    return submissions.filter(Exists(rows))


def list_rejudgings(rights: Rights) -> QuerySet[Rejudging]:
    """Give the rejudgings that somebody may see and decide about: those of contests they judge."""
    rows = Rejudging.objects.select_related("contest", "problem", "created_by", "decided_by")
    if rights.is_global_manager:
        return rows
    return rows.filter(contest__in=rights.judged_contest_ids)


def _locked_batches(submissions: QuerySet[CodeSubmission]) -> list[list[CodeSubmission]]:
    """Lock the rows in the order of their ids, as everybody does who locks several."""
    rows = CodeSubmission.objects.filter(pk__in=submissions.order_by().values("pk"))
    rows = rows.order_by("pk").only("pk", "status", "contest_id", "problem_id")
    locked = list(rows.select_for_update(no_key=True, of=("self",))[: 2 * SUBMISSIONS_MAX])
    return [locked[at : at + BATCH_ROWS] for at in range(0, len(locked), BATCH_ROWS)]


def _unavailable(rows: Sequence[CodeSubmission]) -> set[int]:
    """Say which of some locked rows can't be judged anew now."""
    ids = [row.pk for row in rows]
    taken = in_open_rejudging(CodeSubmission.objects.filter(pk__in=ids))
    final = CodeSubmission.objects.filter(contest__finalized_at__isnull=False, pk__in=ids)
    unfinished = {row.pk for row in rows if row.status not in TERMINAL_STATUSES}
    return {*taken.values_list("pk", flat=True), *final.values_list("pk", flat=True)} | unfinished


def _order(rejudging: Rejudging, submissions: Sequence[CodeSubmission]) -> None:
    now = timezone.now()
    request_id = context.request_id() or ""
    Judgement.objects.bulk_create(
        Judgement(
            submission=each,
            rejudging=rejudging,
            created_at=now,
            due_at=now,
            request_id=request_id,
        )
        for each in submissions
    )


def _lock_open(rejudging: Rejudging) -> Rejudging:
    locked = Rejudging.objects.select_for_update(no_key=True).get(pk=rejudging.pk)
    if locked.state not in OPEN_STATES:
        raise IllegalTransitionError(f"The rejudging has been {locked.state} already.")
    return locked


def _check_not_final(contests: Sequence[Contest]) -> None:
    final = next((each for each in contests if each.finalized_at is not None), None)
    if final is not None:
        raise ContestFinalError(f"The results of {final} are final; cancel the rejudging.")


def _put_in_force(judgements: QuerySet[Judgement]) -> None:
    now = timezone.now()
    submissions = []
    for judgement in judgements:
        submission = judgement.submission
        take_over(submission, judgement)
        submission.updated_at = now
        submissions.append(submission)
    CodeSubmission.objects.bulk_update(submissions, ["judgement", "updated_at", *OUTCOME_FIELDS])
    tell(*submissions)
    judged.send(sender=CodeSubmission, judgements=list(judgements))


def _decide(rejudging: Rejudging, state: State, actor: User) -> None:
    rejudging.state = state
    rejudging.decided_by = actor
    rejudging.decided_at = timezone.now()
    rejudging.save(update_fields=["state", "decided_by", "decided_at"])


def _record(rejudging: Rejudging, act: str, actor: User, after: dict[str, object]) -> None:
    audit.record(actor=actor, act=act, of=rejudging, contest_id=rejudging.contest_id, after=after)
