"""A contest to try the product with."""

import secrets
from dataclasses import dataclass
from datetime import timedelta

from django.contrib.auth.models import Group
from django.db import transaction
from django.utils import timezone

from apps.contests.models import Contest, ContestProblem
from apps.problems.models import Problem
from apps.problems.services import add_test_cases
from apps.users.domain import MANAGERS_GROUP
from apps.users.models import User

TITLE = "Demo contest"
DURATION = timedelta(days=3650)
PASSWORD_BYTES = 12
MANAGER = "manager"
PARTICIPANT = "participant"

# Title, statement, and test cases: input, expected output, whether it is a sample.
SUM = (
    "Sum of two numbers",
    r"""Read two integers $a$ and $b$ in one line, and print $a + b$.

$$-10^9 \le a, b \le 10^9$$
""",
    (
        ("1 2\n", "3\n", True),
        ("-5 5\n", "0\n", True),
        ("0 0\n", "0\n", False),
        ("1000000000 1000000000\n", "2000000000\n", False),
        ("-1000000000 999999999\n", "-1\n", False),
    ),
)
BRACKETS = (
    "Balanced brackets",
    """Read one line of at most $10^5$ of the characters `()[]{}`.

Print `yes` if every bracket is closed by its like in the right order, else `no`.
""",
    (
        ("([]{})\n", "yes\n", True),
        ("(]\n", "no\n", True),
        ("((((\n", "no\n", False),
        ("}{\n", "no\n", False),
        ("([{}])" * 1_000 + "\n", "yes\n", False),
        ("(" * 50_000 + ")" * 50_000 + "\n", "yes\n", False),
    ),
)
PROBLEMS = (SUM, BRACKETS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Demo:
    """What was seeded; a password is `None` when its account was there before."""

    contest_id: int
    problem_id: int
    manager_password: str | None
    participant_password: str | None


@transaction.atomic
def seed() -> Demo:
    """Make the contest, its problems and the two accounts, each unless it is there."""
    contest = Contest.objects.filter(title=TITLE).first() or _make_contest()
    return Demo(
        contest_id=contest.pk,
        problem_id=contest.contest_problems.values_list("problem_id", flat=True)[0],
        manager_password=_make_user(MANAGER, is_manager=True),
        participant_password=_make_user(PARTICIPANT, is_manager=False),
    )


def _make_contest() -> Contest:
    now = timezone.now()
    contest = Contest.objects.create(
        title=TITLE,
        description="Two small problems to try things with.",
        start_time=now,
        end_time=now + DURATION,
    )
    for order, (title, statement, tests) in enumerate(PROBLEMS, start=1):
        problem = Problem.objects.create(title=title, statement=statement)
        add_test_cases(
            problem,
            (
                {"input": given, "expected_output": expected, "is_sample": is_sample}
                for given, expected, is_sample in tests
            ),
        )
        ContestProblem.objects.create(contest=contest, problem=problem, order=order)
    return contest


def _make_user(username: str, *, is_manager: bool) -> str | None:
    if User.objects.filter(username__iexact=username).exists():
        return None
    password = secrets.token_urlsafe(PASSWORD_BYTES)
    email = f"{username}@example.org"
    user = User.objects.create_user(username, email, password, is_staff=is_manager)
    if is_manager:
        user.groups.add(Group.objects.get(name=MANAGERS_GROUP))
    return password
