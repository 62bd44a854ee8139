"""Limits on handing in programs."""

from apps.core.throttling import RateThrottle


class SubmissionThrottle(RateThrottle):
    """Each submission costs the time of a processor."""

    scope = "submission"


class TrialThrottle(RateThrottle):
    """So does each trial run, which takes nobody's submissions away."""

    scope = "trial"
