"""Limits on entering contests and on talking to their juries."""

from apps.core.throttling import RateThrottle


class EntryThrottle(RateThrottle):
    """Nobody guesses access codes."""

    scope = "entry"


class QuestionThrottle(RateThrottle):
    """Each question costs the time of a person."""

    scope = "question"
