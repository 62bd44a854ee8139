"""The places of a contest, and who waits for one."""

from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet

from apps.contests.entry import has_place
from apps.contests.models import Contest, ContestParticipant
from apps.contests.services import standings

Kind = ContestParticipant.Kind
State = ContestParticipant.State


def has_free_place(contest: Contest) -> bool:
    """Tell whether one more may take part; the caller holds the contest's lock."""
    return has_place(places_max=contest.max_participants, taken=_count_taken(contest))


def fill_places(contest: Contest, now: datetime) -> list[ContestParticipant]:
    """Let those in who have waited longest, as long as there is a place; give who got in.

    The caller holds the contest's lock, so that no place is given away twice.
    """
    if not contest.is_active or contest.schedule.has_ended(now):
        return []
    waiting = _waiting(contest).order_by("joined_at", "id")
    if contest.max_participants is not None:
        waiting = waiting[: max(0, contest.max_participants - _count_taken(contest))]
    admitted = list(waiting)
    for participant in admitted:
        participant.state = State.REGISTERED
    ContestParticipant.objects.bulk_update(admitted, ["state"])
    for participant in admitted:
        standings.enter(contest=contest, participant=participant)
    return admitted


def fill_all(*, now: datetime) -> None:
    """Fill free places wherever somebody waits; some get free by the way, with an account."""
    someone_waits = ContestParticipant.objects.filter(state=State.WAITING).values("contest")
    for contest_id in Contest.objects.filter(pk__in=someone_waits).values_list("pk", flat=True):
        with transaction.atomic():
            fill_places(Contest.objects.select_for_update(no_key=True).get(pk=contest_id), now)


def place_in_line(participant: ContestParticipant) -> int | None:
    """Say how many get in before or with a participant; `None` for one who does not wait."""
    if participant.state != State.WAITING:
        return None
    joined_at = participant.joined_at
    is_before = Q(joined_at__lt=joined_at) | Q(joined_at=joined_at, pk__lte=participant.pk)
    return _waiting(participant.contest).filter(is_before).count()


def _waiting(contest: Contest) -> QuerySet[ContestParticipant]:
    return contest.participants.filter(kind=Kind.OFFICIAL, state=State.WAITING)


def _count_taken(contest: Contest) -> int:
    return contest.participants.filter(kind=Kind.OFFICIAL, state=State.REGISTERED).count()
