"""Playing contests over HTTP: a manager sets them up, players enter and hand in programs."""

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import cycle
from random import Random
from typing import Any

import httpx

from tests.e2e.stack import Person, Stack, wait_for
from tests.support.board_lines import lines_of, lines_told
from tests.support.contest_boards import Board, Task, Try, first_solvers
from tests.support.contest_programs import LANGUAGES, Kind, program

API = "/api/code-execution/"
AT_ONCE = 4
JUDGED_WITHIN_S = 480
MILLISECOND = timedelta(milliseconds=1)
PAGE = 100


class Player(Person):
    """Somebody who waits as long as the server asks for."""

    def ask(self, method: str, path: str, body: Any = None) -> httpx.Response:
        """Send a request, and again when the server says it came too soon."""
        while True:
            response = self.http.request(method, API + path, json=body)
            if response.status_code != httpx.codes.TOO_MANY_REQUESTS:
                return response
            time.sleep(float(response.headers["Retry-After"]))

    def do(self, method: str, path: str, body: Any = None) -> Any:
        """Send a request that has to succeed, and give the answer."""
        response = self.ask(method, path, body)
        assert response.is_success, f"{method} {path}: {response.status_code} {response.text}"
        return response.json() if response.content else None

    def rows(self, path: str) -> list[dict[str, Any]]:
        """Give all rows of a list, page by page."""
        page = self.do("GET", f"{path}?page_size={PAGE}")
        found: list[dict[str, Any]] = list(page["results"])
        while page["next"]:
            response = self.http.get(page["next"])
            assert response.is_success, response.text
            page = response.json()
            found += page["results"]
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """A program to hand in; `by` is the account, where that is not the one of the row."""

    player: str
    task: str
    kind: Kind
    language: str
    by: str = ""


@dataclass(slots=True, kw_only=True)
class Match:
    """A contest that is being played, and what was handed in so far.

    `tasks` and the ids of their `problems` are by label, `starts` are the own starts of those
    players who have one, `players` is who is on the board. `rules` work a board out.
    """

    id: int
    manager: Player
    accounts: Mapping[str, Player]
    tasks: dict[str, Task]
    problems: Mapping[str, int]
    rules: Callable[..., Board]
    start: datetime
    starts: dict[str, datetime] = field(default_factory=dict)
    players: set[str] = field(default_factory=set)
    tries: list[Try] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def path(self) -> str:
        """Where the contest is in the API."""
        return f"contests/{self.id}/"

    def hand_in(self, move: Move) -> Try:
        """Hand a program in as the one whose turn it is."""
        answer = self.accounts[move.by or move.player].do("POST", "submissions/", self.body(move))
        start = self.starts.get(move.player, self.start)
        made = Try(
            id=answer["id"],
            player=move.player,
            task=move.task,
            kind=move.kind,
            language=move.language,
            at_ms=(datetime.fromisoformat(answer["created_at"]) - start) // MILLISECOND,
        )
        with self._lock:
            self.players.add(move.player)
            self.tries.append(made)
        return made

    def act(self, name: str, body: Any = None) -> Any:
        """Do something with the contest as its manager, and give the answer."""
        return self.manager.do("POST", f"{self.path}{name}/", body)

    def body(self, move: Move) -> dict[str, Any]:
        """Write a program as the API takes it."""
        return {
            "contest": self.id,
            "problem": self.problems[move.task],
            "language": move.language,
            "code": program(move.kind, move.language),
        }

    def play(self, moves: Sequence[Move]) -> None:
        """Make the moves, a few at a time, and wait until all is judged as it has to be."""
        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(self.hand_in, moves))
        self.check_verdicts()

    def check_verdicts(self) -> None:
        """Wait for every verdict, and compare it and its time with what they have to be."""
        wait_for(self._is_judged, what="all verdicts", timeout_s=JUDGED_WITHIN_S)
        found = {each["id"]: each for each in self.submissions(self.manager)}
        told = {key: (each["verdict"], each["contest_time_ms"]) for key, each in found.items()}

        assert told == {
            each.id: (self.tasks[each.task].verdict_of(each.kind), each.at_ms)
            for each in self.tries
        }

    def submissions(self, viewer: Player) -> list[dict[str, Any]]:
        """List what everybody tried, as somebody sees it."""
        return viewer.rows(f"{self.path}submissions/")

    def board(self, viewer: Player) -> dict[str, Any]:
        """Give the board as somebody sees it."""
        board: dict[str, Any] = viewer.do("GET", f"{self.path}scoreboard/")
        return board

    def worked_out(self, hidden_from: timedelta | None = None) -> Board:
        """Work the board out from what was handed in; with a freeze, as others may see it."""
        return self.rules(self.players, self.tasks, self.tries, hidden_from=hidden_from)

    def check_board(self, viewer: Player, hidden_from: timedelta | None = None) -> Board:
        """Compare the board that somebody sees with the one worked out, which it gives."""
        expected = self.worked_out(hidden_from)
        board = self.board(viewer)
        names = {row["participant"]: row["username"] for row in board["rows"]}
        solved_first = {
            each["label"]: {names[key] for key in each["first_solvers"]}
            for each in board["problems"]
        }

        assert lines_told(board) == lines_of(expected)
        assert solved_first == {label: first_solvers(expected, label) for label in self.tasks}
        return expected

    def participants(self) -> dict[str, int]:
        """Give the participants' ids by user name."""
        rows = self.manager.rows(f"{self.path}participants/")
        return {row["username"]: row["id"] for row in rows}

    def _is_judged(self) -> bool:
        return not any(
            self.manager.do("GET", f"submissions/?contest={self.id}&status={status}&page_size=1")[
                "count"
            ]
            for status in ("pending", "running")
        )


