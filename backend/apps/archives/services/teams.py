"""Organizations, groups and teams of an archive as rows."""

from collections.abc import Iterator
from itertools import count

from django.contrib.auth.hashers import make_password

from apps.archives.boards import is_ranked
from apps.archives.contest_archive.model import ContestArchive, Team
from apps.archives.contest_archive.model import Organization as ArchiveOrganization
from apps.archives.losses import NAME_CHARS_MAX
from apps.contests.models import Contest, ContestGroup, ContestParticipant, Organization
from apps.users.models import User

BATCH_ROWS = 500
_LABEL_CHARS_MAX = 32
_FORMAL_NAME_CHARS_MAX = 300
_COUNTRY_CHARS = 3


def import_teams(archive: ContestArchive, contest: Contest) -> dict[str, ContestParticipant]:
    """Make a participant for each team; the result is by the archive's id.

    Each team has an account that nobody can sign in with.
    """
    organizations = {each.id: _organization(each) for each in archive.organizations}
    groups = _groups(archive, contest)
    accounts = User.objects.bulk_create(_accounts(archive), batch_size=BATCH_ROWS)
    participants = ContestParticipant.objects.bulk_create(
        [
            ContestParticipant(
                contest=contest,
                user=account,
                kind=_kind(archive, team),
                joined_at=contest.start_time or contest.created_at,
                name=(team.display_name or team.name)[:NAME_CHARS_MAX],
                is_team=True,
                organization=organizations.get(team.organization_id or ""),
                label=(team.label or "")[:_LABEL_CHARS_MAX],
                external_id=team.id,
            )
            for team, account in zip(archive.teams, accounts, strict=True)
        ],
        batch_size=BATCH_ROWS,
    )
    rows = {each.external_id: each for each in participants}
    membership = ContestParticipant.groups.through
    membership.objects.bulk_create(
        [
            membership(contestparticipant=rows[team.id], contestgroup=groups[group_id])
            for team in archive.teams
            for group_id in dict.fromkeys(team.group_ids)
        ],
        batch_size=BATCH_ROWS,
    )
    return rows


def _organization(told: ArchiveOrganization) -> Organization:
    country = (told.country or "").upper()
    is_code = len(country) == _COUNTRY_CHARS and country.isascii() and country.isalpha()
    organization, _created = Organization.objects.get_or_create(
        name=told.name[:NAME_CHARS_MAX],
        country=country if is_code else "",
        defaults={
            "formal_name": (told.formal_name or "")[:_FORMAL_NAME_CHARS_MAX],
            "external_id": told.id,
        },
    )
    return organization


def _groups(archive: ContestArchive, contest: Contest) -> dict[str, ContestGroup]:
    rows: dict[str, ContestGroup] = {}
    names: set[str] = set()
    for each in archive.groups:
        name = each.name[:NAME_CHARS_MAX]
        if name in names:
            name = f"{name[: NAME_CHARS_MAX // 2]} ({each.id})"
        names.add(name)
        rows[each.id] = ContestGroup.objects.create(
            contest=contest, name=name, external_id=each.id, is_hidden=each.is_hidden
        )
    return rows


def _kind(archive: ContestArchive, team: Team) -> ContestParticipant.Kind:
    if is_ranked(archive, team):
        return ContestParticipant.Kind.OFFICIAL
    return ContestParticipant.Kind.JURY


def _accounts(archive: ContestArchive) -> Iterator[User]:
    prefix = f"{archive.contest.id}-"
    found = User.objects.filter(username__istartswith=prefix).values_list("username", flat=True)
    taken = {username.lower() for username in found}
    # One for all: a password that is none needs no salt.
    password = make_password(None)
    for team in archive.teams:
        username = f"{prefix}{team.id}"
        numbered = (f"{username}-{number}" for number in count(2))
        while username.lower() in taken:
            username = next(numbered)
        taken.add(username.lower())
        yield User(username=username, password=password, is_active=False)
