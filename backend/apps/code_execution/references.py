"""Reference submissions: judged like any other program, and compared with what they should get."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from apps.audit import services as audit
from apps.code_execution.domain import TERMINAL_STATUSES, Status
from apps.code_execution.models import CodeSubmission, Judgement
from apps.problems.models import Problem, ReferenceSubmission
from apps.problems.packages.package import PARTIALLY_ACCEPTED
from apps.users.models import User


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceOutcome:
    """What a reference submission should get, and what it got; `None` while that is not known."""

    name: str
    expected: tuple[str, ...]
    verdict: str | None
    is_as_expected: bool | None
    submission_id: int | None
    score: Decimal | None


@transaction.atomic
def judge_references(*, problem: Problem, user: User) -> int:
    """Have a problem's reference submissions judged, but those that are being judged already.

    The sweep hands them over. Gives how many were ordered.
    """
    now = timezone.now()
    # One at a time, so that nothing is judged twice at once.
    Problem.objects.select_for_update().get(pk=problem.pk)
    busy = set(_being_judged(problem).values_list("external_id", flat=True))
    every = problem.reference_submissions.all()
    references = [each for each in every if _key(each) not in busy]
    for reference in references:
        submission = CodeSubmission.objects.create(
            user=user,
            problem=problem,
            purpose=CodeSubmission.Purpose.REFERENCE,
            external_id=_key(reference),
            code=reference.code,
            language=reference.language,
            created_at=now,
        )
        Judgement.objects.create(submission=submission, created_at=now, due_at=now)
    audit.record(
        actor=user, act="problem.judge_references", of=problem, after={"count": len(references)}
    )
    return len(references)


def is_judging(problem: Problem) -> bool:
    """Tell whether a reference submission of a problem has no verdict yet."""
    return _being_judged(problem).exists()


def reference_outcomes(problem: Problem) -> list[ReferenceOutcome]:
    """Compare each reference submission with the newest judging of the same program."""
    judged = CodeSubmission.objects.filter(
        problem=problem, purpose=CodeSubmission.Purpose.REFERENCE
    ).order_by("created_at", "pk")
    newest = {each.external_id: each for each in judged.defer("output", "error_output")}
    full_points = sum(group.points for group in problem.test_groups.all())
    return [
        _outcome(each, newest.get(_key(each)), full_points)
        for each in problem.reference_submissions.all()
    ]


def are_all_judged(outcomes: Iterable[ReferenceOutcome]) -> bool:
    """Tell whether nothing is left to wait for."""
    return all(outcome.is_as_expected is not None for outcome in outcomes)


def _being_judged(problem: Problem) -> QuerySet[CodeSubmission]:
    ordered = CodeSubmission.objects.filter(
        problem=problem, purpose=CodeSubmission.Purpose.REFERENCE
    )
    return ordered.exclude(status__in=TERMINAL_STATUSES)


def _outcome(
    reference: ReferenceSubmission, submission: CodeSubmission | None, full_points: int
) -> ReferenceOutcome:
    is_as_expected = None
    if submission is not None and Status(submission.status) in TERMINAL_STATUSES:
        is_as_expected = submission.verdict in reference.expected
        if reference.name.startswith(f"{PARTIALLY_ACCEPTED}/"):
            is_as_expected &= 0 < (submission.score or 0) < full_points
    return ReferenceOutcome(
        name=reference.name,
        expected=tuple(reference.expected),
        verdict=submission.verdict if submission else None,
        is_as_expected=is_as_expected,
        submission_id=submission.pk if submission else None,
        score=submission.score if submission else None,
    )


def _key(reference: ReferenceSubmission) -> str:
    """Give what tells the program apart; a package that is imported again has the same ones."""
    program = f"{reference.name}\0{reference.language}\0{reference.code}"
    return hashlib.sha256(program.encode()).hexdigest()
