"""Who is where: the stored ranks of the true board, and those of the public one.

One verdict may move everybody by one, so that in a large contest each would write thousands of
rows. There ranks are written every few seconds; boards need none, as they sort their rows.
"""

from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import F, Window
from django.db.models.functions import Rank
from django.utils import timezone

from apps.contests.models import BoardRow, Contest, ContestParticipant, PublicStanding

AT_ONCE_MAX = 100
"""In contests with so many participants, boards and ranks follow each verdict at once."""
RANKED_EVERY = timedelta(seconds=2)
CONTEST_FIELDS = ("ranked_at", "has_stale_ranks")
PARTICIPANTS = ContestParticipant._meta.db_table  # noqa: SLF001 - Django documents it


def order_of(row: BoardRow) -> tuple[Any, ...]:
    """Give what boards are sorted by, from the best to the worst."""
    return -row.final_score, row.penalty, row.tie_break


def follow(contest: Contest, *, now: datetime) -> None:
    """Have the ranks follow a change, at once or soon; the caller holds the lock and saves."""
    is_large = contest.board_row_count > AT_ONCE_MAX
    is_soon_enough = contest.ranked_at is not None and now < contest.ranked_at + RANKED_EVERY
    if is_soon_enough and is_large:
        contest.has_stale_ranks = True
    else:
        rank_all(contest, now=now)


def rank_all(contest: Contest, *, now: datetime) -> None:
    """Store the true ranks, only those that change; the caller holds the lock and saves."""
    with connection.cursor() as cursor:
        # No value stands in this text.
        cursor.execute(
            f"""
            UPDATE {PARTICIPANTS} SET rank = ranked.place
            FROM (
                SELECT id, RANK() OVER (ORDER BY final_score DESC, penalty, tie_break) AS place
                FROM {PARTICIPANTS} WHERE contest_id = %s AND kind = %s AND state = %s
            ) AS ranked
            WHERE {PARTICIPANTS}.id = ranked.id
                AND {PARTICIPANTS}.rank IS DISTINCT FROM ranked.place
            """,  # noqa: S608
            [contest.pk, *_ranked().values()],
        )
    contest.ranked_at = now
    contest.has_stale_ranks = False


def rank_stale(*, now: datetime) -> None:
    """Store the ranks of all contests in which they have waited long enough."""
    due = Contest.objects.filter(has_stale_ranks=True, ranked_at__lte=now - RANKED_EVERY)
    for contest_id in due.values_list("pk", flat=True):
        bring_up_to_date(contest_id)


@transaction.atomic
def bring_up_to_date(contest_id: int) -> None:
    """Store the ranks now, if any are waiting."""
    stale = Contest.objects.select_for_update(no_key=True).filter(has_stale_ranks=True)
    contest = stale.filter(pk=contest_id).first()
    if contest is not None:
        rank_all(contest, now=timezone.now())
        contest.save(update_fields=CONTEST_FIELDS)


def ranked_publicly(contest: Contest) -> list[tuple[int, PublicStanding]]:
    """Give the official rows of the public board with their ranks, the leaders first."""
    official = {f"participant__{name}": value for name, value in _ranked().items()}
    place = Window(
        Rank(), order_by=[F("final_score").desc(), F("penalty").asc(), F("tie_break").asc()]
    )
    rows = PublicStanding.objects.filter(contest=contest, **official).annotate(place=place)
    rows = rows.select_related("participant")
    return [(row.place, row) for row in rows.order_by("place", "participant__joined_at")]


def unrank_others(contest: Contest) -> None:
    """Take the rank from those who are not ranked any more."""
    contest.participants.exclude(**_ranked()).exclude(rank=None).update(rank=None)


def _ranked() -> dict[str, str]:
    return {
        "kind": ContestParticipant.Kind.OFFICIAL.value,
        "state": ContestParticipant.State.REGISTERED.value,
    }
