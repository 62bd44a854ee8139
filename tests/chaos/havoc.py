"""Taking parts of an installation away, one after the other, and bringing them back."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from random import Random
from typing import Literal

from tests.chaos.findings import rows_of
from tests.support.grown_stack import GrownStack
from tests.support.part import Part

Way = Literal["killed", "cut off"]
WAYS: tuple[Way, ...] = ("killed", "cut off")
JUDGING = ("postgresql", "judge-")
"""Whose loss may lose a lease. A submission that loses two is given up, as is documented."""
BEGUN = "SELECT id FROM jobs WHERE attempts > 0"
AWAY_S = {"killed": (0.0, 3.0), "cut off": (1.0, 6.0)}
PAUSE_S = (0.5, 3.0)


@dataclass(frozen=True, slots=True)
class Hit:
    """A part that is taken away, in which way, and for how long."""

    part: str
    way: Way
    away_s: float


def draw_hits(random: Random, parts: Mapping[str, Part], *, haste: float) -> Iterator[Hit]:
    """Draw without end; every part is killed once before the first is hit again.

    With haste over 1 parts are away for shorter.
    """
    ways: tuple[Way, ...] = ("killed",)
    while True:
        for name in random.sample([*parts], len(parts)):
            way = random.choice(ways)
            yield Hit(name, way, random.uniform(*AWAY_S[way]) / haste)
        ways = WAYS


class Havoc:
    """Hits an installation in a thread until it is told to end; then everything is there again."""

    def __init__(
        self, stack: GrownStack, random: Random, announce: Callable[[Hit], None], *, haste: float
    ) -> None:
        self._stack = stack
        self._random = random
        self._announce = announce
        self._haste = haste
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._go_on)
        self._fault: Exception | None = None
        self.hits: list[Hit] = []

    def start(self) -> None:
        self._thread.start()

    def end(self) -> None:
        """Return when everything is there again.

        Raises:
            AssertionError: A part has not come back.
        """
        self._end.set()
        self._thread.join()
        if self._fault is not None:
            raise self._fault

    def wait_until_all_were_hit(self) -> None:
        """Return when each part has been away once, or one has not come back."""
        while self._thread.is_alive() and len(self.hits) < len(self._stack.parts):
            time.sleep(0.1)

    def _go_on(self) -> None:
        try:
            self._hit_until_the_end()
        except Exception as fault:  # noqa: BLE001 - `end` raises it where somebody sees it
            self._fault = fault

    def _hit_until_the_end(self) -> None:
        at_risk: set[int] = set()
        for hit in draw_hits(self._random, self._stack.parts, haste=self._haste):
            is_judging = hit.part.startswith(JUDGING)
            if self._end.wait(self._random.uniform(*PAUSE_S) / self._haste):
                return
            while is_judging and at_risk & self._begun():
                if self._end.wait(0.2):
                    return
            self._stack.keep_running()
            self._announce(hit)
            self._strike(hit)
            self.hits.append(hit)
            if is_judging:
                at_risk = self._begun()

    def _begun(self) -> set[int]:
        """Name what is being judged, or was when its judge was lost."""
        return {row["id"] for row in rows_of(self._stack.database_urls["execution"], BEGUN)}

    def _strike(self, hit: Hit) -> None:
        part = self._stack.parts[hit.part]
        if hit.way == "killed":
            part.kill()
            self._end.wait(hit.away_s)
            part.start()
        else:
            part.pause()
            self._end.wait(hit.away_s)
            part.resume()
        part.wait_until_ready()
