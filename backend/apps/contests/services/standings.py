"""The stored boards of a contest: what everybody has truly reached, and what others may know.

Both are kept up with every verdict: one cell anew, one total, and the ranks. Whoever writes holds
the contest's lock, so the stored board equals at all times the one computed from nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from apps.contests.formats import Attempt, Cell, ContestFormat, cells_of, hidden_from
from apps.contests.models import BoardRow, Contest, ContestParticipant, PublicStanding

BATCH_ROWS = 500
ROW_FIELDS = ("final_score", "penalty", "tie_break", "last_improved_at", "cells", "version")


def record_cell(
    *, contest: Contest, participant: ContestParticipant, problem_id: int, attempts: list[Attempt]
) -> None:
    """Store what a participant's attempts at one problem make; the caller holds the lock."""
    rules = contest.rules
    rows: list[tuple[BoardRow, Sequence[Attempt]]] = [
        (participant, attempts),
        (_public_row(participant), hidden_from(attempts, frozen_after(contest, participant))),
    ]
    changed = []
    is_ranking_open = False
    for row, known in rows:
        cells = {**row.cells, str(problem_id): rules.cell(known).as_json()}
        if cells != row.cells:
            before = _order(row)
            _set_row(row, rules, cells, start_of(contest, participant))
            is_ranking_open |= row.rank is None or before != _order(row)
            changed.append(row)
    _store(contest, changed)
    if is_ranking_open:
        rank_all(contest)


def rebuild(*, contest: Contest, attempts: Mapping[int, Sequence[Attempt]]) -> None:
    """Store the boards anew from all attempts, by participant; the caller holds the lock."""
    rules = contest.rules
    changed: list[BoardRow] = []
    participants = contest.participants.select_related("public_standing")
    for participant in participants:
        known = attempts.get(participant.pk, [])
        public = hidden_from(known, frozen_after(contest, participant))
        start = start_of(contest, participant)
        for row, seen in ((participant, known), (_public_row(participant), public)):
            cells = {
                str(problem_id): cell.as_json()
                for problem_id, cell in cells_of(rules, seen).items()
            }
            before = _values(row)
            _set_row(row, rules, cells, start)
            if row.version == 0 or before != _values(row):
                changed.append(row)
    _store(contest, changed)
    rank_all(contest)


def start_of(contest: Contest, participant: ContestParticipant) -> datetime:
    """Say from when the participant's clock runs; a contest without a start has always run."""
    return participant.started_at or contest.start_time or contest.created_at


def frozen_after(contest: Contest, participant: ContestParticipant) -> timedelta | None:
    """Say from when on the participant's clock others do not see verdicts; `None`: they see all."""
    if contest.unfrozen_at is not None or contest.finalized_at is not None:
        return None
    return contest.schedule.freeze_after


def rank_all(contest: Contest) -> None:
    """Rank the official participants of both boards, in the database."""
    ranked = ContestParticipant.objects.filter(
        contest=contest,
        kind=ContestParticipant.Kind.OFFICIAL,
        state=ContestParticipant.State.REGISTERED,
    )
    sql, parameters = ranked.values("pk").query.sql_with_params()
    with connection.cursor() as cursor:
        for model, key in ((ContestParticipant, "id"), (PublicStanding, "participant_id")):
            table = connection.ops.quote_name(model._meta.db_table)  # noqa: SLF001 - Django's own API
            # No value stands in this text: names of tables, and Django's own query of ids.
            cursor.execute(
                f"""
                UPDATE {table} SET rank = ranked.place
                FROM (
                    SELECT board.id, CASE WHEN board.{key} IN ({sql}) THEN RANK() OVER (
                        PARTITION BY board.{key} IN ({sql})
                        ORDER BY final_score DESC, penalty, tie_break
                    ) END AS place
                    FROM {table} AS board WHERE board.contest_id = %s
                ) AS ranked
                WHERE {table}.id = ranked.id AND {table}.rank IS DISTINCT FROM ranked.place
                """,  # noqa: S608
                [*parameters, *parameters, contest.pk],
            )


def _public_row(participant: ContestParticipant) -> PublicStanding:
    """Give the participant's row on the public board, new ones included."""
    try:
        return participant.public_standing
    except PublicStanding.DoesNotExist:
        return PublicStanding(participant=participant, contest_id=participant.contest_id)


def _order(row: BoardRow) -> tuple[Any, ...]:
    """Give what boards are sorted by."""
    return row.final_score, row.penalty, row.tie_break


def _values(row: BoardRow) -> list[Any]:
    return [getattr(row, name) for name in ROW_FIELDS]


def _set_row(row: BoardRow, rules: ContestFormat, cells: dict[str, Any], start: datetime) -> None:
    total = rules.total(Cell.from_json(cell) for cell in cells.values())
    improved_at = total.last_improved_at
    row.cells = cells
    row.final_score = total.score
    row.penalty = total.penalty
    row.tie_break = total.tie_break
    row.last_improved_at = None if improved_at is None else start + improved_at


def _store(contest: Contest, rows: Iterable[BoardRow]) -> None:
    """Write changed rows under new versions of their boards."""
    participants = [row for row in rows if isinstance(row, ContestParticipant)]
    public = [row for row in rows if isinstance(row, PublicStanding)]
    contest.board_version += 1
    contest.public_board_version += 1 if public else 0
    for participant in participants:
        participant.version = contest.board_version
    for standing in public:
        standing.version = contest.public_board_version
    ContestParticipant.objects.bulk_update(participants, ROW_FIELDS, batch_size=BATCH_ROWS)
    PublicStanding.objects.bulk_create(
        public,
        update_conflicts=True,
        unique_fields=["participant"],
        update_fields=ROW_FIELDS,
        batch_size=BATCH_ROWS,
    )
    contest.save(update_fields=["board_version", "public_board_version"])
