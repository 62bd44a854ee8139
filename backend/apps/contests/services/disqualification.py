"""Disqualifying participants, and taking it back."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from apps.audit import services as audit
from apps.contests.models import Contest, ContestParticipant
from apps.contests.services.contests import check_not_final, lock_contest
from apps.contests.services.waiting_list import fill_places
from apps.contests.signals import rules_changed
from apps.core.errors import InvalidFieldsError, ParticipationError
from apps.users.models import User

State = ContestParticipant.State
FIELDS = ("state", "disqualified_at", "disqualification_reason")


@transaction.atomic
def disqualify(*, participant: ContestParticipant, reason: str, actor: User) -> ContestParticipant:
    """Take a participant out of the ranking, and let them submit no more; give the row.

    What they have submitted stays. One who is disqualified already stays as is.

    Raises:
        InvalidFieldsError: There is no reason.
        ParticipationError: They are on the waiting list.
        ContestFinalError: The results are final.
    """
    if not reason.strip():
        raise InvalidFieldsError({"reason": ["Say why: the participant may ask."]})
    contest, participant = _lock(participant)
    if participant.state == State.WAITING:
        raise ParticipationError("Who waits for a place can be removed, not disqualified.")
    if participant.state == State.DISQUALIFIED:
        return participant
    now = timezone.now()
    _change(
        contest,
        participant,
        {
            "state": State.DISQUALIFIED,
            "disqualified_at": now,
            "disqualification_reason": reason.strip(),
        },
        act="participant.disqualify",
        actor=actor,
    )
    fill_places(contest, now)
    return participant


@transaction.atomic
def reinstate(*, participant: ContestParticipant, actor: User) -> ContestParticipant:
    """Take a disqualification back, even if somebody else has got the place since; give the row.

    Raises:
        ContestFinalError: The results are final.
    """
    contest, participant = _lock(participant)
    if participant.state == State.DISQUALIFIED:
        cleared: dict[str, str | datetime | None] = {
            "state": State.REGISTERED,
            "disqualified_at": None,
            "disqualification_reason": "",
        }
        _change(contest, participant, cleared, act="participant.reinstate", actor=actor)
    return participant


def _lock(participant: ContestParticipant) -> tuple[Contest, ContestParticipant]:
    """Read a participant anew, under the contest's lock, which boards are written under.

    Raises:
        ContestFinalError: The results are final.
    """
    contest = lock_contest(participant.contest_id)
    check_not_final(contest)
    return contest, contest.participants.select_related("user").get(pk=participant.pk)


def _change(
    contest: Contest,
    participant: ContestParticipant,
    values: dict[str, Any],
    *,
    act: str,
    actor: User,
) -> None:
    before = {name: getattr(participant, name) for name in FIELDS}
    for name, value in values.items():
        setattr(participant, name, value)
    participant.save(update_fields=FIELDS)
    audit.record(
        actor=actor, act=act, of=participant, contest_id=contest.pk, before=before, after=values
    )
    rules_changed.send(sender=Contest, contest=contest)
