"""Who takes part: entering contests and leaving them."""

from datetime import datetime

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from apps.contests.models import Contest, ContestParticipant
from apps.contests.services.contests import lock_contest
from apps.contests.timing import reason_not_to_submit
from apps.core.errors import ContestClosedError, ContestFullError, ParticipationError
from apps.users.models import User


def list_participants(*, contest: Contest) -> QuerySet[ContestParticipant]:
    """Give the participants, the leaders first; those without a rank come last."""
    return contest.participants.select_related("user").order_by(
        F("rank").asc(nulls_last=True), "joined_at", "id"
    )


@transaction.atomic(savepoint=False)
def join(*, contest: Contest, user: User) -> ContestParticipant:
    """Make the user a participant; one who is already stays as is.

    Raises:
        ContestClosedError: The contest is not active, or has ended.
        ContestFullError: It has all the participants that it may have.
    """
    found = ContestParticipant.objects.filter(contest=contest, user=user).first()
    if found:
        return found
    # Others may be joining too: whoever has the row's lock counts, the rest wait.
    contest = lock_contest(contest.pk)
    found = ContestParticipant.objects.filter(contest=contest, user=user).first()
    if found:
        return found
    now = timezone.now()
    if not contest.is_active or (contest.end_time is not None and contest.end_time <= now):
        raise ContestClosedError("The contest is not active, or has ended.")
    is_limited = contest.max_participants is not None
    if is_limited and contest.participants.count() >= (contest.max_participants or 0):
        raise ContestFullError
    return ContestParticipant.objects.create(contest=contest, user=user)


@transaction.atomic(savepoint=False)
def enter_submission(*, contest: Contest, user: User, now: datetime) -> ContestParticipant:
    """Give the user's participation, new or old, as one who has submitted.

    Raises:
        ContestClosedError: The contest is not active, has not started or has ended.
        ContestFullError: It has all the participants that it may have.
    """
    reason = reason_not_to_submit(contest.schedule, now)
    if reason:
        raise ContestClosedError(reason)
    participant = join(contest=contest, user=user)
    if not participant.has_submitted:
        ContestParticipant.objects.filter(pk=participant.pk).update(has_submitted=True)
    return participant


@transaction.atomic
def leave(*, contest: Contest, user: User) -> None:
    """End a participation, if there is one.

    Raises:
        ParticipationError: The user has submitted to the contest.
    """
    participation = ContestParticipant.objects.filter(contest=contest, user=user)
    # One statement, as the first submission may be arriving at this moment.
    participation.filter(has_submitted=False).delete()
    if participation.exists():
        raise ParticipationError
