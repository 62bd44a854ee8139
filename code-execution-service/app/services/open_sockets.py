"""How many WebSockets are open at a time."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from app.errors import TooManySocketsError

SOCKETS_MAX = 5000
"""At about 30 kB each, as `benchmarks.live_executions` prints."""
SOCKETS_MAX_EACH = 500


class OpenSockets:
    """Counts them, altogether and for each owner."""

    def __init__(self, *, at_most: int = SOCKETS_MAX, at_most_each: int = SOCKETS_MAX_EACH) -> None:
        self._at_most = at_most
        self._at_most_each = at_most_each
        self._open: Counter[str] = Counter()

    @property
    def total(self) -> int:
        """How many are open now."""
        return self._open.total()

    @contextmanager
    def counted(self, owner: str) -> Iterator[None]:
        """Count one for as long as the block runs.

        Raises:
            TooManySocketsError: it is one too many.
        """
        if self._open.total() >= self._at_most or self._open[owner] >= self._at_most_each:
            raise TooManySocketsError
        self._open[owner] += 1
        try:
            yield
        finally:
            self._open[owner] -= 1
            if not self._open[owner]:
                del self._open[owner]
