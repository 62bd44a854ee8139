"""The stored boards of a contest: what everybody has truly reached, and what others may know.

Both are kept up with every verdict: one cell anew and one total. Whoever writes holds the contest's
lock, so the stored boards equal at all times those computed from nothing.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from apps.contests.formats import Attempt, Cell, ContestFormat, cells_of, hidden_from
from apps.contests.models import BoardRow, Contest, ContestParticipant, PublicStanding
from apps.contests.services import ranks
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


def record_cell(
    *, contest: Contest, participant: ContestParticipant, problem_id: int, attempts: list[Attempt]
) -> None:
    """Store what a participant's attempts at one problem make; the caller holds the lock."""
    rules = contest.rules
    start = start_of(contest, participant)
    public = _public_row(participant)
    before = ranks.order_of(participant)
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
    has_moved = participant.is_ranked and (
        participant.rank is None or before != ranks.order_of(participant)
    )
    if has_moved:
        ranks.follow(contest, now=timezone.now())
    if is_changed or is_public_changed or has_moved:
        contest.save(update_fields=[*VERSION_FIELDS, *ranks.CONTEST_FIELDS])
    if is_changed:
        tell(contest, is_true=True)
    if is_public_changed:
        tell(contest, is_true=False)


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
    ranks.rank_all(contest, now=timezone.now())
    ranks.unrank_others(contest)
    contest.save(update_fields=[*VERSION_FIELDS, *ranks.CONTEST_FIELDS])
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


def _tell_all(contest: Contest) -> None:
    tell(contest, is_true=True)
    tell(contest, is_true=False)


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
