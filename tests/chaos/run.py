"""One run: a contest is played while parts of the installation are taken away and come back."""

import os
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from random import Random

from tests.chaos.contest import Experience, draw_turns, play, set_up_match
from tests.chaos.findings import (
    check_events,
    check_experience,
    check_nothing_left,
    check_verdicts,
    control_groups_of,
    wait_until_settled,
)
from tests.chaos.havoc import Havoc, Hit
from tests.support.grown_stack import running_grown_stack
from tests.support.leftovers import adopt_orphans
from tests.support.processes import descendants

SETTLED_WITHIN_S = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Weather:
    """How much there is of everything; the same seed draws the same hits and programs."""

    seed: int
    submissions: int
    participants: int
    replicas: int
    seconds: float
    haste: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What happened."""

    weather: Weather
    parts: frozenset[str]
    hits: list[Hit]
    experience: Experience
    verdicts: Counter[str]
    played_s: float
    settled_after_s: float
    undelivered: int
    ended_by_themselves: Mapping[str, int]

    def lines(self) -> Iterator[str]:
        """Tell it as a table."""
        yield f"seed {self.weather.seed}: {self.weather.submissions} submissions"
        yield f"  of {self.weather.participants} participants in {self.played_s:.0f} s"
        yield f"  all judged {self.settled_after_s:.1f} s after the last part was back"
        yield f"  events that the backend did not need: {self.undelivered}"
        yield "verdict  submissions"
        for verdict, count in self.verdicts.most_common():
            yield f"{verdict:7}  {count:11}"
        yield "part            killed  cut off"
        for part in sorted({hit.part for hit in self.hits}):
            ways = Counter(hit.way for hit in self.hits if hit.part == part)
            yield f"{part:14}  {ways['killed']:6}  {ways['cut off']:7}"
        for part, starts in sorted(self.ended_by_themselves.items()):
            yield f"{part} ended by itself and was started again {starts} times"
        yield "answer to a client      times"
        for answer, count in self.experience.answers.most_common():
            yield f"{answer:22}  {count:5}"


def weather(conditions: Weather, announce: Callable[[Hit], None] = lambda hit: None) -> Report:
    """Play, and check that nothing was lost, doubled or left; each hit is announced.

    Raises:
        ServerMissingError: A server is not installed.
    """
    adopt_orphans()
    random = Random(conditions.seed)  # noqa: S311
    names = [f"player{number:02}" for number in range(1, conditions.participants + 1)]
    experience = Experience()
    before = descendants(os.getpid())
    with running_grown_stack(names, replicas=conditions.replicas) as stack:
        match = set_up_match(stack, names, experience)
        turns = draw_turns(random, names, conditions.submissions, conditions.seconds)
        havoc = Havoc(stack, random, announce, haste=conditions.haste)
        started_s = time.monotonic()
        havoc.start()
        try:
            play(match, turns)
            havoc.wait_until_all_were_hit()
        finally:
            havoc.end()
        played_s = time.monotonic() - started_s
        settled_after_s = wait_until_settled(stack, timeout_s=SETTLED_WITHIN_S)
        check_experience(experience)
        check_verdicts(stack, match)
        match.check_board(match.manager)
        undelivered = check_events(stack)
        control_groups = control_groups_of(stack)
        stack.stop()
        check_nothing_left(stack, control_groups, before)
    return Report(
        weather=conditions,
        parts=frozenset(stack.parts),
        hits=havoc.hits,
        experience=experience,
        verdicts=Counter(match.tasks[each.task].verdict_of(each.kind) for each in match.tries),
        played_s=played_s,
        settled_after_s=settled_after_s,
        undelivered=undelivered,
        ended_by_themselves={
            name: part.starts_by_supervisor
            for name, part in stack.parts.items()
            if part.starts_by_supervisor
        },
    )
