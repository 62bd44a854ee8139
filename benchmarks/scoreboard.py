"""What one new verdict costs on the stored boards, and a reader after it, on PostgreSQL.

Run from the root of the checkout, with a throwaway server in one line:
`.venv/bin/python -m tests.support.with_postgresql
.venv/bin/python -m benchmarks.scoreboard [ROUNDS]`.
Fills contests of 12 problems with 30 submissions a participant. Every round does, in turn: a bare
UPDATE of one row with its commit (the baseline), one new verdict brought to both stored boards, a
reader's first look after it, and the same look again. Then, beside the same baseline, a client asks
for the public board through the front door: after a change, again with the ETag of what it got, and
for the page. Prints milliseconds and, as `ratio`, the median over the rounds of each divided by the
baseline. Once for each size it computes both boards from nothing, as the stored ones spare
everybody. Last, a rush: half of a contest has solved its first problem and one after the other
follows, which moves everybody behind. In every round one of them comes when it is calm and is
brought to the boards at once, 20 come in a rush and leave stale cells, and one takes these along;
`all in all` is what each of these 21 has cost. Beside it, what to write all ranks takes.
"""

import os
import random
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from functools import partial
from itertools import islice

import django
import httpx

sys.path[:0] = ["backend"]
os.environ["DJANGO_SETTINGS_MODULE"] = "tests.support.django_settings"
django.setup()

from django.core.management import call_command
from django.db import connection, transaction
from django.utils import timezone

from apps.code_execution.models import CodeSubmission
from apps.code_execution.scoring import recompute_board, update_board
from apps.contests.models import Contest, ContestParticipant, ContestProblem, StaleCell
from apps.contests.services.board import read_board
from apps.contests.services.ranks import rank_all
from apps.problems.models import Problem
from apps.users.models import User
from config.asgi import make_front_door
from live.hub import Hub
from live.limits import StreamLimits
from tests.support.asgi_servers import serving_in_thread

DEFAULT_ROUNDS = 200
SIZES = (200, 2_000)
RUSH_SIZES = (500, 10_000)
RUSH_CELLS = 20
PROBLEMS = 12
SUBMISSIONS_EACH = 30
CONTEST_HOURS = 5
SEED = 4


def timed(work: Callable[[], object]) -> float:
    """Do it, and give the milliseconds that it took."""
    start = time.perf_counter()
    work()
    return (time.perf_counter() - start) * 1000


def fill(participants: int, submissions_each: int = SUBMISSIONS_EACH) -> Contest:
    """Make a frozen contest with judged submissions."""
    start = timezone.now() - timedelta(hours=CONTEST_HOURS)
    contest = Contest.objects.create(
        title=f"{participants} participants",
        format="icpc",
        format_config={},
        start_time=start,
        end_time=start + timedelta(hours=CONTEST_HOURS),
        freeze_time=start + timedelta(hours=CONTEST_HOURS - 1),
    )
    problems = Problem.objects.bulk_create(
        Problem(title=f"Problem {number}", statement="?") for number in range(PROBLEMS)
    )
    ContestProblem.objects.bulk_create(
        ContestProblem(contest=contest, problem=problem, order=order)
        for order, problem in enumerate(problems)
    )
    users = User.objects.bulk_create(
        User(username=f"{contest.pk}-{number}") for number in range(participants)
    )
    people = ContestParticipant.objects.bulk_create(
        ContestParticipant(contest=contest, user=user) for user in users
    )
    CodeSubmission.objects.bulk_create(
        (
            judged(contest, person, random.choice(problems))
            for person in people
            for _ in range(submissions_each)
        ),
        batch_size=2_000,
    )
    return contest


def judged(contest: Contest, participant: ContestParticipant, problem: Problem) -> CodeSubmission:
    """Make a judged submission at some moment of the contest; every third is accepted."""
    is_right = random.random() < 1 / 3
    return CodeSubmission(
        contest=contest,
        participant=participant,
        problem=problem,
        user_id=participant.user_id,
        code="print(42)",
        language="python",
        status="completed",
        verdict="AC" if is_right else "WA",
        score=100 if is_right else 0,
        is_correct=is_right,
        contest_time_ms=random.randrange(CONTEST_HOURS * 3_600_000),
    )


def bare_update(participant: ContestParticipant) -> None:
    """Do what every change costs at least."""
    fields = "code_execution_contestparticipant SET has_submitted = NOT has_submitted"
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {fields} WHERE id = %s", [participant.pk])


def change_public_board(contest: Contest, people: list[ContestParticipant]) -> None:
    """Bring verdicts until one changes what others may know."""
    problems = [each.problem for each in contest.contest_problems.select_related("problem")]
    before = Contest.objects.get(pk=contest.pk).public_board_version
    while Contest.objects.get(pk=contest.pk).public_board_version == before:
        submission = judged(contest, random.choice(people), random.choice(problems))
        submission.save()
        with transaction.atomic():
            update_board(submission)


