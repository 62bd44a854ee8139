"""The people of `contest_rush`: who hands in, who looks at the board, and how long answers take."""

import asyncio
import json
import time
from collections import Counter, defaultdict
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import cycle
from random import Random

import httpx

from tests.chaos.findings import UNFINISHED, rows_of
from tests.e2e.contest_play import Player, set_contest, set_problem
from tests.support.contest_boards import Group, Task, Test
from tests.support.contest_programs import Kind, program
from tests.support.grown_stack import MANAGER, GrownStack

READERS = 25
READ_EVERY_S = 1.0
JUDGED_WITHIN_S = 600
SUBMISSIONS_PATH = "/api/code-execution/submissions/"
PROGRAM = program(Kind.RIGHT, "c")
INPUT, EXPECTED = "1 2\n", "3\n"
TASK = Task(
    title="Sum",
    groups=[
        Group(name="all", points=100, scoring="all", tests=[Test(first=1, second=2, expected=3)])
    ],
)
RULES = {"penalty_minutes": 20}
NO_HEADERS: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class Phase:
    """So many submissions within so many seconds, and whether others look at the board."""

    name: str
    submissions: int
    seconds: float
    has_readers: bool = True


@dataclass(slots=True)
class Answers:
    """How long answers of one kind took, in ms, and how many were none of the expected."""

    taken_ms: list[float] = field(default_factory=list)
    errors: Counter[str] = field(default_factory=Counter)


class Connection:
    """One connection that is kept alive, opened anew where the server has closed it."""

    def __init__(self, url: str, token: str) -> None:
        self._address = httpx.URL(url)
        self._token = token
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(
        self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] = NO_HEADERS
    ) -> tuple[int, dict[str, str]]:
        """Send a request, read the whole answer, and give its status and headers."""
        further = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        request = (
            f"{method} {path} HTTP/1.1\r\nHost: {self._address.netloc.decode()}\r\n"
            f"Authorization: Bearer {self._token}\r\nContent-Type: application/json\r\n"
            f"{further}Content-Length: {len(body)}\r\n\r\n"
        ).encode() + body
        if self._streams is None:
            self._streams = await asyncio.open_connection(self._address.host, self._address.port)
        reader, writer = self._streams
        try:
            writer.write(request)
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            status, *lines = head.strip().split("\r\n")
            told = {name.lower(): value for name, _, value in (x.partition(": ") for x in lines)}
            await reader.readexactly(int(told.get("content-length", "0")))
        except (OSError, asyncio.IncompleteReadError):
            self.close()
            raise
        return int(status.split(" ")[1]), told

    def close(self) -> None:
        """Let go of it."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


class Rush:
    """A contest on an installation, with what it takes to hand in and to look."""

    def __init__(self, stack: GrownStack, names: Sequence[str]) -> None:
        manager = Player(stack, MANAGER, "")
        manager.http.headers["Authorization"] = f"Bearer {stack.tokens[MANAGER]}"
        problem = set_problem(manager, TASK, time_limit_ms=2000)
        self.contest = set_contest(
            manager, {"A": problem}, title="Rush", format="icpc", format_config=RULES
        )
        self.stack = stack
        places = zip(names, cycle(stack.backend_urls), strict=False)
        self._people = [Connection(url, stack.tokens[name]) for name, url in places]
        readers = names[:READERS]
        self._readers = [Connection(stack.backend_url, stack.tokens[name]) for name in readers]
        self._body = json.dumps({
            "contest": self.contest,
            "problem": problem,
            "language": "c",
            "code": PROGRAM,
        }).encode()

    async def enter(self) -> None:
        """Have everybody join, one after the other, as people do in the days before.

        Raises:
            RuntimeError: Somebody may not.
        """
        path = f"/api/code-execution/contests/{self.contest}/join/"
        for person in self._people:
            status, _ = await person.ask("POST", path, b"{}")
            if status not in {200, 201}:
                raise RuntimeError(f"joining is answered with {status}")

    async def hand_in(self, person: Connection, answers: Answers, at_s: float) -> None:
        """Wait for the moment, send, and note how long the answer took."""
        await asyncio.sleep(at_s - time.perf_counter())
        started_s = time.perf_counter()
        await self._note(answers, started_s, person.ask("POST", SUBMISSIONS_PATH, self._body))

    async def look(self, reader: Connection, answers: Answers, offset_s: float) -> None:
        """Look at the board again and again, as a page that polls does."""
        path, tag = f"/api/code-execution/contests/{self.contest}/scoreboard/", ""
        await asyncio.sleep(offset_s)
        while True:
            started_s = time.perf_counter()
            headers = {"If-None-Match": tag} if tag else {}
            told = await self._note(answers, started_s, reader.ask("GET", path, b"", headers))
            tag = told.get("etag", tag)
            await asyncio.sleep(READ_EVERY_S)

    async def play(self, phase: Phase, random: Random) -> tuple[Answers, Answers]:
        """Hand in all of a phase and wait for the answers; give those, and the readers'."""
        taken, seen = Answers(), Answers()
        looking = [
            asyncio.create_task(self.look(reader, seen, random.uniform(0, READ_EVERY_S)))
            for reader in (self._readers if phase.has_readers else ())
        ]
        start_s = time.perf_counter()
        moments = sorted(random.uniform(0, phase.seconds) for _ in range(phase.submissions))
        per_person: defaultdict[int, list[float]] = defaultdict(list)
        for number, moment_s in enumerate(moments):
            per_person[number % len(self._people)].append(start_s + moment_s)

        async def take_turns(person: Connection, turns: Sequence[float]) -> None:
            for at_s in turns:
                await self.hand_in(person, taken, at_s)

        await asyncio.gather(
            *(take_turns(self._people[who], turns) for who, turns in per_person.items())
        )
        await asyncio.to_thread(self._wait_until_judged)
        for task in looking:
            task.cancel()
        await asyncio.gather(*looking, return_exceptions=True)
        for reader in self._readers:
            reader.close()
        return taken, seen

    async def close(self) -> None:
        """Let go of all connections."""
        for connection in [*self._people, *self._readers]:
            connection.close()

    def _wait_until_judged(self) -> None:
        deadline = time.monotonic() + JUDGED_WITHIN_S
        while rows_of(self.stack.database_urls["backend"], UNFINISHED)[0]["count"]:
            if time.monotonic() > deadline:
                raise SystemExit(f"not everything was judged within {JUDGED_WITHIN_S} s")
            time.sleep(0.25)

    @staticmethod
    async def _note(
        answers: Answers, started_s: float, asked: Awaitable[tuple[int, dict[str, str]]]
    ) -> dict[str, str]:
        try:
            status, told = await asked
        except (OSError, asyncio.IncompleteReadError) as error:
            answers.errors[type(error).__name__] += 1
            return {}
        if status in {200, 201, 304}:
            answers.taken_ms.append((time.perf_counter() - started_s) * 1000)
        else:
            answers.errors[str(status)] += 1
        return told
