"""Roles in a contest: who has one sees too much to be ranked there."""

from collections.abc import Collection

from apps.contests.models import Contest, ContestParticipant, ContestRole
from apps.contests.services.participation import find_main
from apps.users.models import User


def names_with_roles(contest: Contest, user_ids: Collection[int]) -> list[str]:
    """Name those of some accounts that have a role in the contest."""
    rows = ContestRole.objects.filter(contest=contest, user__in=user_ids)
    return list(rows.order_by("user__username").values_list("user__username", flat=True))


def reason_against_role(contest: Contest, user: User) -> str | None:
    """Say why somebody can't get a role: they compete, or wait to; `None` if they can."""
    participant = find_main(contest=contest, user=user)
    if participant is None or participant.kind != ContestParticipant.Kind.OFFICIAL:
        return None
    if participant.user_id != user.pk or participant.is_team:
        return (
            f"{user} is in the team {participant.display_name}, which competes; take {user} off the"
            " team first, or the team out of competition."
        )
    return (
        f"{user} competes in this contest; make their participation one of the jury or out of"
        " competition first, or take them off the list."
    )