def failing_programs(random: Random) -> Iterator[tuple[Kind, str]]:
    """Give wrong programs without end, in which every kind meets every language."""
    kinds = (Kind.MODULAR, Kind.ONE_OFF, Kind.CRASHING, Kind.BROKEN)
    pairs = [(kind, language) for kind in kinds for language in LANGUAGES]
    random.shuffle(pairs)
    return cycle(pairs)


def register(stack: Stack, names: Iterable[str]) -> dict[str, Player]:
    """Have people make their accounts."""

    def make(name: str) -> Player:
        return Player(stack, name, f"a passphrase of {name}").register()

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return {player.username: player for player in pool.map(make, names)}


def set_problem(manager: Player, task: Task, **fields: Any) -> int:
    """Make a problem of a task, and give its id."""
    body = {
        "title": task.title,
        "statement": "Add two numbers.",
        "time_limit_ms": 1_500,  # much, so that on a busy host, too, right ones pass
        "memory_limit_bytes": 128 * 1024 * 1024,
        "test_groups": [
            {
                "name": group.name,
                "points": group.points,
                "scoring": group.scoring,
                "stop_at_first_failure": group.scoring != "sum",
                "requires": list(group.requires),
            }
            for group in task.groups
        ],
        "test_cases": [
            {
                "group": group.name,
                "input": f"{test.first} {test.second}\n",
                "expected_output": f"{test.expected}\n",
                "points": test.weight,
            }
            for group in task.groups
            for test in group.tests
        ],
        **fields,
    }
    problem: dict[str, Any] = manager.do("POST", "problems/", body)
    problem_id: int = problem["id"]
    return problem_id


def set_contest(manager: Player, problems: Mapping[str, int], **fields: Any) -> int:
    """Make a contest of problems by label, and give its id."""
    rows = [
        {"problem": problem, "order": order, "label": label, "points": 100}
        for order, (label, problem) in enumerate(problems.items())
    ]
    contest: dict[str, Any] = manager.do("POST", "contests/", {**fields, "problems": rows})
    contest_id: int = contest["id"]
    return contest_id


def check_refused(who: Player, method: str, path: str, body: Any = None) -> None:
    """See to it that the server does not do it."""
    response = who.ask(method, path, body)
    assert response.is_client_error, f"{method} {path}: {response.status_code} {response.text}"
