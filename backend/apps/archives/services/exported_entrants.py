"""Groups, organizations and teams of a contest for an archive."""

from collections.abc import Sequence
from dataclasses import dataclass

from apps.archives.contest_archive.model import Group, Team
from apps.archives.contest_archive.model import Organization as ArchiveOrganization
from apps.archives.services.identifiers import identifiers
from apps.contests.models import Contest, ContestParticipant

_KINDS = (
    ContestParticipant.Kind.OFFICIAL,
    ContestParticipant.Kind.UNOFFICIAL,
    ContestParticipant.Kind.JURY,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entrants:
    """Who took part, as an archive tells it; `team_ids` is by the participant's key."""

    groups: tuple[Group, ...]
    organizations: tuple[ArchiveOrganization, ...]
    teams: tuple[Team, ...]
    team_ids: dict[int, str]


def entrants_of(contest: Contest) -> Entrants:
    """Tell who took part at the time; who is not ranked is hidden."""
    groups = list(contest.groups.order_by("pk"))
    participants = list(
        contest.participants
        .filter(kind__in=_KINDS)
        .exclude(state=ContestParticipant.State.WAITING)
        .select_related("user", "organization")
        .prefetch_related("groups")
        .order_by("pk")
    )
    organizations = {
        each.organization.pk: each.organization for each in participants if each.organization
    }
    group_ids = identifiers("group", ((each.pk, each.external_id) for each in groups))
    organization_ids = identifiers(
        "organization", ((key, each.external_id) for key, each in organizations.items())
    )
    team_ids = identifiers("team", ((each.pk, each.external_id) for each in participants))
    return Entrants(
        groups=tuple(
            Group(id=group_ids[each.pk], name=each.name, is_hidden=each.is_hidden)
            for each in groups
        ),
        organizations=tuple(
            ArchiveOrganization(
                id=organization_ids[key],
                name=each.name,
                formal_name=each.formal_name or None,
                country=each.country or None,
            )
            for key, each in organizations.items()
        ),
        teams=_teams(participants, team_ids, group_ids, organization_ids),
        team_ids=team_ids,
    )


def _teams(
    participants: Sequence[ContestParticipant],
    team_ids: dict[int, str],
    group_ids: dict[int, str],
    organization_ids: dict[int, str],
) -> tuple[Team, ...]:
    return tuple(
        Team(
            id=team_ids[each.pk],
            name=each.display_name,
            label=each.label or None,
            organization_id=organization_ids.get(each.organization_id or 0),
            group_ids=tuple(group_ids[group.pk] for group in each.groups.all()),
            is_hidden=not each.is_ranked,
        )
        for each in participants
    )
