"""What holds for every test."""

from hypothesis import HealthCheck, settings

# How fast examples come depends on the machine and on its load, and says nothing about the code.
settings.register_profile(
    "any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("any machine")