def measure(contest: Contest, rounds: int) -> dict[str, list[float]]:
    """Bring verdicts to the boards and read them, and give the milliseconds of each step."""
    people = list(contest.participants.all())
    problems = [each.problem for each in contest.contest_problems.select_related("problem")]

    def verdict() -> None:
        with transaction.atomic():
            update_board(submission)

    def read() -> None:
        read_board(Contest.objects.get(pk=contest.pk), is_true=True, names_problems=True, now=now)

    now = timezone.now()
    read()
    steps: dict[str, list[float]] = {}
    for _ in range(rounds):
        submission = judged(contest, random.choice(people), random.choice(problems))
        submission.save()
        for name, work in (
            ("bare UPDATE of one row", partial(bare_update, people[0])),
            ("new verdict on both boards", verdict),
            ("first reader after it", read),
            ("reader of the same board", read),
        ):
            steps.setdefault(name, []).append(timed(work))
    return steps


def measure_over_http(contest: Contest, rounds: int) -> dict[str, list[float]]:
    """Ask for the public board and the page, and give the milliseconds of each step."""
    people = list(contest.participants.all())
    board = f"/api/code-execution/contests/{contest.pk}/scoreboard/"
    page = f"/contests/{contest.pk}/scoreboard/"
    door = make_front_door(Hub(), StreamLimits())
    steps: dict[str, list[float]] = {}
    with serving_in_thread(door) as address, httpx.Client(base_url=f"http://{address}") as client:
        for _ in range(rounds):
            change_public_board(contest, people)
            etag = client.head(board).headers["ETag"]
            known = {"If-None-Match": etag}
            for name, work in (
                ("bare UPDATE of one row", partial(bare_update, people[0])),
                ("first reader after a change", partial(client.get, board)),
                ("reader of the same board", partial(client.get, board)),
                ("reader who has it (304)", partial(client.get, board, headers=known)),
                ("the page after a change", partial(client.get, page)),
            ):
                steps.setdefault(name, []).append(timed(work))
    return steps


def be_calm(contest: Contest) -> None:
    """Have the next verdict brought to the boards at once, without the ranks."""
    rows = Contest.objects.filter(pk=contest.pk)
    rows.update(boards_written_at=None, ranked_at=timezone.now())


def measure_rush(participants: int, rounds: int) -> dict[str, list[float]]:
    """Have one after the other solve problems, and give the milliseconds of each step."""
    contest = fill(participants, submissions_each=0)
    problems = [each.problem for each in contest.contest_problems.select_related("problem")]
    people = list(contest.participants.all())
    half = len(people) // 2

    def accepted(place: int) -> CodeSubmission:
        submission = judged(contest, people[place % len(people)], problems[place // len(people)])
        submission.verdict, submission.score = "AC", Decimal(100)
        submission.contest_time_ms = place * 1000
        return submission

    def verdict(submission: CodeSubmission) -> None:
        with transaction.atomic():
            update_board(submission)

    def write_ranks() -> None:
        with transaction.atomic():
            rank_all(contest, now=timezone.now())

    CodeSubmission.objects.bulk_create(accepted(place) for place in range(half))
    recompute_board(contest=contest)
    steps: defaultdict[str, list[float]] = defaultdict(list)
    places = iter(range(half, len(people) * len(problems)))
    for _ in range(rounds):
        first, *tries, last = [accepted(place) for place in islice(places, RUSH_CELLS + 2)]
        CodeSubmission.objects.bulk_create([first, *tries, last])
        be_calm(contest)
        steps["bare UPDATE of one row"].append(timed(partial(bare_update, people[0])))
        steps["verdict when it is calm"].append(timed(partial(verdict, first)))
        in_a_rush = [timed(partial(verdict, each)) for each in tries]
        steps["verdict in a rush"].append(statistics.mean(in_a_rush))
        if StaleCell.objects.filter(contest=contest).count() != RUSH_CELLS:
            sys.exit("The machine is too slow for a rush.")
        be_calm(contest)
        taking = timed(partial(verdict, last))
        steps[f"verdict with {RUSH_CELLS} stale cells"].append(taking)
        steps["verdict, all in all"].append((sum(in_a_rush) + taking) / (RUSH_CELLS + 1))
        steps["all ranks after it"].append(timed(write_ranks))
    return steps


def show(steps: dict[str, list[float]]) -> None:
    """Print what steps cost beside the first of them."""
    bare = next(iter(steps.values()))
    for name, times in steps.items():
        ratio = statistics.median(each / base for each, base in zip(times, bare, strict=True))
        p95 = statistics.quantiles(times, n=20)[-1]
        print(f"{name:<28}{statistics.median(times):>9.2f}{p95:>9.2f}{ratio:>8.1f}")


def main() -> None:
    """Measure, and print a table for each size."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else DEFAULT_ROUNDS
    random.seed(SEED)
    call_command("migrate", verbosity=0)
    for size in SIZES:
        contest = fill(size)
        from_nothing = timed(partial(recompute_board, contest=contest))
        steps = measure(contest, rounds)
        print(f"\n{size} participants, {size * SUBMISSIONS_EACH} submissions, {rounds} rounds")
        print(f"{'step':<28}{'p50 ms':>9}{'p95 ms':>9}{'ratio':>8}")
        show(steps)
        print(f"{'both boards from nothing':<28}{from_nothing:>9.0f}")
        print("over HTTP, through the front door")
        show(measure_over_http(contest, rounds))
    for size in RUSH_SIZES:
        print(f"\na rush of {size} participants")
        show(measure_rush(size, rounds))


if __name__ == "__main__":
    main()
