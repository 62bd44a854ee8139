"""What managers do with participants: put them on a contest's list, change them, take them off."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from apps.audit import services as audit
from apps.contests.models import Contest, ContestGroup, ContestParticipant
from apps.contests.services import standings
from apps.contests.services.contests import check_not_final, lock_contest
from apps.contests.services.participation import MAIN_KINDS, find_main
from apps.contests.services.roles import names_with_roles
from apps.contests.services.waiting_list import fill_places
from apps.contests.signals import rules_changed
from apps.core.errors import InvalidFieldsError, ParticipationError
from apps.users.models import User

State = ContestParticipant.State
# Of these follow the boards, or who may see what.
BOARD_FIELDS = frozenset({"kind", "started_at", "name", "organization", "groups"})


@transaction.atomic
def add(
    *,
    contest: Contest,
    user: User,
    members: Sequence[User],
    fields: Mapping[str, Any],
    actor: User,
    groups: Sequence[ContestGroup] = (),
) -> ContestParticipant:
    """Put somebody on the list, whoever may enter by themselves, and however full it is.

    One who is on the waiting list gets in.

    Raises:
        InvalidFieldsError: See `faults_of`.
        ContestFinalError: The results are final.
    """
    contest = lock_contest(contest.pk)
    check_not_final(contest)
    found = find_main(contest=contest, user=user)
    is_waiting = found is not None and found.state == State.WAITING and found.user_id == user.pk
    participant = found if found and is_waiting else ContestParticipant(contest=contest, user=user)
    participant.state = State.REGISTERED
    _set(participant, fields)
    _check(participant, members)
    participant.save()
    participant.members.set(members)
    participant.groups.set(groups)
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
    groups: Sequence[ContestGroup] | None = None,
) -> ContestParticipant:
    """Change what a contest says of a participant, such as extra time; give the row.

    Without `members` or `groups` these stay; who is no team any more has no members.

    Raises:
        InvalidFieldsError: See `faults_of`.
        ContestFinalError: The results are final.
    """
    contest = lock_contest(participant.contest_id)
    check_not_final(contest)
    participant = contest.participants.select_related("user").get(pk=participant.pk)
    before = _state(participant)
    _set(participant, fields)
    if members is None:
        members = list(participant.members.all()) if participant.is_team else []
    _check(participant, members)
    participant.save(update_fields=list(fields))
    participant.members.set(members)
    if groups is not None:
        participant.groups.set(groups)
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


def faults_of(participant: ContestParticipant, members: Sequence[User]) -> dict[str, list[str]]:
    """Say by field why nobody can be in a contest so; what is stored of them is what was before.

    Somebody is in a contest once, a team alone has members, who has a role in the contest is not
    ranked, and a clock by which somebody has submitted is not set.
    """
    faults: dict[str, list[str]] = {}
    contest, ids = participant.contest, [user.pk for user in members]
    others = contest.participants.filter(kind__in=MAIN_KINDS).exclude(pk=participant.pk)
    is_main = participant.kind in MAIN_KINDS
    account = participant.user_id
    if is_main and others.filter(Q(user=account) | Q(members=account)).exists():
        faults["username"] = [f"{participant.user} takes part already."]
    if members and not participant.is_team:
        faults["members"] = ["Only a team has members; set is_team."]
    taken = others.filter(Q(user__in=ids) | Q(members__in=ids)).first()
    if taken is not None or account in ids:
        faults["members"] = [f"One of them takes part already: {taken or participant}."]
    jury = names_with_roles(contest, [account, *ids])
    if participant.kind == ContestParticipant.Kind.OFFICIAL and jury:
        text = f"{', '.join(jury)} can't be ranked, with a role in this contest; take another kind."
        faults["kind"] = [text]
    if participant.has_submitted and _stored_start(participant) != participant.started_at:
        text = "They have submitted by the clock that runs; give extra time instead."
        faults["started_at"] = [text]
    return faults


def _stored_start(participant: ContestParticipant) -> datetime | None:
    rows = ContestParticipant.objects.filter(pk=participant.pk)
    return rows.values_list("started_at", flat=True).first()


def _set(participant: ContestParticipant, fields: Mapping[str, Any]) -> None:
    for name, value in fields.items():
        setattr(participant, name, value)


def _check(participant: ContestParticipant, members: Sequence[User]) -> None:
    faults = faults_of(participant, members)
    if faults:
        raise InvalidFieldsError(faults)


def _state(participant: ContestParticipant) -> dict[str, Any]:
    """Give what an audit entry compares."""
    names = ("kind", "state", "name", "is_team", "label", "started_at", "extra_time_s")
    members = participant.members.order_by("username").values_list("username", flat=True)
    return {
        "user": participant.user.get_username(),
        **{name: getattr(participant, name) for name in names},
        "members": list(members),
        "organization": participant.organization and str(participant.organization),
        "groups": list(participant.groups.order_by("name").values_list("name", flat=True)),
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
