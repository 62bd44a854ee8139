"""How long the admin's list of 100,000 submissions takes to open, beside a bare SELECT of a page.

Run from the root of the checkout, on SQLite: `.venv/bin/python -m benchmarks.admin_lists [ROUNDS]`,
and on a throwaway PostgreSQL: `.venv/bin/python -m tests.support.with_postgresql
.venv/bin/python -m benchmarks.admin_lists [ROUNDS]`.
Fills 20 contests with the submissions. Every round takes, in turn: a bare SELECT of the 100 newest
rows (the baseline), then whole pages through Django's client, as a global manager and as a judge of
one contest: the list, filtered, searched, and its last page. Prints the median and the slowest in
milliseconds, and as `ratio` the median divided by the baseline's.
"""

import os
import random
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial

import django

sys.path[:0] = ["backend"]
os.environ["DJANGO_SETTINGS_MODULE"] = "tests.support.django_settings"
django.setup()

from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import get_runner
from django.utils import timezone

from apps.code_execution.models import CodeSubmission, Judgement
from apps.contests.models import Contest, ContestRole
from apps.problems.models import Problem
from apps.users.models import User

DEFAULT_ROUNDS = 10
SUBMISSIONS = 100_000
CONTESTS, PROBLEMS, USERS = 20, 12, 2_000
BATCH_ROWS = 2_000
VERDICTS = ("AC", "WA", "WA", "TLE", "RTE", "CE")
LIST = "/admin/code_execution/codesubmission/"
SEED = 4


@contextmanager
def database() -> Iterator[None]:
    """Make a database for the run, and drop it afterwards."""
    runner = get_runner(settings)(verbosity=0, interactive=False)
    before = runner.setup_databases()
    try:
        yield
    finally:
        runner.teardown_databases(before)


def fill() -> None:
    """Store the submissions, each with its judgement."""
    drawn = random.Random(SEED)
    now = timezone.now()
    people = User.objects.bulk_create(User(username=f"user{each}") for each in range(USERS))
    text = "x" * 20_000
    contests = Contest.objects.bulk_create(
        Contest(title=f"Contest {each}", description=text) for each in range(CONTESTS)
    )
    problems = Problem.objects.bulk_create(
        Problem(title=f"Problem {each}", statement=text) for each in range(PROBLEMS)
    )
    for start in range(0, SUBMISSIONS, BATCH_ROWS):
        rows = CodeSubmission.objects.bulk_create(
            CodeSubmission(
                user=drawn.choice(people),
                contest=drawn.choice(contests),
                problem=drawn.choice(problems),
                code="print(42)\n" * 50,
                language=drawn.choice(("python", "cpp", "java")),
                status="completed",
                verdict=drawn.choice(VERDICTS),
                created_at=now - timedelta(seconds=SUBMISSIONS - start - place),
            )
            for place in range(BATCH_ROWS)
        )
        Judgement.objects.bulk_create(
            Judgement(submission=each, due_at=now, finished_at=now, verdict=each.verdict)
            for each in rows
        )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def select_a_page() -> None:
    """Read as much as a page shows, and nothing else."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, user_id, verdict, created_at FROM code_execution_codesubmission"
            " ORDER BY created_at DESC, id DESC LIMIT 100"
        )
        cursor.fetchall()


def open_list(client: Client, query: str) -> None:
    """Open the list as a browser would."""
    answer = client.get(LIST + query)
    if answer.status_code != 200:  # noqa: PLR2004
        raise RuntimeError(f"{query}: {answer.status_code}")


def client_of(user: User) -> Client:
    """Sign in."""
    client = Client()
    client.force_login(user)
    return client


def pages() -> dict[str, Callable[[], None]]:
    """Give what is measured, by name."""
    manager = client_of(User.objects.create_superuser("manager"))
    judge_account = User.objects.create_user("judge")
    contest = Contest.objects.order_by("pk")[0]
    ContestRole.objects.create(contest=contest, user=judge_account, role="judge")
    judge = client_of(judge_account)
    return {
        "bare SELECT": select_a_page,
        "list": partial(open_list, manager, ""),
        "one contest": partial(open_list, manager, f"?contest={contest.pk}"),
        "wrong answers": partial(open_list, manager, "?verdict__exact=WA"),
        "no such verdict": partial(open_list, manager, "?verdict__exact=OLE"),
        "by score": partial(open_list, manager, "?o=4"),
        "a user": partial(open_list, manager, "?q=user7"),
        "page 100": partial(open_list, manager, "?p=100"),
        "as a judge": partial(open_list, judge, ""),
    }


def main(rounds: int) -> None:
    """Measure and print."""
    with database():
        fill()
        measured = pages()
        times_ms: dict[str, list[float]] = {name: [] for name in measured}
        for _ in range(rounds):
            for name, work in measured.items():
                start = time.perf_counter()
                work()
                times_ms[name].append((time.perf_counter() - start) * 1000)
        baseline = statistics.median(times_ms["bare SELECT"])
        print(f"{connection.vendor}, {SUBMISSIONS} submissions, {rounds} rounds")
        for name, each in times_ms.items():
            median = statistics.median(each)
            print(
                f"{name:16} {median:8.1f} ms  slowest {max(each):8.1f}  {median / baseline:7.0f}x"
            )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else DEFAULT_ROUNDS)
