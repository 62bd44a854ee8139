"""Making, changing and closing contests."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Count, Prefetch, QuerySet

from apps.contests.models import Contest, ContestProblem
from apps.core.errors import InvalidFieldsError


def list_contests() -> QuerySet[Contest]:
    """Give all contests with their problems and `participant_count`."""
    return (
        Contest.objects
        .annotate(participant_count=Count("participants"))
        .prefetch_related(
            Prefetch(
                "contest_problems",
                ContestProblem.objects.select_related("problem").defer("problem__statement"),
            )
        )
        # Grouping by contest drops the model's own order.
        .order_by("-created_at", "-id")
    )


@transaction.atomic
def save_contest(
    *,
    contest: Contest,
    fields: Mapping[str, Any],
    problems: Sequence[Mapping[str, Any]] | None,
) -> Contest:
    """Store a new or changed contest; `problems`, if given, replace those that it sets.

    Raises:
        InvalidFieldsError: It ends before it starts, or sets a problem twice.
    """
    for name, value in fields.items():
        setattr(contest, name, value)
    if contest.start_time and contest.end_time and contest.end_time <= contest.start_time:
        raise InvalidFieldsError({"end_time": ["The contest has to end after its start."]})
    contest.save()
    if problems is not None:
        _replace_problems(contest, problems)
    return contest


@transaction.atomic
def close_contest(*, contest: Contest, now: datetime) -> None:
    """End a contest now: a running one keeps its problems readable, one to come is switched off."""
    contest = lock_contest(contest.pk)
    if contest.has_started(now):
        contest.end_time = min(contest.end_time or now, now)
    else:
        contest.is_active = False
    contest.save(update_fields=["end_time", "is_active"])


def lock_contest(contest_id: int) -> Contest:
    """Keep others from changing the contest, its participants and their ranks until the commit."""
    return Contest.objects.select_for_update(no_key=True).get(pk=contest_id)


def _replace_problems(contest: Contest, problems: Sequence[Mapping[str, Any]]) -> None:
    ids = [item["problem"].pk for item in problems]
    if len(set(ids)) != len(ids):
        raise InvalidFieldsError({"problems": ["A contest sets a problem once."]})
    contest.contest_problems.exclude(problem__in=ids).delete()
    for item in problems:
        ContestProblem.objects.update_or_create(
            contest=contest,
            problem=item["problem"],
            defaults={name: item[name] for name in ("order", "points") if name in item},
        )
