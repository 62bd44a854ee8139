"""What holds for every test."""

import pytest
from hypothesis import HealthCheck, settings

# How fast examples come depends on the machine and on its load, and says nothing about the code.
settings.register_profile(
    "any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("any machine")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with whole installations: side by side, the longest file must not be left to the end.

    Container tests come last: what they start shall not disturb tests that measure time.
    """
    items.sort(key=_turn)


def _turn(item: pytest.Item) -> int:
    if item.get_closest_marker("e2e"):
        return 0
    return 2 if item.get_closest_marker("docker") else 1
