"""Who takes part: entering contests, by joining or by submitting, and leaving.

Somebody has one main participation in a contest, by themselves or in a team; beside it there may be
a virtual one, which counts from their own start after the end.
"""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from apps.contests.entry import (
    is_access_code,
    own_reason_not_to_submit,
    reason_not_to_register,
)
from apps.contests.models import Contest, ContestParticipant
from apps.contests.services import standings
from apps.contests.services.contests import lock_contest
from apps.contests.services.rights import viewer_of
from apps.contests.services.waiting_list import fill_places, has_free_place
from apps.contests.timing import NO_TIME, reason_not_to_submit
from apps.contests.visibility import STAFF
from apps.core.errors import (
    AccessCodeError,
    ClientError,
    ContestClosedError,
    ContestFullError,
    DisqualifiedError,
    NotInvitedError,
    OwnTimeNotStartedError,
    ParticipationError,
    RegistrationClosedError,
    WaitingError,
)
from apps.users.models import User

Kind = ContestParticipant.Kind
State = ContestParticipant.State
MAIN_KINDS = (Kind.OFFICIAL, Kind.UNOFFICIAL, Kind.JURY)


def find_main(*, contest: Contest, user: User) -> ContestParticipant | None:
    """Give the participation in which the user is, alone or in a team."""
    main = contest.participants.filter(kind__in=MAIN_KINDS)
    # Two questions, as one with `or` over both tables would not be answered by an index.
    return main.filter(user=user).first() or main.filter(members=user).first()


def find_virtual(contest: Contest, user: User) -> ContestParticipant | None:
    """Give the participation of the user that began after the end."""
    return contest.participants.filter(user=user, kind=Kind.VIRTUAL).first()


def check_state(participant: ContestParticipant) -> None:
    """Return if the participant has a place and may submit.

    Raises:
        WaitingError: They have no place yet.
        DisqualifiedError: They have been disqualified.
    """
    obstacle = _state_obstacle(participant)
    if obstacle:
        raise obstacle


@transaction.atomic(savepoint=False)
def join(
    *, contest: Contest, user: User, access_code: str = "", may_wait: bool = True
) -> ContestParticipant:
    """Make the user a participant; one who is already, also by a team, stays as is.

    Managers, judges and testers of the contest get in at any time, and are not ranked.

    Raises:
        ContestClosedError: The contest is not active, or has ended.
        RegistrationClosedError: Registration has not opened, or is over.
        AccessCodeError: The contest asks for a code, and this is not it.
        NotInvitedError: Only who is on the list may enter.
        ContestFullError: It has all the participants that it may have, and no waiting list.
    """
    found = find_main(contest=contest, user=user)
    if found:
        return found
    now = timezone.now()
    # Others may be joining too: whoever has the row's lock counts, the rest wait.
    contest = lock_contest(contest.pk)
    found = find_main(contest=contest, user=user)
    if found:
        return found
    if _is_staff(contest, user, now):
        return ContestParticipant.objects.create(contest=contest, user=user, kind=Kind.JURY)
    _check_entry(contest, access_code, now)
    state = State.REGISTERED
    if not has_free_place(contest):
        if not (may_wait and contest.has_waiting_list):
            raise ContestFullError
        state = State.WAITING
    participant = ContestParticipant.objects.create(contest=contest, user=user, state=state)
    if state == State.REGISTERED:
        standings.enter(contest=contest, participant=participant)
    return participant


@transaction.atomic(savepoint=False)
def enter_submission(*, contest: Contest, user: User, now: datetime) -> ContestParticipant:
    """Give the participation that a submission is for, as one that has submitted.

    The first submission to an open contest joins it. After the end, it is for a virtual
    participation that runs.

    Raises:
        ContestClosedError: The contest, or the user's own time in it, does not run.
        OwnTimeNotStartedError: Everybody has an own time, and the user's has not been started.
        WaitingError: The user has no place yet.
        DisqualifiedError: The user has been disqualified.
        ClientError: The user can't join; see `join`.
    """
    while True:
        participant = _who_submits(contest, user, now)
        if participant.has_submitted:
            return participant
        # Without a row they have left, at this very moment, and come back by submitting.
        rows = ContestParticipant.objects.filter(pk=participant.pk)
        if rows.update(has_submitted=True):
            return participant


