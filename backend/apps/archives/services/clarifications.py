"""Clarifications of an archive as rows."""

from collections.abc import Iterator, Mapping

from apps.archives.contest_archive.model import Clarification as ArchiveClarification
from apps.archives.contest_archive.model import ContestArchive
from apps.archives.losses import CLARIFICATION_CHARS_MAX
from apps.contests.models import Clarification, Contest, ContestParticipant, ContestProblem


def import_clarifications(
    archive: ContestArchive,
    contest: Contest,
    problems: Mapping[str, ContestProblem],
    participants: Mapping[str, ContestParticipant],
) -> int:
    """Store what was said, and say how many rows that made.

    A message to several teams becomes one to each of them.
    """
    rows: dict[str, Clarification] = {}
    stored = 0
    # A reply comes after what it replies to.
    for each in sorted(archive.clarifications, key=lambda one: one.time):
        for team_id in _recipients(archive, each):
            row = Clarification.objects.create(
                contest=contest,
                problem=problems[each.problem_id] if each.problem_id else None,
                from_participant=participants[each.from_team_id] if each.from_team_id else None,
                to_participant=participants[team_id] if team_id else None,
                reply_to=rows.get(each.reply_to_id or ""),
                text=each.text[:CLARIFICATION_CHARS_MAX],
                created_at=each.time,
            )
            rows.setdefault(each.id, row)
            stored += 1
    return stored


def _recipients(archive: ContestArchive, told: ArchiveClarification) -> Iterator[str | None]:
    """Give the teams that it is for; one `None` if it is for all, or for the jury."""
    if told.from_team_id or not (told.to_team_ids or told.to_group_ids):
        yield None
        return
    in_groups = [
        team.id for team in archive.teams if not set(told.to_group_ids).isdisjoint(team.group_ids)
    ]
    yield from dict.fromkeys([*told.to_team_ids, *in_groups])
