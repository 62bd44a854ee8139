"""A contest's clock as pure functions: in which phase it is, and when one may submit."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

NO_TIME = timedelta(0)


class Phase(StrEnum):
    """Where a contest is in its life.

    Start, freeze, end, unfreeze and finalise are separate steps, the first three by the clock.
    """

    INACTIVE = "inactive"
    BEFORE = "before"
    RUNNING = "running"
    FROZEN = "frozen"
    ENDED = "ended"
    UNFROZEN = "unfrozen"
    FINALIZED = "finalized"


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """From when to when somebody may submit so that it counts; without an end, for ever."""

    start: datetime | None
    end: datetime | None

    def has(self, moment: datetime) -> bool:
        """Tell whether the moment lies within."""
        is_early = self.start is not None and moment < self.start
        return not is_early and (self.end is None or moment < self.end)


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """The times of a contest. `window` is how long each participant has from their own start."""

    is_active: bool
    start: datetime | None
    end: datetime | None
    freeze: datetime | None = None
    unfrozen: datetime | None = None
    finalized: datetime | None = None
    window: timedelta | None = None

    def phase(self, now: datetime) -> Phase:
        """Tell where the contest is in its life."""
        if self.finalized is not None:
            return Phase.FINALIZED
        if not self.is_active:
            return Phase.INACTIVE
        if not self.has_started(now):
            return Phase.BEFORE
        if not self.has_ended(now):
            return Phase.FROZEN if self.is_frozen(now) else Phase.RUNNING
        return Phase.ENDED if self.is_frozen(now) or self.freeze is None else Phase.UNFROZEN

    def has_started(self, now: datetime) -> bool:
        """Tell whether the start has passed; without one it always has."""
        return self.start is None or self.start <= now

    def has_ended(self, now: datetime) -> bool:
        """Tell whether the end has passed; without one it never has."""
        return self.end is not None and self.end <= now

    def is_frozen(self, now: datetime) -> bool:
        """Tell whether new verdicts are hidden: from the freeze until somebody unfreezes."""
        is_open = self.unfrozen is not None or self.finalized is not None
        return self.freeze is not None and self.freeze <= now and not is_open

    def window_of(self, *, own_start: datetime | None = None, extra: timedelta = NO_TIME) -> Window:
        """Tell when a participant may submit; one in a contest with a window has an own start."""
        start = own_start or self.start
        end = self.end
        if self.window is not None and start is not None:
            own_end = start + self.window
            end = own_end if end is None else min(end, own_end)
        return Window(start=start, end=None if end is None else end + extra)

    def virtual_window(self, *, own_start: datetime, extra: timedelta = NO_TIME) -> Window:
        """Tell when somebody may submit who takes the contest again after its end."""
        length = self.length
        return Window(start=own_start, end=None if length is None else own_start + length + extra)

    @property
    def length(self) -> timedelta | None:
        """How long a participant has; `None` without an end."""
        if self.window is not None:
            return self.window
        if self.start is None or self.end is None:
            return None
        return self.end - self.start


def reason_not_to_submit(schedule: Schedule, now: datetime) -> str | None:
    """Say why a contest takes no submissions now; `None` if it does."""
    if not schedule.is_active:
        return "The contest is not active."
    if not schedule.has_started(now):
        return "The contest has not started."
    if schedule.has_ended(now):
        return "The contest has ended."
    return None
