"""The board of a contest worked out from its archive, apart from the product's own scoring.

Rules: ccs-specs.icpc.io, CCS System Requirements, Scoring. Minutes are rounded down; a team's
total is the minute of each solved problem plus the penalty for every earlier rejected submission
that is penalised; ties are broken by the minute of the last accepted submission, and share a rank.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta

from apps.archives.contest_archive.model import (
    ContestArchive,
    Judgement,
    JudgementType,
    Submission,
)

MINUTE = timedelta(minutes=1)
# Types that say nothing about the program: the submission is pending.
NOT_JUDGED = {"JE", "SE", "CS"}


@dataclass(slots=True)
class Cell:
    """A team's tries at a problem."""

    judged: int = 0
    pending: int = 0
    rejected: int = 0
    solved_minute: int | None = None


@dataclass(slots=True)
class Row:
    """A team's place."""

    team_id: str
    rank: int = 0
    solved: int = 0
    penalty_minutes: int = 0
    last_minute: int = 0
    cells: dict[str, Cell] = field(default_factory=dict)


def official_board(
    archive: ContestArchive, *, until: timedelta | None = None, is_frozen: bool = False
) -> list[Row]:
    """Work out the board at a contest time, best first; a frozen one hides results of the freeze.

    With `until`, only judgements that had ended by then are known; without, all of them.
    """
    hidden_from = _freeze_of(archive) if is_frozen else None
    types = {each.id: each for each in archive.judgement_types}
    verdicts = _verdicts(archive, until)
    tries: dict[tuple[str, str], list[Submission]] = defaultdict(list)
    for each in sorted(archive.submissions, key=lambda one: (one.contest_time, one.time)):
        is_inside = timedelta() <= each.contest_time < archive.contest.duration
        is_made = until is None or each.contest_time <= until
        if each.team_id is not None and is_inside and is_made:
            tries[each.team_id, each.problem_id].append(each)
    rows = []
    for team in archive.teams:
        if team.is_hidden:
            continue
        row = Row(team_id=team.id)
        for problem in archive.problems:
            cell = _cell(tries[team.id, problem.id], verdicts, types, hidden_from)
            row.cells[problem.id] = cell
            if cell.solved_minute is not None:
                penalty = cell.rejected * (archive.contest.penalty_time // MINUTE)
                row.solved += 1
                row.penalty_minutes += cell.solved_minute + penalty
                row.last_minute = max(row.last_minute, cell.solved_minute)
        rows.append(row)
    return _ranked(rows)


def _freeze_of(archive: ContestArchive) -> timedelta | None:
    length = archive.contest.scoreboard_freeze_duration
    return None if not length else archive.contest.duration - length


def _verdicts(archive: ContestArchive, until: timedelta | None) -> dict[str, Judgement]:
    start = archive.state.started or archive.contest.start_time
    known = {}
    for each in archive.judgements:
        if not each.is_current or each.judgement_type_id is None:
            continue
        ended = each.end_contest_time
        if ended is None and each.end_time is not None and start is not None:
            ended = each.end_time - start
        if until is None or ended is None or ended <= until:
            known[each.submission_id] = each
    return known


def _cell(
    submissions: Iterable[Submission],
    verdicts: dict[str, Judgement],
    types: dict[str, JudgementType],
    hidden_from: timedelta | None,
) -> Cell:
    cell = Cell()
    for submission in submissions:
        judgement = verdicts.get(submission.id)
        type_id = None if judgement is None else judgement.judgement_type_id
        is_hidden = hidden_from is not None and submission.contest_time >= hidden_from
        if type_id is None or type_id in NOT_JUDGED or is_hidden:
            cell.pending += 1
            continue
        cell.judged += 1
        if types[type_id].is_solved:
            cell.solved_minute = submission.contest_time // MINUTE
            break
        cell.rejected += types[type_id].is_penalised
    return cell


def _ranked(rows: list[Row]) -> list[Row]:
    def result(row: Row) -> tuple[int, int, int]:
        return -row.solved, row.penalty_minutes, row.last_minute

    rows.sort(key=lambda row: (result(row), row.team_id))
    for place, row in enumerate(rows, start=1):
        tied = place > 1 and result(rows[place - 2]) == result(row)
        row.rank = rows[place - 2].rank if tied else place
    return rows
