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
    """Run the container tests last: what they start shall not disturb tests that measure time."""
    items.sort(key=lambda item: item.get_closest_marker("docker") is not None)
