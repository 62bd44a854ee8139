"""Limits on entering contests, on talking to their juries, and on looking at boards."""

from apps.core.throttling import RateThrottle


class EntryThrottle(RateThrottle):
    """Nobody guesses access codes."""

    scope = "entry"


class QuestionThrottle(RateThrottle):
    """Each question costs the time of a person."""

    scope = "question"


class BoardThrottle(RateThrottle):
    """Many look at one board from one address, and most of them get a 304."""

    scope = "board"
