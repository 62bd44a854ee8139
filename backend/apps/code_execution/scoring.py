"""From judged submissions to the stored boards of their contest."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import OuterRef, Q, QuerySet, Subquery

from apps.audit import services as audit
from apps.code_execution.domain import TERMINAL_STATUSES
from apps.code_execution.models import CodeSubmission
from apps.contests.domain import NO_SCORE
from apps.contests.formats import Attempt
from apps.contests.models import Contest, ContestParticipant
from apps.contests.services import ranks, stale_cells, standings
from apps.contests.services.contests import check_not_final, lock_contest
from apps.contests.services.stale_cells import CellKey
from apps.users.models import User

_FIELDS = (
    "participant_id",
    "pk",
    "problem_id",
    "contest_time_ms",
    "status",
    "verdict",
    "score",
    "group_scores",
)
_STANDING = ("rank", "final_score", "penalty", "tie_break")


def update_board(submission: CodeSubmission) -> None:
    """Bring the boards up to date with one submission, if it counts; needs a transaction."""
    update_boards([submission])


def update_boards(submissions: Iterable[CodeSubmission]) -> None:
    """Bring the boards up to date with submissions that count; needs a transaction.

    In a rush it only notes what has to be computed anew; the boards follow within seconds.
    """
    keys_of: defaultdict[int, set[CellKey]] = defaultdict(set)
    for submission in submissions:
        if _counts(submission):
            key = CellKey(submission.participant_id or 0, submission.problem_id or 0)
            keys_of[submission.contest_id or 0].add(key)
    # Contests in the order of their ids, as everybody does who locks several.
    for contest_id, keys in sorted(keys_of.items()):
        if not stale_cells.note_in_a_rush(contest_id, keys):
            _update(contest_id, keys)


def bring_up_to_date(contest_id: int) -> None:
    """Bring boards and ranks up to date with all that has come until now.

    In several transactions, unless the caller has one.
    """
    while stale_cells.are_left(contest_id):
        _catch_up(contest_id)
    ranks.bring_up_to_date(contest_id)


@transaction.atomic
def recompute_board(*, contest: Contest) -> None:
    """Compute both boards of a contest anew from its submissions."""
    _rebuild(lock_contest(contest.pk))


@transaction.atomic
def mend_board(*, contest: Contest, actor: User) -> int:
    """Compute both boards anew at somebody's wish; tell how many totals and ranks that changed.

    Raises:
        ContestFinalError: The results are final.
    """
    bring_up_to_date(contest.pk)
    contest = lock_contest(contest.pk)
    check_not_final(contest)
    before = _standings_of(contest)
    _rebuild(contest)
    after = _standings_of(contest)
    changed = sum(before[participant] != after[participant] for participant in after)
    audit.record(
        actor=actor,
        act="contest.recompute",
        of=contest,
        contest_id=contest.pk,
        after={"participants": len(after), "changed": changed},
    )
    return changed


def scored_submissions(contest: Contest) -> "QuerySet[CodeSubmission]":
    """Give the submissions that count in a contest, judged or not."""
    return CodeSubmission.objects.filter(
        contest=contest,
        purpose=CodeSubmission.Purpose.CONTEST,
        participant__isnull=False,
        problem__in=contest.contest_problems.values("problem"),
    )


def attempts_of(rows: "QuerySet[CodeSubmission]") -> list[tuple[int, Attempt]]:
    """Read submissions as scoring sees them, each with its participant's id."""
    return [
        (values["participant_id"], _attempt(values)) for values in rows.order_by().values(*_FIELDS)
    ]


def contest_time_ms_of(contest: Contest, participant: ContestParticipant, moment: datetime) -> int:
    """Say what the participant's clock showed at a moment."""
    return (moment - standings.start_of(contest, participant)) // timedelta(milliseconds=1)


def _update(contest_id: int, keys: set[CellKey]) -> None:
    """Have the boards show some cells as they are now, and with them those that are stale."""
    # Others' results may be arriving: whoever holds the contest sees them all.
    contest = lock_contest(contest_id)
    if contest.board_version == 0:
        _rebuild(contest)
        return
    keys = keys | stale_cells.take(contest_id)
    standings.record_cells(contest=contest, attempts=_attempts_at(contest, keys))


@transaction.atomic
def _catch_up(contest_id: int) -> None:
    """Take so many stale cells as one transaction should, and have the boards show them."""
    contest = Contest.objects.select_for_update(no_key=True).filter(pk=contest_id).first()
    keys = stale_cells.take(contest_id)
    if keys and contest is not None:
        standings.record_cells(contest=contest, attempts=_attempts_at(contest, keys))


def _attempts_at(contest: Contest, keys: Collection[CellKey]) -> dict[CellKey, list[Attempt]]:
    """Read what counts at some cells, of participants of the contest.

    It is as `scored_submissions` has it, in words that leave PostgreSQL no choice but to look each
    cell up. Of a contest that has just begun it has no statistics, and would read all submissions.
    """
    participants_of: defaultdict[int, list[int]] = defaultdict(list)
    for key in keys:
        participants_of[key.problem_id].append(key.participant_id)
    is_wanted = Q()
    for problem_id, participant_ids in participants_of.items():
        is_wanted |= Q(problem=problem_id, participant__in=participant_ids)
    the_same = contest.contest_problems.order_by().filter(problem=OuterRef("problem"))
    rows = CodeSubmission.objects.filter(
        is_wanted,
        purpose=CodeSubmission.Purpose.CONTEST,
        problem=Subquery(the_same.values("problem")),
    )
    attempts: dict[CellKey, list[Attempt]] = {key: [] for key in keys}
    for participant_id, attempt in attempts_of(rows):
        attempts[CellKey(participant_id, attempt.problem_id)].append(attempt)
    return attempts


def _rebuild(contest: Contest) -> None:
    # First, as a cell that becomes stale afterwards may show what is not read here.
    stale_cells.drop(contest.pk)
    attempts: defaultdict[int, list[Attempt]] = defaultdict(list)
    for participant_id, attempt in attempts_of(scored_submissions(contest)):
        attempts[participant_id].append(attempt)
    standings.rebuild(contest=contest, attempts=attempts)


def _standings_of(contest: Contest) -> dict[int, tuple[Any, ...]]:
    rows = contest.participants.order_by().values_list("pk", *_STANDING)
    return {participant: tuple(standing) for participant, *standing in rows}


def _counts(submission: CodeSubmission) -> bool:
    place = submission.contest_id, submission.participant_id, submission.problem_id
    return None not in place and submission.purpose == CodeSubmission.Purpose.CONTEST


def _attempt(values: Mapping[str, Any]) -> Attempt:
    is_judged = values["status"] in TERMINAL_STATUSES
    return Attempt(
        submission_id=values["pk"],
        problem_id=values["problem_id"],
        at=timedelta(milliseconds=values["contest_time_ms"] or 0),
        verdict=values["verdict"] if is_judged else None,
        score=values["score"] or NO_SCORE,
        group_scores={name: Decimal(points) for name, points in values["group_scores"].items()},
    )
