"""Whose turn it is: what matters most first, and then nobody before all others."""

from datetime import datetime, timedelta
from enum import IntEnum

SLICE = timedelta(seconds=5)
"""How far each submission that somebody has waiting already puts off their next one."""


class Priority(IntEnum):
    """What a submission is for; the lowest number goes first, however long others have waited."""

    CONTEST = 0
    PRACTICE = 1
    REJUDGE = 2


def turn_of(*, now: datetime, waiting: int) -> datetime:
    """Tell when it is a submission's turn among those of its priority; the earliest goes first.

    `waiting` is how many of the same user and priority wait already. Who hands in a hundred at once
    lets others in between, but not for ever: who comes late enough comes after them.
    """
    return now + waiting * SLICE
