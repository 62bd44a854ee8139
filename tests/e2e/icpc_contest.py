"""A contest by the rules of the ICPC: who takes part, what is set, and what is handed in when."""

from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import cycle
from random import Random

from tests.e2e.contest_play import (
    Match,
    Move,
    Player,
    failing_programs,
    set_contest,
    set_problem,
)
from tests.support.contest_boards import Group, Task, Test, icpc_board
from tests.support.contest_programs import LANGUAGES, Kind

SEED = 20
CROWD = [f"player{number:02}" for number in range(1, 41)]
# Whose sites started late: minutes by user name.
LATE = {f"late{number}": 13 if number <= 4 else 31 for number in range(1, 9)}
CAST = ["alice", "dana", "heidi", "mallory", "oscar"]
TEAM, MEMBERS = "beavers", ["ursula", "victor"]
ACCOUNTS = [*CROWD, *LATE, *CAST, TEAM, *MEMBERS]
PENALTY_MINUTES = 20


def _task(title: str, *sums: tuple[int, int, int]) -> Task:
    tests = [Test(first=first, second=second, expected=total) for first, second, total in sums]
    return Task(title=title, groups=[Group(name="all", points=100, scoring="all", tests=tests)])


TASKS = {
    "A": _task("Small sums", (1, 2, 3), (300, 400, 700)),
    # The jury has made a mistake: this is the sum modulo 1000.
    "B": _task("Sums", (3, 4, 7), (700, 800, 500)),
    "C": _task("Large sums", (5, 6, 11), (5000, 7000, 12_000)),
    "D": _task("Huge sums", (7, 8, 15), (90_000, 10, 90_010)),
}
CORRECTED_B = _task("Sums", (3, 4, 7), (700, 800, 1500))


def start_icpc(manager: Player, accounts: dict[str, Player]) -> Match:
    """Set up a contest that has run for over an hour, and let it run for longer than planned."""
    start = datetime.now(UTC) - timedelta(minutes=70)
    problems = {label: set_problem(manager, task) for label, task in TASKS.items()}
    contest_id = set_contest(
        manager,
        problems,
        title="Regional contest",
        start_time=start.isoformat(),
        end_time=(start + timedelta(minutes=75)).isoformat(),
        format="icpc",
        format_config={"penalty_minutes": PENALTY_MINUTES},
    )
    match = Match(
        id=contest_id,
        manager=manager,
        accounts=accounts,
        tasks=dict(TASKS),
        problems=problems,
        rules=partial(icpc_board, penalty_minutes=PENALTY_MINUTES),
        start=start,
        starts={name: start + timedelta(minutes=minutes) for name, minutes in LATE.items()},
        players={*LATE, TEAM},
    )
    for name, own_start in match.starts.items():
        match.act("participants", {"username": name, "started_at": own_start.isoformat()})
    match.act("participants", {"username": TEAM, "is_team": True, "members": MEMBERS})
    match.act("extend", {"minutes": 60})
    return match


def icpc_moves() -> tuple[list[Move], list[Move]]:
    """Draw what is handed in before the freeze, and in it; each in random order.

    Of the crowd nobody solves D, so that the winner is one of the cast: who has solved B by the
    wrong answer of its test, or who has solved it in truth.
    """
    random = Random(SEED)  # noqa: S311 - it has to draw the same each time
    crowd = _moves_of_the_crowd(random)
    half = len(crowd) * 3 // 5
    before = [
        *crowd[:half],
        *_solving("alice", "AC"),
        Move(player="alice", task="B", kind=Kind.MODULAR, language="rust"),
        *_solving("dana", "ABC"),
        *_solving("mallory", "ABCD"),
        *_solving("oscar", "AC"),
        *_solving("heidi", "A"),
        Move(player=TEAM, by="ursula", task="A", kind=Kind.ONE_OFF, language="java"),
        Move(player=TEAM, by="victor", task="A", kind=Kind.RIGHT, language="go"),
    ]
    after = [
        *crowd[half:],
        *_solving("alice", "D"),
        *_solving("dana", "D"),
        Move(player=TEAM, task="C", kind=Kind.RIGHT, language="csharp"),
    ]
    random.shuffle(before)
    random.shuffle(after)
    return before, after


def _moves_of_the_crowd(random: Random) -> list[Move]:
    failing, languages = failing_programs(random), cycle(LANGUAGES)
    drawn = [
        (player, "A", Kind.SLOW, language)
        for player, language in zip(CROWD, LANGUAGES, strict=False)
    ]
    for player in [*CROWD, *LATE]:
        for label in ("A", "B", "C", "D"):
            if label != "A" and random.random() < 0.4:
                continue
            solves = label != "D" and random.random() < 0.6
            failed = random.choice((0, 0, 1, 2)) if solves else 1
            drawn += [(player, label, *next(failing)) for _ in range(failed)]
            if solves:
                drawn.append((player, label, Kind.RIGHT, next(languages)))
    random.shuffle(drawn)
    return [
        Move(player=player, task=label, kind=kind, language=language)
        for player, label, kind, language in drawn
    ]


def _solving(player: str, labels: str) -> list[Move]:
    return [Move(player=player, task=label, kind=Kind.RIGHT, language="python") for label in labels]
