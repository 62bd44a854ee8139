"""Making a contest's results final, once all of it is judged."""

from datetime import datetime

from django.db import transaction

from apps.code_execution.domain import Verdict
from apps.code_execution.models import Judgement
from apps.code_execution.rejudging import in_open_rejudging
from apps.code_execution.scoring import scored_submissions
from apps.contests.models import Contest, ContestParticipant
from apps.contests.services import acts
from apps.contests.services.contests import lock_contest
from apps.core.errors import ContestPhaseError
from apps.users.models import User

NAMED_MAX = 10
ON_BOARD = (ContestParticipant.Kind.OFFICIAL, ContestParticipant.Kind.UNOFFICIAL)


@transaction.atomic
def finalize(*, contest: Contest, now: datetime, actor: User) -> Contest:
    """Make the results final; give the row.

    Raises:
        ContestPhaseError: Somebody still has time, something is being judged or could not be, or a
            rejudging waits for a decision.
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
    _check_all_judged(contest)
    return acts.finalize(contest=contest, now=now, actor=actor)


def _check_all_judged(contest: Contest) -> None:
    """Return if no result is final that is nobody's: an internal error is our fault.

    Raises:
        ContestPhaseError: There are internal errors.
    """
    rows = scored_submissions(contest).filter(verdict=Verdict.IE, participant__kind__in=ON_BOARD)
    count = rows.count()
    if count:
        ids = rows.order_by("pk").values_list("pk", flat=True)[:NAMED_MAX]
        named = ", ".join(str(each) for each in ids)
        more = f" and {count - NAMED_MAX} more" if count > NAMED_MAX else ""
        raise ContestPhaseError(
            f"{count} submissions have an internal error for a verdict: {named}{more}. Mend the "
            "cause and rejudge them; one that can't be judged can be deleted."
        )
