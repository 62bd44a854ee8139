"""Time of one's own: a window within a contest, and what one may do after its end."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from apps.contests.models import Contest, ContestParticipant
from apps.contests.services.participation import check_state, find_virtual, join
from apps.contests.services.rights import viewer_of, visibility_of
from apps.contests.services.waiting_list import place_in_line
from apps.contests.timing import Window, reason_not_to_submit
from apps.core.errors import ContestClosedError, NotInvitedError, ParticipationError
from apps.users.models import User

Kind = ContestParticipant.Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnParticipation:
    """A participation as those see it whose it is.

    `window` is when it submits so that it counts: `None` for the jury's, which never does, and for
    one whose own time has not been started. `place_in_line` is for those on the waiting list.
    """

    participant: ContestParticipant
    window: Window | None
    place_in_line: int | None


def list_own(*, contest: Contest, user: User) -> list[OwnParticipation]:
    """Give the user's participations in a contest, the main one first."""
    viewer = viewer_of(user, contest, timezone.now())
    windows = {each.id: each.window for each in viewer.participations}
    rows = contest.participants.filter(pk__in=windows).select_related("contest", "user")
    return [
        OwnParticipation(participant=row, window=windows[row.pk], place_in_line=place_in_line(row))
        for row in sorted(rows, key=lambda row: (row.kind == Kind.VIRTUAL, row.pk))
    ]


def check_practice(*, contest: Contest, user: User, now: datetime) -> None:
    """Return if the user may submit without counting, after the end.

    Raises:
        ContestClosedError: The contest has no practice, has not ended, or not for the user.
        NotInvitedError: The user may not see its problems.
    """
    if not contest.allows_practice:
        raise ContestClosedError("The contest allows no practice.")
    _check_is_over(contest, user, now)


@transaction.atomic
def start(*, contest: Contest, user: User, access_code: str = "") -> ContestParticipant:
    """Start the user's own time, once, joining if need be.

    Only this call starts it: reading must change nothing, as browsers fetch pages ahead, and nobody
    should lose time by a look.

    Raises:
        ContestClosedError: The contest does not run.
        WaitingError: The user has no place yet.
        DisqualifiedError: The user has been disqualified.
        ParticipationError: All have the same time in this contest.
        ClientError: The user can't join; see `join`.
    """
    if contest.window_minutes is None:
        raise ParticipationError("All have the same time in this contest; none is to be started.")
    now = timezone.now()
    participant = join(contest=contest, user=user, access_code=access_code, may_wait=False)
    check_state(participant)
    if participant.kind == Kind.JURY or participant.started_at is not None:
        return participant
    reason = reason_not_to_submit(contest.schedule, now)
    if reason:
        raise ContestClosedError(reason)
    # One statement, as another member of the team may be starting too.
    ContestParticipant.objects.filter(pk=participant.pk, started_at=None).update(started_at=now)
    participant.refresh_from_db(fields=["started_at"])
    return participant


@transaction.atomic
def start_virtual(*, contest: Contest, user: User) -> ContestParticipant:
    """Have the user take an ended contest again from now on, once, unranked.

    Raises:
        ContestClosedError: The contest has none, has not ended, or not for the user.
        NotInvitedError: The user may not see its problems.
    """
    found = find_virtual(contest, user)
    if found:
        return found
    if not contest.allows_virtual:
        raise ContestClosedError("The contest allows no virtual participation.")
    now = timezone.now()
    _check_is_over(contest, user, now)
    participant, _ = ContestParticipant.objects.get_or_create(
        contest=contest, user=user, kind=Kind.VIRTUAL, defaults={"started_at": now}
    )
    return participant


def _check_is_over(contest: Contest, user: User, now: datetime) -> None:
    """Return if the contest is over, for the user too, who may see its problems.

    Raises:
        ContestClosedError: It is not.
        NotInvitedError: They may not.
    """
    if not contest.is_active:
        raise ContestClosedError("The contest is not active.")
    if not contest.schedule.has_ended(now):
        raise ContestClosedError("The contest has not ended.")
    visibility = visibility_of(user, contest, now)
    if not visibility.may_see_problems:
        raise NotInvitedError
    windows = [each.window for each in visibility.viewer.participations if each.is_admitted]
    if any(window is not None and window.has(now) for window in windows):
        raise ContestClosedError("Your own time in the contest has not ended.")
