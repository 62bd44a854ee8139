"""What was used last, as much of it as may be kept."""

from collections import OrderedDict
from typing import Generic, TypeVar

V = TypeVar("V")


class RecentlyUsed(Generic[V]):
    """Values by key, at most so much altogether; those that were not used for longest go first."""

    def __init__(self, *, max_weight: int) -> None:
        self._max_weight = max_weight
        self._weight = 0
        self._entries: OrderedDict[str, tuple[V, int]] = OrderedDict()

    def get(self, key: str) -> V | None:
        """Find a value."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        self._entries.move_to_end(key)
        return entry[0]

    def put(self, key: str, value: V, *, weight: int = 1) -> None:
        """Keep a value, unless it alone is too heavy."""
        self.drop(key)
        if weight > self._max_weight:
            return
        self._entries[key] = (value, weight)
        self._weight += weight
        while self._weight > self._max_weight:
            _, (_, dropped) = self._entries.popitem(last=False)
            self._weight -= dropped

    def drop(self, key: str) -> None:
        """Forget a value, if it is here."""
        if key in self._entries:
            self._weight -= self._entries.pop(key)[1]
