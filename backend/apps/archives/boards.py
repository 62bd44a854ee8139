"""The board that our scoring makes of an archive, and how it differs from the official one."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from apps.archives.contest_archive.model import (
    BoardProblem,
    BoardRow,
    BoardScore,
    ContestArchive,
    Judgement,
    Scoreboard,
    ScoreboardType,
    State,
    Submission,
    Team,
)
from apps.archives.verdicts import verdict_of
from apps.code_execution.domain import Verdict
from apps.contests.domain import NO_SCORE
from apps.contests.formats import (
    Attempt,
    Cell,
    Standing,
    format_of,
    hidden_from,
    standings_of,
)

_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A value of one team that the official board has in another way."""

    team_id: str
    what: str
    official: object
    ours: object

    def as_text(self) -> str:
        """Say it in a line."""
        ours = "nothing" if self.ours is None else self.ours
        return f"team {self.team_id}: {self.what} is {self.official} officially, {ours} here"


def format_choice(archive: ContestArchive) -> tuple[str, dict[str, Any]]:
    """Name the contest format that scores as the archive does, and its config."""
    if archive.contest.scoreboard_type == ScoreboardType.SCORE:
        return "ioi", {"tie_break": "last_improvement"}
    costly = {verdict_of(each) for each in archive.judgement_types if each.is_penalised}
    return "icpc", {
        "penalty_minutes": archive.contest.penalty_time // _MINUTE,
        "compile_errors_are_free": Verdict.CE not in costly,
    }


def board_of(
    archive: ContestArchive, *, until: timedelta | None = None, is_frozen: bool = False
) -> Scoreboard:
    """Compute the board as it was known at a contest time, or as it is with every judgement.

    A frozen board shows what was submitted since the freeze as pending.
    """
    contest_format = format_of(*format_choice(archive))
    teams = {number: each for number, each in enumerate(archive.teams) if is_ranked(archive, each)}
    attempts = _attempts(archive, until)
    freeze_at = _freeze_at(archive) if is_frozen else None
    seen = {number: hidden_from(attempts[each.id], freeze_at) for number, each in teams.items()}
    standings = sorted(
        standings_of(contest_format, seen),
        key=lambda each: (each.rank, teams[each.participant_id].name),
    )
    rows = tuple(_row(archive, teams[each.participant_id].id, each) for each in standings)
    return Scoreboard(contest_time=until, state=archive.state, rows=rows)


def differences(archive: ContestArchive, official: Scoreboard) -> list[Difference]:
    """Compare the official board with ours of the same moment and the same view.

    While a contest runs, its board knows what was judged by then; after the freeze and until the
    board is thawed, it hides what was submitted since.
    """
    state = official.state or archive.state
    until = official.contest_time if state.ended is None else None
    ours = board_of(archive, until=until, is_frozen=hides(state))
    rows = {row.team_id: row for row in ours.rows}
    found: list[Difference] = []
    for row in official.rows:
        own = rows.pop(row.team_id, None)
        if own is None:
            found.append(_missing(row.team_id, official="on it", ours="not on it"))
        else:
            found += _row_differences(row, own)
    found += [_missing(team_id, official="not on it", ours="on it") for team_id in rows]
    return found


def hides(state: State) -> bool:
    """Tell whether a board at this state shows no results of the freeze."""
    return state.frozen is not None and state.thawed is None


def is_ranked(archive: ContestArchive, team: Team) -> bool:
    """Tell whether a team is on the board."""
    hidden_groups = {each.id for each in archive.groups if each.is_hidden}
    main_group = archive.contest.main_scoreboard_group_id
    return (
        not team.is_hidden
        and hidden_groups.isdisjoint(team.group_ids)
        and (main_group is None or main_group in team.group_ids)
    )


def _freeze_at(archive: ContestArchive) -> timedelta | None:
    length = archive.contest.scoreboard_freeze_duration
    return archive.contest.duration - length if length else None


