"""From judged submissions to the stored boards of their contest."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from apps.audit import services as audit
from apps.code_execution.domain import TERMINAL_STATUSES
from apps.code_execution.models import CodeSubmission
from apps.contests.domain import NO_SCORE
from apps.contests.formats import Attempt
from apps.contests.models import Contest, ContestParticipant
from apps.contests.services import ranks, standings
from apps.contests.services.contests import check_not_final, lock_contest
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
    if submission.participant_id is None or not _counts(submission):
        return
    # Others' results may be arriving: whoever holds the contest sees them all.
    contest = lock_contest(submission.contest_id or 0)
    if contest.board_version == 0:
        _rebuild(contest)
        return
    rows = scored_submissions(contest).filter(
        participant=submission.participant_id, problem=submission.problem_id
    )
    participant = ContestParticipant.objects.select_related("public_standing").get(
        pk=submission.participant_id
    )
    standings.record_cell(
        contest=contest,
        participant=participant,
        problem_id=submission.problem_id or 0,
        attempts=[attempt for _, attempt in attempts_of(rows)],
    )


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
    ranks.bring_up_to_date(contest.pk)
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


def _rebuild(contest: Contest) -> None:
    attempts: defaultdict[int, list[Attempt]] = defaultdict(list)
    for participant_id, attempt in attempts_of(scored_submissions(contest)):
        attempts[participant_id].append(attempt)
    standings.rebuild(contest=contest, attempts=attempts)


def _standings_of(contest: Contest) -> dict[int, tuple[Any, ...]]:
    rows = contest.participants.order_by().values_list("pk", *_STANDING)
    return {participant: tuple(standing) for participant, *standing in rows}


def _counts(submission: CodeSubmission) -> bool:
    is_placed = submission.contest_id is not None and submission.problem_id is not None
    return is_placed and submission.purpose == CodeSubmission.Purpose.CONTEST


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
