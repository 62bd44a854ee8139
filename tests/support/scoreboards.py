"""Contests with a board worth looking at."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from apps.code_execution import scoring
from apps.code_execution.models import CodeSubmission
from apps.contests.models import Contest, ContestParticipant, ContestProblem, Organization
from apps.contests.services import standings
from apps.users.models import User
from tests.support.contests import make_contest, make_problem
from tests.support.people import make_user

HOUR = timedelta(hours=1)
FREEZE_AFTER = 4 * HOUR
MILLISECOND = timedelta(milliseconds=1)
ACCEPTED_POINTS = 100
COLORS = ("#e6194b", "#ffe119", "#4363d8", "#f58231", "#911eb4", "#ffffff", "#000000", "#3cb44b")
TEAMS = (
    ("Null Pointers", "Technical University of Vienna", "AUT"),
    ("<script>alert('team')</script>", "University of Escaping & Sons", "DEU"),
    ("Segmentation Fault Appreciation Society of the Upper Palatinate", "Uni Regensburg", "DEU"),
    ("Zażółć gęślą jaźń", "Uniwersytet Warszawski", "POL"),
    ("線形計画法", "東京大学", "JPN"),
    ("Off by one", None, None),
    ("Late Binding", "University of Oslo", "NOR"),
    ("Greedy but Wrong", "University of Oslo", "NOR"),
)
# Team, problem, minute, verdict (`None`: not judged yet, a number: so many points).
TRIES: tuple[tuple[int, int, int, str | float | None], ...] = (
    (0, 0, 7, "AC"),
    (0, 1, 31, "WA"),
    (0, 1, 44, "AC"),
    (0, 2, 133, "AC"),
    (0, 3, 250, "AC"),
    (1, 0, 12, "WA"),
    (1, 0, 15, "AC"),
    (1, 1, 29, "AC"),
    (1, 4, 255, "WA"),
    (2, 0, 20, "AC"),
    (2, 2, 90, 40),
    (2, 2, 120, 70),
    (2, 5, 251, None),
    (3, 0, 61, "AC"),
    (3, 3, 199, "AC"),
    (4, 1, 88, "WA"),
    (4, 1, 89, "WA"),
    (4, 1, 97, "WA"),
    (4, 6, 210, 33.5),
    (5, 0, 239, "AC"),
    (6, 7, 180, "WA"),
    (6, 7, 243, "AC"),
)


def enter(contest: Contest, user: User) -> ContestParticipant:
    """Let somebody take part, and be on the board."""
    participant = ContestParticipant.objects.create(contest=contest, user=user)
    with transaction.atomic():
        standings.enter(contest=Contest.objects.get(pk=contest.pk), participant=participant)
    return participant


def path_of(contest: Contest) -> str:
    """Give where the API has its board."""
    return f"/api/code-execution/contests/{contest.pk}/scoreboard/"


def make_cup(since_start: timedelta = 4.5 * HOUR, **fields: Any) -> Contest:
    """Make a contest of five hours, frozen in the last of them."""
    start: datetime = fields.pop("start_time", timezone.now() - since_start)
    return make_contest(
        **{
            "format": "icpc",
            "format_config": {},
            "start_time": start,
            "end_time": start + 5 * HOUR,
            "freeze_time": start + FREEZE_AFTER,
            **fields,
        },
    )


def hand_in(
    participant: ContestParticipant,
    problem_id: int,
    *,
    at: timedelta,
    verdict: str | float | None,
) -> CodeSubmission:
    """Store a try, and bring it to the boards."""
    submission = CodeSubmission.objects.create(
        contest_id=participant.contest_id,
        participant=participant,
        user_id=participant.user_id,
        problem_id=problem_id,
        code="print(42)",
        language="python",
        contest_time_ms=at // MILLISECOND,
    )
    bring(submission, verdict)
    return submission


def bring(submission: CodeSubmission, verdict: str | float | None) -> None:
    """Bring a verdict, or that there is none yet, to the boards; a number is points."""
    points = {"AC": ACCEPTED_POINTS}.get(verdict, 0) if isinstance(verdict, str) else verdict
    if verdict is not None:
        submission.status, submission.score = "completed", points
        submission.verdict = verdict if isinstance(verdict, str) else "WA"
        submission.save()
    with transaction.atomic():
        scoring.update_board(submission)


def fill_cup(contest: Contest) -> Mapping[str, ContestParticipant]:
    """Let the teams play for eight problems; gives them by name."""
    for place, color in enumerate(COLORS):
        problem = make_problem(title=f"Problem <b>{place}</b>")
        ContestProblem.objects.create(contest=contest, problem=problem, order=place, color=color)
    problems = list(contest.contest_problems.values_list("problem", flat=True))
    teams = [
        ContestParticipant.objects.create(
            contest=contest,
            user=_account(f"team-{number}"),
            is_team=True,
            name=name,
            organization=_organization(organization, country),
            kind="unofficial" if number == len(TEAMS) - 1 else "official",
        )
        for number, (name, organization, country) in enumerate(TEAMS)
    ]
    scoring.recompute_board(contest=contest)
    for team, place, minute, verdict in TRIES:
        hand_in(teams[team], problems[place], at=timedelta(minutes=minute), verdict=verdict)
    return {team.name: team for team in teams}


def _account(name: str) -> User:
    return User.objects.filter(username=name).first() or make_user(name)


def _organization(name: str | None, country: str | None) -> Organization | None:
    if name is None:
        return None
    return Organization.objects.get_or_create(name=name, country=country or "")[0]