def _attempts(archive: ContestArchive, until: timedelta | None) -> Mapping[str, list[Attempt]]:
    """Give each team's attempts; submissions and problems are numbered in their order."""
    problem_numbers = {each.id: number for number, each in enumerate(archive.problems)}
    judged = _judged(archive, until)
    by_team: defaultdict[str, list[Attempt]] = defaultdict(list)
    for number, each in enumerate(sorted(archive.submissions, key=_moment)):
        if each.team_id is None or not _counts(archive, each, until):
            continue
        verdict, score = judged.get(each.id, (None, NO_SCORE))
        attempt = Attempt(
            submission_id=number,
            problem_id=problem_numbers[each.problem_id],
            at=each.contest_time,
            verdict=verdict,
            score=score,
        )
        by_team[each.team_id].append(attempt)
    return by_team


def _counts(archive: ContestArchive, submission: Submission, until: timedelta | None) -> bool:
    is_inside = timedelta() <= submission.contest_time < archive.contest.duration
    return is_inside and (until is None or submission.contest_time <= until)


def _moment(submission: Submission) -> tuple[timedelta, datetime]:
    return submission.contest_time, submission.time


def _judged(archive: ContestArchive, until: timedelta | None) -> dict[str, tuple[Verdict, Decimal]]:
    """Give verdict and score of each submission that was judged by then."""
    types = {each.id: each for each in archive.judgement_types}
    started = archive.state.started or archive.contest.start_time
    judged = {}
    for each in archive.judgements:
        if not each.is_current or each.judgement_type_id is None:
            continue
        ended_at = _ended_at(each, started)
        if until is None or ended_at is None or ended_at <= until:
            verdict = verdict_of(types[each.judgement_type_id])
            judged[each.submission_id] = (verdict, each.score or NO_SCORE)
    return judged


def _ended_at(judgement: Judgement, started: datetime | None) -> timedelta | None:
    if judgement.end_contest_time is not None:
        return judgement.end_contest_time
    if judgement.end_time is None or started is None:
        return None
    return judgement.end_time - started


def _row(archive: ContestArchive, team_id: str, standing: Standing) -> BoardRow:
    total = standing.total
    improved_at = total.last_improved_at
    is_scored = archive.contest.scoreboard_type == ScoreboardType.SCORE
    return BoardRow(
        rank=standing.rank,
        team_id=team_id,
        score=BoardScore(
            num_solved=None if is_scored else int(total.score),
            total_time=None if is_scored else total.penalty * _MINUTE,
            score=total.score if is_scored else None,
            time=whole_minutes(improved_at),
        ),
        problems=tuple(
            board_problem(problem.id, standing.cells.get(number, Cell()), is_scored=is_scored)
            for number, problem in enumerate(archive.problems)
        ),
    )


def board_problem(problem_id: str, cell: Cell, *, is_scored: bool) -> BoardProblem:
    """Put a cell as boards of archives have it."""
    return BoardProblem(
        problem_id=problem_id,
        num_judged=cell.judged_count,
        num_pending=cell.pending_count,
        is_solved=None if is_scored else cell.is_solved,
        score=cell.score if is_scored else None,
        time=whole_minutes(cell.improved_at),
    )


def whole_minutes(moment: timedelta | None) -> timedelta | None:
    """Round down to the minute."""
    return None if moment is None else moment // _MINUTE * _MINUTE


def _missing(team_id: str, *, official: str, ours: str) -> Difference:
    return Difference(team_id=team_id, what="the board", official=official, ours=ours)


def _row_differences(official: BoardRow, ours: BoardRow) -> Iterator[Difference]:
    values = [("rank", official.rank, ours.rank), *_values("", official.score, ours.score)]
    own_cells = {each.problem_id: each for each in ours.problems}
    for cell in official.problems:
        values += _values(f"{cell.problem_id} ", cell, own_cells[cell.problem_id])
    for what, theirs, own in values:
        if theirs != own:
            yield Difference(team_id=official.team_id, what=what, official=theirs, ours=own)


def _values(
    of: str, official: BoardScore | BoardProblem, ours: BoardScore | BoardProblem
) -> list[tuple[str, Any, Any]]:
    """Pair what the official board tells; what it leaves out can't differ."""
    pairs = []
    for each in fields(official):
        theirs, own = getattr(official, each.name), getattr(ours, each.name)
        if isinstance(theirs, timedelta):
            # Versions differ in whether they tell the seconds, which count for nothing.
            theirs, own = whole_minutes(theirs), whole_minutes(own)
        if theirs is not None:
            pairs.append((f"{of}{each.name.removeprefix('is_')}", theirs, own))
    return pairs
