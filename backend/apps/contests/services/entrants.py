"""What managers do with participants: put them on a contest's list, change them, take them off."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from apps.audit import services as audit
from apps.contests.models import Contest, ContestParticipant
from apps.contests.services import standings
from apps.contests.services.contests import check_not_final, lock_contest
from apps.contests.services.participation import MAIN_KINDS, find_main
from apps.contests.services.waiting_list import fill_places
from apps.contests.signals import rules_changed
from apps.core.errors import InvalidFieldsError, ParticipationError
from apps.users.models import User

State = ContestParticipant.State
# Of these follow ranks, or who may see what.
BOARD_FIELDS = frozenset({"kind", "started_at"})


@transaction.atomic
def add(
    *,
    contest: Contest,
    user: User,
    members: Sequence[User],
    fields: Mapping[str, Any],
    actor: User,
) -> ContestParticipant:
    """Put somebody on the list, whoever may enter by themselves, and however full it is.

    One who is on the waiting list gets in.

    Raises:
        InvalidFieldsError: The user, or a member, takes part already.
        ContestFinalError: The results are final.
    """
    contest = lock_contest(contest.pk)
    check_not_final(contest)
    participant = find_main(contest=contest, user=user)
    if participant is None:
        participant = ContestParticipant(contest=contest, user=user)
    elif participant.user_id != user.pk or participant.state != State.WAITING:
        raise InvalidFieldsError({"username": [f"{user} takes part already."]})
    participant.state = State.REGISTERED
    _set(participant, fields)
    participant.save()
    _set_members(participant, members)
    standings.enter(contest=contest, participant=participant)
    _record("participant.add", participant, actor, after=_state(participant))
    return participant


@transaction.atomic
def change(
    *,
    participant: ContestParticipant,
    members: Sequence[User] | None,
    fields: Mapping[str, Any],
    actor: User,
) -> ContestParticipant:
    """Change what a contest says of a participant, such as extra time; give the row.

    Raises:
        InvalidFieldsError: A member takes part already, or the start is of one who has submitted.
        ContestFinalError: The results are final.
    """
    contest = lock_contest(participant.contest_id)
    check_not_final(contest)
    participant = contest.participants.select_related("user").get(pk=participant.pk)
    before = _state(participant)
    _set(participant, fields)
    if participant.has_submitted and before["started_at"] != participant.started_at:
        text = "They have submitted by the clock that runs; give extra time instead."
        raise InvalidFieldsError({"started_at": [text]})
    participant.save(update_fields=list(fields))
    if members is not None or not participant.is_team:
        _set_members(participant, members or [])
    old, new = audit.changes(before, _state(participant))
    _record("participant.change", participant, actor, before=old, after=new)
    if not BOARD_FIELDS.isdisjoint(new):
        rules_changed.send(sender=Contest, contest=contest)
    return participant


@transaction.atomic
def remove(*, participant: ContestParticipant, actor: User) -> None:
    """Take a participant off the list; their submissions stay, and count no more.

    Who has waited longest gets the place.

    Raises:
        ParticipationError: They have asked the jury, and the answers would go with them.
        ContestFinalError: The results are final.
    """
    contest = lock_contest(participant.contest_id)
    check_not_final(contest)
    if participant.questions.exists():
        raise ParticipationError(
            "They have asked questions, which would go with the answers; disqualify them instead."
        )
    _record("participant.remove", participant, actor, before=_state(participant))
    participant.delete()
    fill_places(contest, timezone.now())
    rules_changed.send(sender=Contest, contest=contest)


def _set(participant: ContestParticipant, fields: Mapping[str, Any]) -> None:
    for name, value in fields.items():
        setattr(participant, name, value)


def _set_members(participant: ContestParticipant, members: Sequence[User]) -> None:
    """Say who else submits for a team; nobody is twice in one contest.

    Raises:
        InvalidFieldsError: It is no team, or one of them takes part already.
    """
    if members and not participant.is_team:
        raise InvalidFieldsError({"members": ["Only a team has members; set is_team."]})
    ids = [user.pk for user in members]
    others = participant.contest.participants.filter(kind__in=MAIN_KINDS).exclude(pk=participant.pk)
    is_in = Q(user__in=ids) | Q(members__in=ids)
    taken = others.filter(is_in).first()
    if taken is not None or participant.user_id in ids:
        raise InvalidFieldsError({
            "members": [f"One of them takes part already: {taken or participant}."]
        })
    participant.members.set(members)


def _state(participant: ContestParticipant) -> dict[str, Any]:
    """Give what an audit entry compares."""
    names = ("kind", "state", "name", "is_team", "label", "started_at", "extra_time_s")
    members = participant.members.order_by("username").values_list("username", flat=True)
    return {
        "user": participant.user.get_username(),
        **{name: getattr(participant, name) for name in names},
        "members": list(members),
    }


def _record(
    act: str,
    participant: ContestParticipant,
    actor: User,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    audit.record(
        actor=actor,
        act=act,
        of=participant,
        contest_id=participant.contest_id,
        before=before,
        after=after,
    )
