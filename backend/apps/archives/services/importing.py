"""An archive becomes a contest: original times and verdicts, and nothing is judged again."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.db import transaction

from apps.archives.boards import format_choice
from apps.archives.contest_archive.model import ContestArchive
from apps.archives.contest_archive.model import Problem as ArchiveProblem
from apps.archives.losses import NAME_CHARS_MAX, hides_results
from apps.archives.services.clarifications import import_clarifications
from apps.archives.services.submissions import import_submissions
from apps.archives.services.teams import import_teams
from apps.audit.services import record
from apps.code_execution.scoring import recompute_board
from apps.contests.formats import FormatConfigError
from apps.contests.models import Contest, ContestProblem
from apps.core.errors import ClientError
from apps.problems.models import Problem
from apps.users.models import User

_LABEL_CHARS_MAX = 8
_TIME_LIMIT_MS = (50, 60_000)
_MEMORY_LIMIT_MIB = (16, 2048)
_MIB = 1024 * 1024
_SHORT_RGB_CHARS = 3
_STUB_STATEMENT = "This problem came with a contest archive, which has no statement and no tests."


class ArchiveRefusedError(ClientError):
    """The archive is good, but can't become a contest here."""

    code = "archive-refused"
    title = "The archive can't be taken over"
    status = 409


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """The new contest, and how many rows came with it."""

    contest: Contest
    counts: Mapping[str, int]


@transaction.atomic
def import_contest(*, archive: ContestArchive, actor: User | None) -> Imported:
    """Make a contest of an archive; it is not published, and takes no entries.

    Problems are found by their short name; for others a stub without tests is made.

    Raises:
        ArchiveRefusedError: It has no start, is there already, or no format can score it.
    """
    contest = _contest(archive, actor)
    problems = _problems(archive.problems, contest)
    participants = import_teams(archive, contest)
    submissions = import_submissions(archive, contest, problems, participants)
    clarifications = import_clarifications(archive, contest, problems, participants)
    recompute_board(contest=contest)
    counts = {
        "problems": len(problems),
        "participants": len(participants),
        "submissions": submissions,
        "clarifications": clarifications,
    }
    record(actor=actor, act="contest.import", of=contest, contest_id=contest.pk, after={**counts})
    contest.refresh_from_db()
    return Imported(contest=contest, counts=counts)


def _contest(archive: ContestArchive, actor: User | None) -> Contest:
    told = archive.contest
    start = archive.state.started or told.start_time
    if start is None:
        raise ArchiveRefusedError("The contest has no start_time; set it in contest.json.")
    if Contest.objects.filter(external_id=told.id).exists():
        raise ArchiveRefusedError(
            f"The contest '{told.id}' is here already; delete it first, or change the archive's id."
        )
    freeze = told.scoreboard_freeze_duration
    format_id, config = format_choice(archive)
    contest = Contest(
        external_id=told.id,
        title=told.name[:NAME_CHARS_MAX],
        description=told.formal_name or "",
        created_by=actor,
        is_published=False,
        start_time=start,
        end_time=start + told.duration,
        # Where time was taken out, contest times lie behind the clock; the freeze is one of them.
        freeze_time=start + told.duration - freeze if freeze else None,
        unfrozen_at=archive.state.thawed,
        finalized_at=None if hides_results(archive) else archive.state.finalized,
        access=Contest.Access.PRIVATE,
        allows_virtual=False,
        allows_practice=False,
        format=format_id,
        format_config=config,
    )
    try:
        _ = contest.rules
    except FormatConfigError as error:
        raise ArchiveRefusedError(f"No format can score this contest: {error}") from error
    contest.save()
    return contest


def _problems(problems: Iterable[ArchiveProblem], contest: Contest) -> dict[str, ContestProblem]:
    """Set each problem in the contest; the result is by the archive's id."""
    rows: dict[str, ContestProblem] = {}
    taken: set[int] = set()
    for order, each in enumerate(sorted(problems, key=lambda one: one.ordinal)):
        # Ids start with a letter, a digit or '_', and short names not with the last.
        short_name = re.sub(r"[^a-z0-9_-]", "-", each.id.lower()).lstrip("_-") or "problem"
        problem = Problem.objects.filter(short_name=short_name).first()
        if problem is None or problem.pk in taken:
            problem = _stub(each, short_name if problem is None else None)
        taken.add(problem.pk)
        rows[each.id] = ContestProblem.objects.create(
            contest=contest,
            problem=problem,
            order=order,
            label=each.label[:_LABEL_CHARS_MAX],
            color=_color(each.rgb),
            points=100 if each.max_score is None else round(each.max_score),
        )
    return rows


def _stub(told: ArchiveProblem, short_name: str | None) -> Problem:
    problem = Problem(
        title=told.name[:NAME_CHARS_MAX], short_name=short_name, statement=_STUB_STATEMENT
    )
    if told.time_limit_ms:
        problem.time_limit_ms = _bounded(told.time_limit_ms, _TIME_LIMIT_MS)
    if told.memory_limit_mib:
        problem.memory_limit_bytes = _bounded(told.memory_limit_mib, _MEMORY_LIMIT_MIB) * _MIB
    problem.save()
    return problem


def _bounded(value: int, limits: tuple[int, int]) -> int:
    return max(limits[0], min(value, limits[1]))


def _color(rgb: str | None) -> str:
    digits = (rgb or "").removeprefix("#")
    if len(digits) == _SHORT_RGB_CHARS:
        digits = "".join(2 * digit for digit in digits)
    return f"#{digits}" if digits else ""
