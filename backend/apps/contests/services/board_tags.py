"""What a board's state is called, and telling who watches when it is another one."""

from datetime import datetime, timedelta

from django.db.models import Q
from django.utils import timezone

from apps.contests.models import Contest
from apps.core import live

# A worker that pauses so long misses nothing; to be told twice is to be told nothing new.
TOLD_AFTERWARDS = timedelta(seconds=10)
CLOCK_FIELDS = ("start_time", "freeze_time", "end_time")


def etag_of(contest: Contest, *, is_true: bool, names_problems: bool, now: datetime) -> str:
    """Give the tag of the board as it is now, without reading it."""
    version = version_of(contest, is_true=is_true)
    phase = contest.schedule.phase(now)
    names = "" if names_problems else "-unnamed"
    return f'"{_kind(is_true=is_true)}-{contest.board_edition}-{version}-{phase}{names}"'


def version_of(contest: Contest, *, is_true: bool) -> int:
    """Give the version of the board."""
    return contest.board_version if is_true else contest.public_board_version


def channel_of(contest_id: int, *, is_true: bool) -> str:
    """Name the channel on which changes of the board are told.

    The public one is silent about what the freeze hides.
    """
    return f"board/{contest_id}/{_kind(is_true=is_true)}"


def tell(contest: Contest, *, is_true: bool) -> None:
    """Tell who watches the board, once the transaction has been committed."""
    tag = etag_of(contest, is_true=is_true, names_problems=True, now=timezone.now())
    live.publish([channel_of(contest.pk, is_true=is_true)], tag)


def tell_of_clock(*, now: datetime) -> None:
    """Tell who watches a contest that has just started, frozen or ended by the clock."""
    has_come = Q()
    for name in CLOCK_FIELDS:
        has_come |= Q(**{f"{name}__gt": now - TOLD_AFTERWARDS, f"{name}__lte": now})
    for contest in Contest.objects.filter(has_come, is_active=True).defer("description"):
        for is_true in (True, False):
            tell(contest, is_true=is_true)


def _kind(*, is_true: bool) -> str:
    return "true" if is_true else "public"
