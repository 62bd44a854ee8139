"""Reference submissions: judged like any other program, and compared with what they should get."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

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


@transaction.atomic
def judge_references(*, problem: Problem, user: User) -> int:
    """Have every reference submission of a problem judged, and give their number.

    The sweep hands them over.
    """
    now = timezone.now()
    references = list(problem.reference_submissions.all())
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
    return len(references)


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
    )


def _key(reference: ReferenceSubmission) -> str:
    """Give what tells the program apart; a package that is imported again has the same ones."""
    program = f"{reference.name}\0{reference.language}\0{reference.code}"
    return hashlib.sha256(program.encode()).hexdigest()
