"""Groups of tests: in which order tests are run, and which are skipped after a failure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.errors import InvalidRequestError


@dataclass(frozen=True, slots=True, kw_only=True)
class TestGroup:
    """Tests that belong together.

    They are skipped once a test of a group that is required, directly or through others, has
    failed; with `stop_at_first_failure` also once one of their own has.
    """

    __test__ = False

    name: str
    stop_at_first_failure: bool = False
    requires: tuple[str, ...] = ()


class TestPlan:
    """What is still to be run of a submission's tests; depends on verdicts, never on timing.

    Required groups come before those that require them, else tests keep their order.
    """

    __test__ = False

    def __init__(self, groups_of_tests: Sequence[str | None], groups: Sequence[TestGroup]) -> None:
        self._groups_of_tests = groups_of_tests
        self._stopping = {group.name for group in groups if group.stop_at_first_failure}
        self._required = required_groups(groups)
        self._failed: set[str] = set()
        self.remaining = sorted(range(len(groups_of_tests)), key=self._depth)
        """Positions of tests, in the order in which they are to be run."""

    def note(self, *, has_failed: bool) -> bool:
        """Take what became of the first remaining test; true if others are now to be skipped."""
        group = self._groups_of_tests[self.remaining.pop(0)]
        if not has_failed or group is None or group in self._failed:
            return False
        self._failed.add(group)
        wanted = [position for position in self.remaining if not self._is_skipped(position)]
        are_fewer = len(wanted) < len(self.remaining)
        self.remaining = wanted
        return are_fewer

    def _is_skipped(self, position: int) -> bool:
        group = self._groups_of_tests[position]
        if group is None:
            return False
        is_stopped = group in self._stopping and group in self._failed
        return is_stopped or not self._failed.isdisjoint(self._required[group])

    def _depth(self, position: int) -> int:
        group = self._groups_of_tests[position]
        return 0 if group is None else len(self._required[group])


def required_groups(groups: Sequence[TestGroup]) -> Mapping[str, frozenset[str]]:
    """Tell which groups each group requires, directly or through others.

    Raises:
        InvalidRequestError: two have the same name, one requires an unknown one, or itself.
    """
    by_name = {group.name: group for group in groups}
    if len(by_name) < len(groups):
        raise InvalidRequestError("Two test groups have the same name")
    for group in groups:
        for name in group.requires:
            if name not in by_name:
                raise InvalidRequestError(f"Group {group.name!r} requires unknown group {name!r}")
    required = {name: _all_required(name, by_name) for name in by_name}
    for name, others in required.items():
        if name in others:
            raise InvalidRequestError(f"Group {name!r} requires itself")
    return required


def check_groups(groups_of_tests: Sequence[str | None], groups: Sequence[TestGroup]) -> None:
    """Return if tests can be planned by these groups.

    Raises:
        InvalidRequestError: a test's group is unknown, or the groups contradict themselves.
    """
    unknown = {name for name in groups_of_tests if name is not None} - set(required_groups(groups))
    if unknown:
        raise InvalidRequestError(f"Test group {min(unknown)!r} is not among the groups")


def _all_required(name: str, by_name: Mapping[str, TestGroup]) -> frozenset[str]:
    found: set[str] = set()
    waiting = list(by_name[name].requires)
    while waiting:
        group = waiting.pop()
        if group not in found:
            found.add(group)
            waiting += by_name[group].requires
    return frozenset(found)