@transaction.atomic
def leave(*, contest: Contest, user: User) -> None:
    """End the user's participation, if there is one; who has waited longest gets the place.

    Raises:
        ParticipationError: They have submitted, started or asked, or are in a team.
        DisqualifiedError: They have been disqualified.
    """
    now = timezone.now()
    contest = lock_contest(contest.pk)
    participant = find_main(contest=contest, user=user)
    if participant is None:
        return
    if participant.user_id != user.pk:
        raise ParticipationError("You are in a team; ask the contest's managers.")
    # Locked, as the first submission may be arriving at this moment.
    participant = ContestParticipant.objects.select_for_update().get(pk=participant.pk)
    if participant.state == State.DISQUALIFIED:
        raise DisqualifiedError
    if participant.has_submitted:
        raise ParticipationError
    if participant.questions.exists():
        raise ParticipationError("You have asked the jury a question, so you can't leave.")
    if participant.started_at is not None and participant.started_at <= now:
        raise ParticipationError("Your time has started, so you can't leave.")
    participant.delete()
    standings.withdraw(contest)
    fill_places(contest, now)


def _is_staff(contest: Contest, user: User, now: datetime) -> bool:
    return viewer_of(user, contest, now).standpoint in STAFF


def _check_entry(contest: Contest, access_code: str, now: datetime) -> None:
    is_over = contest.schedule.has_ended(now) or contest.finalized_at is not None
    if not contest.is_active or is_over:
        raise ContestClosedError("The contest is not active, or has ended.")
    if contest.access == Contest.Access.PRIVATE or not contest.is_published:
        raise NotInvitedError
    reason = reason_not_to_register(
        opens_at=contest.registration_opens_at, closes_at=contest.registration_closes_at, now=now
    )
    if reason:
        raise RegistrationClosedError(reason)
    if contest.access == Contest.Access.CODE and not is_access_code(
        access_code, contest.access_code
    ):
        raise AccessCodeError


def _who_submits(contest: Contest, user: User, now: datetime) -> ContestParticipant:
    main = find_main(contest=contest, user=user)
    if main is None and _is_staff(contest, user, now):
        main = join(contest=contest, user=user)
    if main is not None and main.kind == Kind.JURY:
        return main
    obstacle = _obstacle(contest, main, now)
    if obstacle is None:
        return main or join(contest=contest, user=user, may_wait=False)
    virtual = find_virtual(contest, user)
    if virtual is None or not _runs(virtual, contest, now):
        raise obstacle
    check_state(virtual)
    return virtual


def _runs(virtual: ContestParticipant, contest: Contest, now: datetime) -> bool:
    start = virtual.started_at
    if start is None or not contest.is_active:
        return False
    return contest.schedule.virtual_window(own_start=start, extra=virtual.extra_time).has(now)


def _obstacle(
    contest: Contest, main: ContestParticipant | None, now: datetime
) -> ClientError | None:
    """Say why the user can't submit for their main participation, or a new one."""
    schedule = contest.schedule
    own_start = main.started_at if main else None
    if schedule.window is not None and own_start is None:
        reason = reason_not_to_submit(schedule, now)
        return ContestClosedError(reason) if reason else OwnTimeNotStartedError()
    reason = own_reason_not_to_submit(
        schedule, own_start=own_start, extra=main.extra_time if main else NO_TIME, now=now
    )
    if reason:
        return ContestClosedError(reason)
    return _state_obstacle(main) if main else None


def _state_obstacle(participant: ContestParticipant) -> ClientError | None:
    if participant.state == State.WAITING:
        return WaitingError()
    if participant.state == State.DISQUALIFIED:
        return DisqualifiedError()
    return None
