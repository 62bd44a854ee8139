"""A contest by points of subtasks: who takes part, what is set, and what is handed in."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import cycle
from random import Random

from tests.e2e.contest_play import (
    AT_ONCE,
    Match,
    Move,
    Player,
    failing_programs,
    set_contest,
    set_problem,
)
from tests.support.contest_boards import Group, Task, Test, points_board
from tests.support.contest_programs import LANGUAGES, Kind

SEED = 21
ACCESS_CODE = "walrus"
COOLDOWN_S = 1
# Half of the points for a sum that is one off.
CHECKER = """
import sys
printed, answer = (open(path).read().split() for path in sys.argv[2:4])
if printed == answer:
    sys.exit(0)
if len(printed) == 1 and printed[0].isdigit() and abs(int(printed[0]) - int(answer[0])) == 1:
    sys.stderr.write("points 0.5 one off")
    sys.exit(7)
sys.exit(1)
"""


def _tests(*sums: tuple[int, int, int]) -> list[Test]:
    return [
        Test(first=first, second=second, expected=first + second, weight=weight)
        for first, second, weight in sums
    ]


TASKS = {
    "P": Task(
        title="Sums",
        groups=[
            Group(
                name="large",
                points=30,
                scoring="all",
                tests=_tests((5000, 7000, 0), (90_000, 10, 0)),
            ),
            Group(
                name="small",
                points=20,
                scoring="all",
                tests=_tests((1, 2, 0), (30, 40, 0)),
                requires=["large"],
            ),
            Group(
                name="mixed",
                points=50,
                scoring="sum",
                tests=_tests((3, 4, 10), (400, 500, 10), (6000, 1, 30)),
            ),
        ],
    ),
    "Q": Task(
        title="About the sum",
        groups=[
            Group(name="near", points=35, scoring="min", tests=_tests((1, 1, 0), (600, 400, 0))),
            Group(name="far", points=45, scoring="sum", tests=_tests((10, 20, 2), (2000, 3, 1))),
            # One that is off by one has not passed what it takes, though it has points there.
            Group(
                name="last",
                points=20,
                scoring="sum",
                tests=_tests((5, 5, 1)),
                requires=["near"],
            ),
        ],
        off_by_one_is_worth=Fraction(1, 2),
    ),
}


def start_ioi(manager: Player, accounts: dict[str, Player], *, places: int) -> Match:
    """Set up a contest for so many who know its code; the rest wait for a place."""
    start = datetime.now(UTC) - timedelta(minutes=30)
    checker = {
        "role": "checker",
        "protocol": "testlib",
        "language": "python",
        "source": CHECKER,
    }
    problems = {
        "P": set_problem(manager, TASKS["P"]),
        "Q": set_problem(manager, TASKS["Q"], checker="program", programs=[checker]),
    }
    contest_id = set_contest(
        manager,
        problems,
        title="Olympiad",
        start_time=start.isoformat(),
        end_time=(start + timedelta(hours=5)).isoformat(),
        format="ioi",
        format_config={"max_per_subtask": True},
        access="code",
        access_code=ACCESS_CODE,
        max_participants=places,
        has_waiting_list=True,
        cooldown_s=COOLDOWN_S,
    )
    return Match(
        id=contest_id,
        manager=manager,
        accounts=accounts,
        tasks=dict(TASKS),
        problems=problems,
        rules=points_board,
        start=start,
    )


def join_all(match: Match, names: list[str]) -> None:
    """Have people enter, some at once."""

    def join(name: str) -> None:
        body = {"access_code": ACCESS_CODE}
        entered = match.accounts[name].do("POST", f"{match.path}join/", body)
        assert entered["state"] == "registered", name

    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(join, names))
    match.players.update(names)


def ioi_moves(players: list[str]) -> list[Move]:
    """Draw what is handed in, in random order."""
    random = Random(SEED)  # noqa: S311 - it has to draw the same each time
    failing, languages = failing_programs(random), cycle(LANGUAGES)
    drawn = [(players[0], "P", Kind.SLOW, "c"), (players[1], "Q", Kind.SLOW, "go")]
    for player in players:
        for label in TASKS:
            drawn += [(player, label, *next(failing)) for _ in range(random.choice((0, 1, 1, 2)))]
            if random.random() < 0.4:
                drawn.append((player, label, Kind.RIGHT, next(languages)))
    random.shuffle(drawn)
    return [
        Move(player=player, task=label, kind=kind, language=language)
        for player, label, kind, language in drawn
    ]
