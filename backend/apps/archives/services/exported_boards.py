"""The stored board of a contest for an archive."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from apps.archives.boards import board_problem, hides, whole_minutes
from apps.archives.contest_archive.model import (
    BoardRow,
    BoardScore,
    ContestArchive,
    Scoreboard,
    ScoreboardType,
)
from apps.code_execution.scoring import bring_up_to_date
from apps.contests.formats import Cell
from apps.contests.models import BoardRow as StoredRow
from apps.contests.models import Contest
from apps.contests.services.ranks import ranked_publicly

_MINUTE = timedelta(minutes=1)


def scoreboard_of(
    archive: ContestArchive,
    contest: Contest,
    *,
    team_ids: Mapping[int, str],
    problem_ids: Mapping[int, str],
    now: datetime,
) -> Scoreboard:
    """Tell the board: the one that others see while it is frozen, else what is true."""
    rows: list[tuple[int, int, StoredRow]] = []
    bring_up_to_date(contest.pk)
    if hides(archive.state):
        rows += [(row.participant_id, rank, row) for rank, row in ranked_publicly(contest)]
    else:
        ranked = contest.participants.filter(rank__isnull=False)
        rows += [(row.pk, row.rank or 0, row) for row in ranked]
    start = archive.contest.start_time or now
    until = max(timedelta(), min(now - start, archive.contest.duration))
    names = {each.id: each.name for each in archive.teams}
    told = [
        _row(archive, team_ids[key], rank, row, problem_ids)
        for key, rank, row in rows
        if key in team_ids
    ]
    return Scoreboard(
        time=start + until,
        contest_time=until,
        state=archive.state,
        rows=tuple(sorted(told, key=lambda row: (row.rank, names[row.team_id]))),
    )


def _row(
    archive: ContestArchive,
    team_id: str,
    rank: int,
    row: StoredRow,
    problem_ids: Mapping[int, str],
) -> BoardRow:
    is_scored = archive.contest.scoreboard_type == ScoreboardType.SCORE
    cells = {int(key): Cell.from_json(cell) for key, cell in row.cells.items()}
    improved = [cell.improved_at for cell in cells.values() if cell.improved_at is not None]
    return BoardRow(
        rank=rank,
        team_id=team_id,
        score=BoardScore(
            num_solved=None if is_scored else int(row.final_score),
            total_time=None if is_scored else row.penalty * _MINUTE,
            score=row.final_score if is_scored else None,
            time=whole_minutes(max(improved, default=None)),
        ),
        problems=tuple(
            board_problem(problem_id, cells.get(key, Cell()), is_scored=is_scored)
            for key, problem_id in problem_ids.items()
        ),
    )
