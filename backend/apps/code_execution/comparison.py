"""What a rejudging would change, computed without writing: verdicts, scores, and ranks."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from django.db.models import F, OuterRef, QuerySet, Subquery

from apps.code_execution.domain import Status
from apps.code_execution.models import CodeSubmission, Judgement, Rejudging
from apps.code_execution.scoring import attempts_of, bring_up_to_date, scored_submissions
from apps.contests.domain import NO_SCORE
from apps.contests.formats import Attempt, Total, cells_of, ranks
from apps.contests.models import Contest, ContestParticipant

# So many lines an audit entry, an answer or a page has at most; the counts are of all.
LINES_MAX = 1000
IDS_MAX = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A submission that was judged differently."""

    submission: int
    participant: int | None
    name: str
    problem: str
    old_verdict: str | None
    new_verdict: str | None
    old_score: Decimal | None
    new_score: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RankChange:
    """A participant whose place or total would be another."""

    contest: int
    participant: int
    name: str
    old_rank: int | None
    new_rank: int | None
    old_score: Decimal
    new_score: Decimal
    old_penalty: int
    new_penalty: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """How many submissions went from one verdict to another, or the same."""

    old: str | None
    new: str | None
    count: int

    @property
    def is_change(self) -> bool:
        """Whether the verdict is another."""
        return self.old != self.new


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Old and new of a rejudging."""

    total: int
    judged: int
    changed: int
    transitions: Sequence[Transition]
    differences: Sequence[Difference]
    affected: Sequence[RankChange]

    def as_summary(self) -> dict[str, Any]:
        """Give what an audit entry keeps."""
        return {
            "submissions": self.total,
            "changed": self.changed,
            "verdicts": [f"{each.old} > {each.new}: {each.count}" for each in self.transitions],
            "ranks": [f"{each.name}: {each.old_rank} > {each.new_rank}" for each in self.affected],
        }


def compare(rejudging: Rejudging) -> Comparison:
    """Compare what is in force with what the rejudging found.

    Once it is applied, the old results are those of the judgements before, and ranks are in the
    audit trail.
    """
    rows = list(_judged(rejudging))
    changed = [row for row in rows if _is_changed(row)]
    counts = Counter((row.old_verdict, row.verdict) for row in rows)
    is_open = rejudging.state in {Rejudging.State.JUDGING, Rejudging.State.READY}
    return Comparison(
        total=rejudging.judgements.count(),
        judged=len(rows),
        changed=len(changed),
        transitions=[
            Transition(old=old, new=new, count=count) for (old, new), count in counts.most_common()
        ],
        differences=[_difference(row) for row in changed[:LINES_MAX]],
        affected=_affected(rejudging, changed)[:LINES_MAX] if is_open else [],
    )


def _judged(rejudging: Rejudging) -> "QuerySet[Any]":
    """Give the finished judgements of a rejudging with what was, or is, in force as `old_...`."""
    # What was cut off by cancelling has found nothing.
    rows = Judgement.objects.filter(rejudging=rejudging, finished_at__isnull=False).exclude(
        status=Status.CANCELLED, completed_at=None
    )
    if rejudging.state == Rejudging.State.APPLIED:
        earlier = Judgement.objects.filter(
            submission=OuterRef("submission"),
            finished_at__isnull=False,
            created_at__lt=OuterRef("created_at"),
        )
        in_force = earlier.exclude(rejudging__state=Rejudging.State.CANCELLED)
        before = in_force.order_by("-created_at")
        rows = rows.annotate(
            old_verdict=Subquery(before.values("verdict")[:1]),
            old_score=Subquery(before.values("score")[:1]),
            old_group_scores=Subquery(before.values("group_scores")[:1]),
        )
    else:
        rows = rows.annotate(
            old_verdict=F("submission__verdict"),
            old_score=F("submission__score"),
            old_group_scores=F("submission__group_scores"),
        )
    return (
        rows
        .select_related("submission__problem", "submission__user", "submission__participant__user")
        .only(
            "status",
            "verdict",
            "score",
            "group_scores",
            "submission__contest",
            "submission__purpose",
            "submission__problem__title",
            "submission__user__username",
            "submission__participant__name",
            "submission__participant__user__username",
        )
        .order_by("submission_id")
    )


def _is_changed(row: Any) -> bool:
    old = row.old_verdict, row.old_score, row.old_group_scores
    return old != (row.verdict, row.score, row.group_scores)


def _difference(row: Any) -> Difference:
    submission: CodeSubmission = row.submission
    participant = submission.participant
    return Difference(
        submission=submission.pk,
        participant=submission.participant_id,
        name=participant.display_name if participant else submission.user.get_username(),
        problem=submission.problem.title if submission.problem else "",
        old_verdict=row.old_verdict,
        new_verdict=row.verdict,
        old_score=row.old_score,
        new_score=row.score,
    )


def _affected(rejudging: Rejudging, changed: Sequence[Any]) -> list[RankChange]:
    """Say whose place or total would change, by contest and new rank."""
    new_by_contest: defaultdict[int, dict[int, Judgement]] = defaultdict(dict)
    for row in changed:
        submission = row.submission
        if submission.contest_id is not None and submission.participant_id is not None:
            new_by_contest[submission.contest_id][submission.pk] = row
    contests = Contest.objects.in_bulk(list(new_by_contest))
    return [
        change
        for contest_id, new in sorted(new_by_contest.items())
        for change in _affected_in(contests[contest_id], new)
    ]


def _affected_in(contest: Contest, new: Mapping[int, Judgement]) -> list[RankChange]:
    bring_up_to_date(contest.pk)
    rows = contest.participants.select_related("user").filter(
        state=ContestParticipant.State.REGISTERED
    )
    participants = {row.pk: row for row in rows}
    totals = {key: _stored_total(row) for key, row in participants.items()}
    before = dict(totals)
    for key, total in _new_totals(contest, new).items():
        if key in totals:
            totals[key] = total
    new_ranks = _ranks_of(participants, totals)
    changes = [
        RankChange(
            contest=contest.pk,
            participant=key,
            name=row.display_name,
            old_rank=row.rank,
            new_rank=new_ranks.get(key),
            old_score=before[key].score,
            new_score=totals[key].score,
            old_penalty=before[key].penalty,
            new_penalty=totals[key].penalty,
        )
        for key, row in participants.items()
        if row.rank != new_ranks.get(key) or before[key].order != totals[key].order
    ]
    return sorted(changes, key=lambda each: (each.new_rank is None, each.new_rank, each.name))


def _new_totals(contest: Contest, new: Mapping[int, Judgement]) -> dict[int, Total]:
    """Score the participants of rejudged submissions with the new judgements in place."""
    rules = contest.rules
    tried: defaultdict[int, list[Attempt]] = defaultdict(list)
    keys = sorted({each.submission.participant_id or 0 for each in new.values()})
    for at in range(0, len(keys), IDS_MAX):
        of_these = scored_submissions(contest).filter(participant__in=keys[at : at + IDS_MAX])
        for participant_id, attempt in attempts_of(of_these):
            tried[participant_id].append(_as_judged_anew(attempt, new))
    return {key: rules.total(cells_of(rules, attempts).values()) for key, attempts in tried.items()}


def _as_judged_anew(attempt: Attempt, new: Mapping[int, Judgement]) -> Attempt:
    judgement = new.get(attempt.submission_id)
    if judgement is None:
        return attempt
    return replace(
        attempt,
        verdict=judgement.verdict,
        score=judgement.score or NO_SCORE,
        group_scores={name: Decimal(text) for name, text in judgement.group_scores.items()},
    )


def _stored_total(row: ContestParticipant) -> Total:
    return Total(score=row.final_score, penalty=row.penalty, tie_break=row.tie_break)


def _ranks_of(
    participants: Mapping[int, ContestParticipant], totals: Mapping[int, Total]
) -> dict[int, int]:
    ranked = [key for key, row in participants.items() if row.is_ranked]
    return dict(zip(ranked, ranks([totals[key] for key in ranked]), strict=True))
