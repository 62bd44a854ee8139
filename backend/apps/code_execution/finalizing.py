"""Making a contest's results final, once nothing of it is being judged."""

from datetime import datetime

from django.db import transaction

from apps.code_execution.models import Judgement
from apps.code_execution.rejudging import in_open_rejudging
from apps.contests.models import Contest
from apps.contests.services import acts
from apps.contests.services.contests import lock_contest
from apps.core.errors import ContestPhaseError
from apps.users.models import User


@transaction.atomic
def finalize(*, contest: Contest, now: datetime, actor: User) -> Contest:
    """Make the results final; give the row.

    Raises:
        ContestPhaseError: Somebody still has time, something is being judged, or a rejudging waits
            for a decision.
        ContestFinalError: It has been finalised already.
    """
    contest = lock_contest(contest.pk)
    unfinished = Judgement.objects.filter(submission__contest=contest, finished_at=None).count()
    if unfinished:
        raise ContestPhaseError(f"{unfinished} submissions are still being judged.")
    waiting = in_open_rejudging(contest.submissions.all()).count()
    if waiting:
        text = f"{waiting} submissions are in a rejudging; apply or cancel it first."
        raise ContestPhaseError(text)
    return acts.finalize(contest=contest, now=now, actor=actor)
