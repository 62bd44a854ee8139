"""What is done with contests and problems."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Count, F, Prefetch, Q, QuerySet
from django.utils import timezone

from apps.contests.domain import Standing, ranks_of
from apps.contests.models import (
    Contest,
    ContestParticipant,
    ContestProblem,
    Problem,
    ProblemFile,
    ProblemLanguage,
    TestCase,
)
from apps.core.errors import (
    ContestClosedError,
    ContestFullError,
    InvalidFieldsError,
    NotFoundError,
    ParticipationError,
)
from apps.users.models import User


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


def list_problems(*, user: User, now: datetime) -> QuerySet[Problem]:
    """Give the problems that the user may see: managers all, others those of running contests."""
    problems = Problem.objects.prefetch_related(
        Prefetch("test_cases", TestCase.objects.filter(is_sample=True), to_attr="samples")
    )
    if user.is_contest_manager:
        return problems
    has_started = Q(contests__start_time=None) | Q(contests__start_time__lte=now)
    return problems.filter(has_started, contests__is_active=True).distinct()


def get_problem(*, user: User, problem_id: int) -> Problem:
    """Give a problem that the user may see.

    Raises:
        NotFoundError: There is none of that id.
    """
    problem = list_problems(user=user, now=timezone.now()).filter(pk=problem_id).first()
    if problem is None:
        raise NotFoundError
    return problem


def list_participants(*, contest: Contest) -> QuerySet[ContestParticipant]:
    """Give the participants, the leaders first; those without a rank come last."""
    return contest.participants.select_related("user").order_by(
        F("rank").asc(nulls_last=True), "joined_at", "id"
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
def save_problem(
    *,
    problem: Problem,
    fields: Mapping[str, Any],
    test_cases: Sequence[Mapping[str, Any]] | None,
    languages: Sequence[Mapping[str, Any]] | None,
    files: Sequence[Mapping[str, Any]] | None,
) -> Problem:
    """Store a new or changed problem; `test_cases`, `languages` and `files` replace its own.

    A test case that names the `id` of an old one changes that one, so that past results still
    point at it.

    Raises:
        InvalidFieldsError: An `id` is not one of this problem's test cases, or a language or file
            is there twice.
    """
    for name, value in fields.items():
        setattr(problem, name, value)
    problem.save()
    if test_cases is not None:
        _replace_test_cases(problem, test_cases)
    if languages is not None:
        _expect_each_once("languages", [each["language"] for each in languages])
        problem.languages.all().delete()
        ProblemLanguage.objects.bulk_create(
            ProblemLanguage(problem=problem, **each) for each in languages
        )
    if files is not None:
        _expect_each_once("files", [(each["name"], each.get("language", "")) for each in files])
        problem.files.all().delete()
        ProblemFile.objects.bulk_create(ProblemFile(problem=problem, **each) for each in files)
    return problem


@transaction.atomic(savepoint=False)
def join(*, contest: Contest, user: User) -> ContestParticipant:
    """Make the user a participant; one who is already stays as is.

    Raises:
        ContestClosedError: The contest is not active, or has ended.
        ContestFullError: It has all the participants that it may have.
    """
    found = ContestParticipant.objects.filter(contest=contest, user=user).first()
    if found:
        return found
    # Others may be joining too: whoever has the row's lock counts, the rest wait.
    contest = lock_contest(contest.pk)
    found = ContestParticipant.objects.filter(contest=contest, user=user).first()
    if found:
        return found
    now = timezone.now()
    if not contest.is_active or (contest.end_time is not None and contest.end_time <= now):
        raise ContestClosedError("The contest is not active, or has ended.")
    is_limited = contest.max_participants is not None
    if is_limited and contest.participants.count() >= (contest.max_participants or 0):
        raise ContestFullError
    return ContestParticipant.objects.create(contest=contest, user=user)


@transaction.atomic(savepoint=False)
def enter_submission(*, contest: Contest, user: User, now: datetime) -> None:
    """Make the user a participant who has submitted.

    Raises:
        ContestClosedError: The contest is not active, has not started or has ended.
        ContestFullError: It has all the participants that it may have.
    """
    reason = contest.reason_not_to_submit(now)
    if reason:
        raise ContestClosedError(reason)
    participant = join(contest=contest, user=user)
    if not participant.has_submitted:
        ContestParticipant.objects.filter(pk=participant.pk).update(has_submitted=True)


@transaction.atomic
def leave(*, contest: Contest, user: User) -> None:
    """End a participation, if there is one.

    Raises:
        ParticipationError: The user has submitted to the contest.
    """
    participation = ContestParticipant.objects.filter(contest=contest, user=user)
    # One statement, as the first submission may be arriving at this moment.
    participation.filter(has_submitted=False).delete()
    if participation.exists():
        raise ParticipationError


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


def record_standings(*, contest: Contest, standings: Mapping[int, Standing]) -> None:
    """Store what participants, by user id, have reached, and rank everybody anew if that changed.

    The caller holds the contest's lock.
    """
    participants = list(contest.participants.select_related(None))
    before = [(each.final_score, each.last_improved_at, each.rank) for each in participants]
    for participant in participants:
        standing = standings.get(participant.user_id)
        if standing is not None:
            participant.final_score = standing.final_score
            participant.last_improved_at = standing.last_improved_at
    _rank(participants)
    changed = [
        each
        for each, old in zip(participants, before, strict=True)
        if (each.final_score, each.last_improved_at, each.rank) != old
    ]
    ContestParticipant.objects.bulk_update(
        changed, ["final_score", "last_improved_at", "rank"], batch_size=500
    )


def _rank(participants: Iterable[ContestParticipant]) -> None:
    participants = list(participants)
    standings = [
        Standing(final_score=each.final_score, last_improved_at=each.last_improved_at)
        for each in participants
    ]
    for participant, rank in zip(participants, ranks_of(standings), strict=True):
        participant.rank = rank


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


def _expect_each_once(field: str, keys: Sequence[Any]) -> None:
    if len(set(keys)) < len(keys):
        raise InvalidFieldsError({field: ["A problem has each once."]})


def _replace_test_cases(problem: Problem, items: Sequence[Mapping[str, Any]]) -> None:
    known = {each.pk: each for each in problem.test_cases.all()}
    named = [item["id"] for item in items if "id" in item]
    if len(set(named)) != len(named) or not set(named) <= known.keys():
        raise InvalidFieldsError({"test_cases": ["An id is not one of this problem's, or twice."]})
    problem.test_cases.exclude(pk__in=named).delete()
    for position, item in enumerate(items, start=1):
        test_case = known.get(item.get("id", 0)) or TestCase(problem=problem)
        for name, value in {"position": position, **item}.items():
            if name != "id":
                setattr(test_case, name, value)
        test_case.save()
