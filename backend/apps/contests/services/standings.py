"""The stored boards of a contest: what everybody has truly reached, and what others may know.

Both are kept up with verdicts: one cell anew and one total for each, many at a time in a rush.
Whoever writes holds the contest's lock, so but for stale cells the stored boards equal those
computed from nothing.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

from django.utils import timezone

from apps.contests.formats import Attempt, hidden_from
from apps.contests.models import Contest, ContestParticipant, PublicStanding
from apps.contests.services import ranks
from apps.contests.services.board_rows import (
    public_row,
    set_cell,
    set_cells,
    store_public_rows,
    store_rows,
)
from apps.contests.services.board_tags import tell
from apps.contests.services.stale_cells import CellKey
from apps.contests.signals import rules_changed

VERSION_FIELDS = ("board_version", "public_board_version", "board_edition", "board_row_count")


def record_cells(*, contest: Contest, attempts: Mapping[CellKey, Sequence[Attempt]]) -> None:
    """Store what participants' attempts at problems make, as one change of the boards.

    The caller holds the lock. Who has been deleted is left out.
    """
    rows = _rows_to_change(contest, {key.participant_id for key in attempts})
    orders = {key: ranks.order_of(row) for key, row in rows.items()}
    changed, changed_public = _set_all(contest, rows, attempts)
    contest.board_version += bool(changed)
    contest.public_board_version += bool(changed_public)
    store_rows(changed, version=contest.board_version)
    store_public_rows(changed_public, version=contest.public_board_version)
    now = timezone.now()
    has_moved = any(
        row.is_ranked and (row.rank is None or orders[key] != ranks.order_of(row))
        for key, row in rows.items()
    )
    if has_moved:
        ranks.follow(contest, now=now)
    if changed or changed_public or has_moved:
        contest.boards_written_at = now
        contest.save(update_fields=[*VERSION_FIELDS, "boards_written_at", *ranks.CONTEST_FIELDS])
    if changed:
        tell(contest, is_true=True)
    if changed_public:
        tell(contest, is_true=False)


def rebuild(*, contest: Contest, attempts: Mapping[int, Sequence[Attempt]]) -> None:
    """Store the boards anew from all attempts, by participant; the caller holds the lock."""
    rules = contest.rules
    contest.board_edition += 1
    contest.board_version += 1
    contest.public_board_version += 1
    participants = list(contest.participants.select_related("public_standing"))
    contest.board_row_count = len(participants)
    public_rows = [public_row(participant) for participant in participants]
    for participant, public in zip(participants, public_rows, strict=True):
        known = attempts.get(participant.pk, [])
        start = start_of(contest, participant)
        set_cells(participant, rules, known, start)
        set_cells(public, rules, hidden_from(known, frozen_after(contest)), start)
    store_rows(participants, version=contest.board_version)
    store_public_rows(public_rows, version=contest.public_board_version)
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
    contest.board_row_count += 1
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


def _rows_to_change(contest: Contest, ids: Collection[int]) -> dict[int, ContestParticipant]:
    """Read participants, whom nobody deletes until the commit."""
    rows = contest.participants.select_related("public_standing")
    return rows.select_for_update(no_key=True, of=("self",)).in_bulk(ids)


def _set_all(
    contest: Contest,
    rows: Mapping[int, ContestParticipant],
    attempts: Mapping[CellKey, Sequence[Attempt]],
) -> tuple[Collection[ContestParticipant], Collection[PublicStanding]]:
    """Set cells of both boards; give the rows that this has changed."""
    rules = contest.rules
    frozen = frozen_after(contest)
    changed: dict[int, ContestParticipant] = {}
    changed_public: dict[int, PublicStanding] = {}
    for (participant_id, problem_id), tried in attempts.items():
        participant = rows.get(participant_id)
        if participant is None:
            continue
        start = start_of(contest, participant)
        public = public_row(participant)
        if set_cell(participant, rules, problem_id, tried, start):
            changed[participant_id] = participant
        if set_cell(public, rules, problem_id, hidden_from(tried, frozen), start):
            changed_public[participant_id] = public
    return changed.values(), changed_public.values()


def _tell_all(contest: Contest) -> None:
    tell(contest, is_true=True)
    tell(contest, is_true=False)
