"""The stored boards of a contest: what everybody has truly reached, and what others may know.

Both are kept up with every verdict: one cell anew, one total, and the ranks. Whoever writes holds
the contest's lock, so the stored boards equal at all times those computed from nothing.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import F, Window
from django.db.models.functions import Rank

from apps.contests.formats import Attempt, Cell, ContestFormat, cells_of, hidden_from
from apps.contests.models import BoardRow, Contest, ContestParticipant, PublicStanding
from apps.contests.services.board_tags import tell
from apps.contests.signals import rules_changed

BATCH_ROWS = 500
ROW_FIELDS = (
    "final_score",
    "penalty",
    "tie_break",
    "last_improved_at",
    "cells",
    "version",
)
VERSION_FIELDS = ("board_version", "public_board_version", "board_edition")
PARTICIPANTS = ContestParticipant._meta.db_table  # noqa: SLF001 - Django documents it


def record_cell(
    *, contest: Contest, participant: ContestParticipant, problem_id: int, attempts: list[Attempt]
) -> None:
    """Store what a participant's attempts at one problem make; the caller holds the lock."""
    rules = contest.rules
    start = start_of(contest, participant)
    public = _public_row(participant)
    before = order_of(participant)
    is_changed = _set_cell(participant, rules, problem_id, attempts, start)
    seen = hidden_from(attempts, frozen_after(contest))
    is_public_changed = _set_cell(public, rules, problem_id, seen, start)
    contest.board_version += is_changed
    contest.public_board_version += is_public_changed
    if is_changed:
        participant.version = contest.board_version
        participant.save(update_fields=ROW_FIELDS)
    if is_public_changed:
        public.version = contest.public_board_version
        public.save(update_fields=ROW_FIELDS if public.pk else None)
    if is_changed or is_public_changed:
        contest.save(update_fields=VERSION_FIELDS)
    if is_changed:
        tell(contest, is_true=True)
    if is_public_changed:
        tell(contest, is_true=False)
    if participant.rank is None or before != order_of(participant):
        rank_all(contest)


def rebuild(*, contest: Contest, attempts: Mapping[int, Sequence[Attempt]]) -> None:
    """Store the boards anew from all attempts, by participant; the caller holds the lock."""
    rules = contest.rules
    contest.board_edition += 1
    contest.board_version += 1
    contest.public_board_version += 1
    participants = list(contest.participants.select_related("public_standing"))
    public_rows = [_public_row(participant) for participant in participants]
    for participant, public in zip(participants, public_rows, strict=True):
        known = attempts.get(participant.pk, [])
        start = start_of(contest, participant)
        _set_row(participant, rules, _cells(rules, known), start)
        _set_row(public, rules, _cells(rules, hidden_from(known, frozen_after(contest))), start)
        participant.version = contest.board_version
        public.version = contest.public_board_version
    ContestParticipant.objects.bulk_update(participants, ROW_FIELDS, batch_size=BATCH_ROWS)
    PublicStanding.objects.bulk_create(
        public_rows,
        update_conflicts=True,
        unique_fields=["participant"],
        update_fields=ROW_FIELDS,
        batch_size=BATCH_ROWS,
    )
    contest.save(update_fields=VERSION_FIELDS)
    rank_all(contest)
    unranked = contest.participants.exclude(**_ranked()).exclude(rank=None)
    unranked.update(rank=None)
    _tell_all(contest)


def enter(*, contest: Contest, participant: ContestParticipant) -> None:
    """Put a participant on the boards at once; the caller holds the contest's lock."""
    if contest.board_version == 0:
        # Nobody is on them yet, and others may have entered before.
        rules_changed.send(sender=Contest, contest=contest)
        contest.refresh_from_db(fields=VERSION_FIELDS)
        return
    contest.board_version += 1
    contest.public_board_version += 1
    contest.save(update_fields=VERSION_FIELDS)
    participant.version = contest.board_version
    participant.save(update_fields=["version"])
    PublicStanding.objects.update_or_create(
        participant=participant,
        defaults={"contest": contest, "version": contest.public_board_version},
    )
    _tell_all(contest)


