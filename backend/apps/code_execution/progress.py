"""Showing how far judging is: of the newest news, and only while there is no result."""

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from apps.code_execution.documents import Progress
from apps.code_execution.domain import Stage, Status
from apps.code_execution.models import CodeSubmission, Judgement
from apps.code_execution.results import judgements_named, open_rows
from apps.code_execution.watching import tell
from apps.core.errors import SubmissionNotFoundError

_READ = ("submission__user", "submission__contest", "submission__participant")


def apply_progress(*, progress: Progress) -> None:
    """Note how far judging is, unless that is known already, or the result is.

    That a rejudging goes on is not shown: the submission has a result.

    Raises:
        SubmissionNotFoundError: No submission belongs to it.
    """
    named = judgements_named(progress.reference, progress.microservice_id)
    judgement = Judgement.objects.select_related("submission").only(*_READ).filter(named).first()
    if judgement is None:
        raise SubmissionNotFoundError
    submission = judgement.submission
    is_open = open_rows(judgement).filter(rejudging=None, submission=OuterRef("pk"))
    rows = CodeSubmission.objects.filter(Exists(is_open), _is_news(progress), pk=submission.pk)
    is_shown = rows.filter(status__in=[Status.PENDING, Status.RUNNING]).update(
        status=Status.RUNNING,
        judging_attempt=progress.attempt,
        judging_stage=progress.stage,
        tests_done=progress.tests_done,
        tests_total=progress.tests_total,
        updated_at=timezone.now(),
    )
    if is_shown:
        tell(submission)


def _is_news(progress: Progress) -> Q:
    """Say which submissions are known to be less far: messages may overtake each other."""
    same_attempt = Q(judging_attempt=progress.attempt)
    is_news = Q(judging_attempt=None) | Q(judging_attempt__lt=progress.attempt)
    is_news |= same_attempt & Q(tests_done__lt=progress.tests_done)
    if progress.stage is Stage.TESTING:
        is_news |= same_attempt & Q(judging_stage=Stage.COMPILING)
    return is_news
