"""People who take part in a contest while the installation is being taken apart."""

import threading
import time
import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import cycle
from random import Random
from typing import Any

import httpx

from tests.e2e.contest_play import Match, Move, Player, set_contest, set_problem
from tests.support.contest_boards import Group, Task, Test, icpc_board
from tests.support.contest_programs import Kind
from tests.support.grown_stack import MANAGER, GrownStack

PENALTY_MINUTES = 20
ANSWER_TIMEOUT_S = 8.0
TRY_AGAIN_S = (0.1, 0.5)
LOOK_EVERY_S = 0.3
TIME_LIMIT_MS = 1000
LATER = {httpx.codes.TOO_MANY_REQUESTS, httpx.codes.SERVICE_UNAVAILABLE}
# Mostly what costs little, and of each kind something.
KINDS = {
    Kind.RIGHT: 40,
    Kind.ONE_OFF: 20,
    Kind.MODULAR: 15,
    Kind.CRASHING: 12,
    Kind.BROKEN: 10,
    Kind.SLOW: 3,
}
LANGUAGES = ("c", "c", "python")


def _task(title: str, *sums: tuple[int, int]) -> Task:
    tests = [Test(first=first, second=second, expected=first + second) for first, second in sums]
    return Task(title=title, groups=[Group(name="all", points=100, scoring="all", tests=tests)])


TASKS = {
    "A": _task("Small sums", (1, 2), (300, 400)),
    "B": _task("Sums", (3, 4), (700, 800)),
    "C": _task("Large sums", (5000, 7000)),
}


@dataclass(slots=True)
class Experience:
    """What the server did to its clients: answers by status, and those that must not be."""

    answers: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, response: httpx.Response) -> None:
        """Count an answer; what is neither a success nor "later" is a fault."""
        request = response.request
        with self._lock:
            self.answers[str(response.status_code)] += 1
            if not (response.is_success or response.status_code in LATER):
                self.faults.append(
                    f"{request.method} {request.url.path}: {response.status_code}"
                    f" {response.text[:500]}"
                )

    def note_silence(self, error: httpx.TransportError) -> None:
        """Count a request that had no answer."""
        with self._lock:
            self.answers[type(error).__name__] += 1


class PatientPlayer(Player):
    """Somebody who sends a request again, under the same key, until there is an answer."""

    def __init__(self, stack: GrownStack, username: str, experience: Experience) -> None:
        super().__init__(stack, username, "")
        self.http.timeout = httpx.Timeout(ANSWER_TIMEOUT_S)
        self.http.headers["Authorization"] = f"Bearer {stack.tokens[username]}"
        self._experience = experience
        self._random = Random(username)  # noqa: S311

    def ask(self, method: str, path: str, body: Any = None) -> httpx.Response:
        headers = {"Idempotency-Key": str(uuid.uuid4())} if method == "POST" else {}
        url = f"/api/code-execution/{path}"
        while True:
            try:
                response = self.http.request(method, url, json=body, headers=headers)
            except httpx.TransportError as error:
                self._experience.note_silence(error)
            else:
                self._experience.note(response)
                if response.status_code < 500 and response.status_code not in LATER:
                    return response
            time.sleep(self._random.uniform(*TRY_AGAIN_S))


@dataclass(frozen=True, slots=True)
class Turn:
    """A move, and so many seconds after the beginning."""

    at_s: float
    move: Move


def set_up_match(stack: GrownStack, participants: Sequence[str], experience: Experience) -> Match:
    """Make a contest that is running and that everybody may enter."""
    manager = PatientPlayer(stack, MANAGER, experience)
    start = datetime.now(UTC) - timedelta(minutes=30)
    problems = {
        label: set_problem(manager, task, time_limit_ms=TIME_LIMIT_MS)
        for label, task in TASKS.items()
    }
    contest_id = set_contest(
        manager,
        problems,
        title="Contest in bad weather",
        start_time=start.isoformat(),
        end_time=(start + timedelta(hours=5)).isoformat(),
        format="icpc",
        format_config={"penalty_minutes": PENALTY_MINUTES},
    )
    return Match(
        id=contest_id,
        manager=manager,
        accounts={name: PatientPlayer(stack, name, experience) for name in participants},
        tasks=dict(TASKS),
        problems=problems,
        rules=partial(icpc_board, penalty_minutes=PENALTY_MINUTES),
        start=start,
    )


def draw_turns(
    random: Random, participants: Sequence[str], count: int, seconds: float
) -> list[Turn]:
    """Draw who hands in what, and when; every player and every kind come to their turns."""
    kinds = [kind for kind, weight in KINDS.items() for _ in range(weight)]
    random.shuffle(kinds)
    drawn = zip(cycle(participants), cycle(kinds), range(count), strict=False)
    return [
        Turn(
            random.uniform(0, seconds),
            Move(
                player=player,
                task=random.choice("ABC"),
                kind=kind,
                language=random.choice(LANGUAGES),
            ),
        )
        for player, kind, _ in drawn
    ]


def play(match: Match, turns: Sequence[Turn]) -> None:
    """Have all handed in, each player one after the other, while some look at the board."""
    is_over = threading.Event()
    started_s = time.monotonic()
    playing = [
        threading.Thread(
            target=_take_turns,
            args=(match, sorted((turn for turn in turns if turn.move.player == name), key=_when)),
            kwargs={"started_s": started_s},
        )
        for name in match.accounts
    ]
    looking = [
        threading.Thread(target=_look, args=(match, player, is_over))
        for player in list(match.accounts.values())[:2]
    ]
    for thread in [*playing, *looking]:
        thread.start()
    for thread in playing:
        thread.join()
    is_over.set()
    for thread in looking:
        thread.join()
    handed_in = len(match.tries)
    assert handed_in == len(turns), f"{handed_in} of {len(turns)} were taken"


def _when(turn: Turn) -> float:
    return turn.at_s


def _take_turns(match: Match, turns: Sequence[Turn], *, started_s: float) -> None:
    for turn in turns:
        time.sleep(max(0.0, started_s + turn.at_s - time.monotonic()))
        match.hand_in(turn.move)


def _look(match: Match, player: Player, is_over: threading.Event) -> None:
    while not is_over.wait(LOOK_EVERY_S):
        player.do("GET", f"{match.path}scoreboard/")
        player.do("GET", f"submissions/?contest={match.id}&page_size=5")
