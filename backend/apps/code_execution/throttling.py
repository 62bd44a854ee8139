"""Limits on handing in programs."""

from apps.core.throttling import RateThrottle


class SubmissionThrottle(RateThrottle):
    """Each submission costs the time of a processor."""

    scope = "submission"
