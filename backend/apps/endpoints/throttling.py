"""Limits on having us call others."""

from apps.core.throttling import RateThrottle


class CallThrottle(RateThrottle):
    """Each ping, and each resending, is a call to an address that a user named."""

    scope = "endpoint_call"
