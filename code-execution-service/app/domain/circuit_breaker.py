"""When to stop asking a service that keeps failing, and when to try it again."""

FAILURES_TO_OPEN = 5
FIRST_PAUSE_S = 10.0
LONGEST_PAUSE_S = 300.0


class CircuitBreaker:
    """Lets calls pass while it is closed, none while it is open, and one after a pause: the probe.

    Failures in a row open it. A probe that succeeds closes it, one that fails opens it for twice
    the pause before. It has no clock of its own: `now_s` is any that never goes back.

    Source: M. Nygard, Release It! (2nd edition, 2018), chapter 5, "Circuit Breaker".
    """

    def __init__(
        self,
        *,
        failures_to_open: int = FAILURES_TO_OPEN,
        first_pause_s: float = FIRST_PAUSE_S,
        longest_pause_s: float = LONGEST_PAUSE_S,
    ) -> None:
        self._failures_to_open = failures_to_open
        self._first_pause_s = first_pause_s
        self._longest_pause_s = longest_pause_s
        self._failures = 0
        self._pause_s = first_pause_s
        self._open_until_s: float | None = None
        self._is_probing = False

    @property
    def is_open(self) -> bool:
        """Whether the service is taken for broken, also while a probe is under way."""
        return self._open_until_s is not None

    def admit(self, now_s: float) -> float:
        """Return 0 if a call may pass now, else in how many seconds it makes sense to ask again.

        Whoever is let through tells how it went: `succeed`, `fail` or `abandon`.
        """
        if self._open_until_s is None:
            return 0.0
        if now_s < self._open_until_s:
            return self._open_until_s - now_s
        if self._is_probing:
            return self._first_pause_s
        self._is_probing = True
        return 0.0

    def succeed(self) -> None:
        """Note that a call went well: everybody may pass."""
        self._failures = 0
        self._pause_s = self._first_pause_s
        self._open_until_s = None
        self._is_probing = False

    def fail(self, now_s: float) -> None:
        """Note that a call failed."""
        if self._is_probing:
            self._pause_s = min(2 * self._pause_s, self._longest_pause_s)
            self.open_for(self._pause_s, now_s=now_s)
            return
        self._failures += 1
        if self._failures >= self._failures_to_open and not self.is_open:
            self.open_for(self._pause_s, now_s=now_s)

    def abandon(self) -> None:
        """Note that a call was given up before anybody could know how it would have gone."""
        self._is_probing = False

    def open_for(self, pause_s: float, *, now_s: float) -> None:
        """Let nobody pass for so long, as the service itself may ask."""
        self._open_until_s = max(self._open_until_s or now_s, now_s + pause_s)
        self._is_probing = False