def withdraw(contest: Contest) -> None:
    """Take deleted participants off the boards; the caller holds the contest's lock."""
    contest.board_edition += 1
    contest.save(update_fields=VERSION_FIELDS)
    _tell_all(contest)


def start_of(contest: Contest, participant: ContestParticipant) -> datetime:
    """Say from when the participant's clock runs; a contest without a start has always run."""
    return participant.started_at or contest.start_time or contest.created_at


def frozen_after(contest: Contest) -> timedelta | None:
    """Say from when on a participant's clock others do not see verdicts; `None`: they see all."""
    if contest.unfrozen_at is not None or contest.finalized_at is not None:
        return None
    return freeze_after(contest)


def freeze_after(contest: Contest) -> timedelta | None:
    """Say when the freeze comes on the participants' clocks; without a start they run already."""
    if contest.freeze_time is None:
        return None
    return contest.freeze_time - (contest.start_time or contest.created_at)


def order_of(row: BoardRow) -> tuple[Any, ...]:
    """Give what boards are sorted by, from the best to the worst."""
    return -row.final_score, row.penalty, row.tie_break


def ranked_publicly(contest: Contest) -> list[tuple[int, PublicStanding]]:
    """Give the official rows of the public board with their ranks, the leaders first."""
    official = {f"participant__{name}": value for name, value in _ranked().items()}
    place = Window(
        Rank(), order_by=[F("final_score").desc(), F("penalty").asc(), F("tie_break").asc()]
    )
    rows = PublicStanding.objects.filter(contest=contest, **official).annotate(place=place)
    rows = rows.select_related("participant")
    return [(row.place, row) for row in rows.order_by("place", "participant__joined_at")]


def rank_all(contest: Contest) -> None:
    """Store the true ranks of the official participants: one statement, and only what changes."""
    with connection.cursor() as cursor:
        # No value stands in this text.
        cursor.execute(
            f"""
            UPDATE {PARTICIPANTS} SET rank = ranked.place
            FROM (
                SELECT id, RANK() OVER (ORDER BY final_score DESC, penalty, tie_break) AS place
                FROM {PARTICIPANTS} WHERE contest_id = %s AND kind = %s AND state = %s
            ) AS ranked
            WHERE {PARTICIPANTS}.id = ranked.id
                AND {PARTICIPANTS}.rank IS DISTINCT FROM ranked.place
            """,  # noqa: S608
            [contest.pk, *_ranked().values()],
        )


def _tell_all(contest: Contest) -> None:
    tell(contest, is_true=True)
    tell(contest, is_true=False)


def _ranked() -> dict[str, str]:
    return {
        "kind": ContestParticipant.Kind.OFFICIAL.value,
        "state": ContestParticipant.State.REGISTERED.value,
    }


def _public_row(participant: ContestParticipant) -> PublicStanding:
    """Give the participant's row on the public board, new ones included."""
    try:
        return participant.public_standing
    except PublicStanding.DoesNotExist:
        return PublicStanding(participant=participant, contest_id=participant.contest_id)


def _set_cell(
    row: BoardRow,
    rules: ContestFormat,
    problem_id: int,
    attempts: Sequence[Attempt],
    start: datetime,
) -> bool:
    """Set one cell and what follows from it; tell whether that changed anything."""
    cell = rules.cell(attempts).as_json()
    if row.cells.get(str(problem_id)) == cell:
        return False
    _set_row(row, rules, {**row.cells, str(problem_id): cell}, start)
    return True


def _set_row(row: BoardRow, rules: ContestFormat, cells: dict[str, Any], start: datetime) -> None:
    total = rules.total(Cell.from_json(cell) for cell in cells.values())
    improved_at = total.last_improved_at
    row.cells = cells
    row.final_score = total.score
    row.penalty = total.penalty
    row.tie_break = total.tie_break
    row.last_improved_at = None if improved_at is None else start + improved_at


def _cells(rules: ContestFormat, attempts: Sequence[Attempt]) -> dict[str, Any]:
    cells = cells_of(rules, attempts)
    return {str(problem_id): cell.as_json() for problem_id, cell in cells.items()}
