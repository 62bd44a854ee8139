"""A contest becomes an archive, with everything that the jury knows."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from apps.archives.contest_archive.model import (
    Clarification,
    ContestArchive,
    Problem,
    ScoreboardType,
    State,
)
from apps.archives.contest_archive.model import Contest as ArchiveContest
from apps.archives.languages import archive_language
from apps.archives.services.exported_boards import scoreboard_of
from apps.archives.services.exported_entrants import entrants_of
from apps.archives.services.exported_submissions import with_submissions
from apps.archives.services.identifiers import identifiers
from apps.archives.verdicts import judgement_types
from apps.audit.services import record
from apps.contests.formats.icpc import IcpcFormat
from apps.contests.models import Contest
from apps.core.errors import ClientError
from apps.problems.domain import LANGUAGES
from apps.users.models import User

FORMAL_NAME_CHARS_MAX = 1000
_MIB = 1024 * 1024
_LETTERS = 26


class NotExportableError(ClientError):
    """The contest lacks what an archive needs."""

    code = "not-exportable"
    title = "The contest can't be exported"
    status = 409


def export_contest(*, contest: Contest, actor: User | None, now: datetime) -> ContestArchive:
    """Make an archive of a contest as the jury sees it, verdicts of a freeze included.

    Raises:
        NotExportableError: It has no start or no end.
    """
    start, end = contest.start_time, contest.end_time
    if start is None or end is None:
        raise NotExportableError("Give the contest a start and an end first.")
    problems = contest.contest_problems.select_related("problem")
    problem_ids = identifiers(
        "problem", ((each.problem_id, each.problem.short_name or "") for each in problems)
    )
    entrants = entrants_of(contest)
    rules = contest.rules
    is_free = rules.compile_errors_are_free if isinstance(rules, IcpcFormat) else True
    archive = ContestArchive(
        contest=_contest(contest, start, end),
        state=_state(contest, start, end, now),
        judgement_types=tuple(judgement_types(compile_errors_are_free=is_free)),
        problems=tuple(_problems(contest, problem_ids)),
        groups=entrants.groups,
        organizations=entrants.organizations,
        teams=entrants.teams,
        clarifications=tuple(_clarifications(contest, start, entrants.team_ids, problem_ids)),
    )
    record(actor=actor, act="contest.export", of=contest, contest_id=contest.pk)
    keys = {"team_ids": entrants.team_ids, "problem_ids": problem_ids}
    archive = with_submissions(archive, contest, **keys)
    used = dict.fromkeys([*LANGUAGES, *(each.language_id for each in archive.submissions)])
    archive = replace(archive, languages=tuple(archive_language(each) for each in used))
    return replace(archive, scoreboard=scoreboard_of(archive, contest, now=now, **keys))


def _contest(contest: Contest, start: datetime, end: datetime) -> ArchiveContest:
    rules = contest.rules
    is_icpc = isinstance(rules, IcpcFormat)
    penalty_minutes = rules.penalty_minutes if isinstance(rules, IcpcFormat) else 0
    freeze = _freeze(contest, start, end)
    return ArchiveContest(
        id=identifiers("contest", [(contest.pk, contest.external_id)])[contest.pk],
        name=contest.title,
        formal_name=contest.description[:FORMAL_NAME_CHARS_MAX] or None,
        start_time=start,
        duration=end - start,
        scoreboard_freeze_duration=end - freeze if freeze is not None else None,
        scoreboard_type=ScoreboardType.PASS_FAIL if is_icpc else ScoreboardType.SCORE,
        penalty_time=timedelta(minutes=penalty_minutes),
    )


def _freeze(contest: Contest, start: datetime, end: datetime) -> datetime | None:
    """Give the freeze as archives can tell it: within the contest."""
    return None if contest.freeze_time is None else max(start, min(contest.freeze_time, end))


def _state(contest: Contest, start: datetime, end: datetime, now: datetime) -> State:
    """Tell the steps that were taken by now; the format has them in a fixed order."""
    freeze = _freeze(contest, start, end)
    ended = end if end <= now else None
    frozen = freeze if freeze is not None and freeze <= now else None
    thawed = contest.unfrozen_at if frozen else None
    finalized = contest.finalized_at if ended else None
    is_final = finalized is not None and (frozen is None or thawed is not None)
    return State(
        started=start if start <= now else None,
        frozen=frozen,
        ended=ended,
        thawed=max(thawed, end) if thawed else None,
        finalized=max(finalized, end) if finalized else None,
        end_of_updates=max(filter(None, (thawed, finalized, end))) if is_final else None,
    )


def _problems(contest: Contest, problem_ids: Mapping[int, str]) -> Iterator[Problem]:
    is_icpc = isinstance(contest.rules, IcpcFormat)
    taken: set[str] = set()
    for ordinal, each in enumerate(contest.contest_problems.select_related("problem")):
        problem = each.problem
        label = _free_label(each.label, ordinal, taken)
        taken.add(label)
        yield Problem(
            id=problem_ids[problem.pk],
            label=label,
            name=problem.title,
            ordinal=ordinal,
            rgb=each.color or None,
            time_limit_ms=problem.time_limit_ms,
            memory_limit_mib=problem.memory_limit_bytes // _MIB,
            test_data_count=problem.test_cases.count(),
            max_score=None if is_icpc else Decimal(each.points),
        )


def _free_label(label: str, ordinal: int, taken: set[str]) -> str:
    """Give the label, or else that of the place; an archive has each once."""
    while not label or label in taken:
        label = _label(ordinal)
        ordinal += 1
    return label


def _label(ordinal: int) -> str:
    """Name a place: A to Z, then AA and so on."""
    letters = ""
    while ordinal >= 0:
        letters = chr(ord("A") + ordinal % _LETTERS) + letters
        ordinal = ordinal // _LETTERS - 1
    return letters


def _clarifications(
    contest: Contest, start: datetime, team_ids: Mapping[int, str], problem_ids: Mapping[int, str]
) -> Iterator[Clarification]:
    told: set[int] = set()
    rows = contest.clarifications.select_related("problem").order_by("created_at", "pk")
    for each in rows:
        parties = [key for key in (each.from_participant_id, each.to_participant_id) if key]
        # What was said to somebody who is in no archive is in none either.
        if not all(key in team_ids for key in parties):
            continue
        told.add(each.pk)
        yield Clarification(
            id=str(each.pk),
            text=each.text,
            time=each.created_at,
            contest_time=each.created_at - start,
            from_team_id=team_ids.get(each.from_participant_id or 0),
            to_team_ids=(team_ids[each.to_participant_id],) if each.to_participant_id else (),
            reply_to_id=str(each.reply_to_id) if each.reply_to_id in told else None,
            problem_id=problem_ids[each.problem.problem_id] if each.problem else None,
        )
