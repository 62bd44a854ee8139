"""What a rush leaves for later: the cells of boards that are to be computed anew.

Bringing a verdict to the boards takes the contest's lock, so that one after the other would wait
for it. In a large contest whose boards were written a moment ago a verdict only notes its cell here
instead. Whoever writes the boards next takes along all that is noted.
"""

from collections.abc import Collection
from datetime import timedelta
from typing import NamedTuple

from django.db import connection
from django.utils import timezone

from apps.contests.models import Contest, StaleCell
from apps.contests.services import ranks
from apps.contests.signals import boards_needed

WRITTEN_EVERY = timedelta(seconds=0.5)
TAKEN_AT_ONCE_MAX = 500
CELLS = StaleCell._meta.db_table  # noqa: SLF001 - Django documents it
CONTESTS = Contest._meta.db_table  # noqa: SLF001


class CellKey(NamedTuple):
    """Which cell of a contest's boards it is."""

    participant_id: int
    problem_id: int


def note_in_a_rush(contest_id: int, keys: Collection[CellKey]) -> bool:
    """Note that cells are stale, if the contest is in a rush; tell whether it is.

    Waits for nobody; needs a transaction, that of what the cells are to show.
    """
    noted = ", ".join(["(%s, %s)"] * len(keys))
    written_after = connection.ops.adapt_datetimefield_value(timezone.now() - WRITTEN_EVERY)
    with connection.cursor() as cursor:
        # No value stands in this text.
        cursor.execute(
            f"""
            INSERT INTO {CELLS} (contest_id, participant_id, problem_id)
            SELECT {CONTESTS}.id, noted.column1, noted.column2
            FROM {CONTESTS}, (VALUES {noted}) AS noted
            WHERE {CONTESTS}.id = %s AND {CONTESTS}.boards_written_at > %s
                AND {CONTESTS}.board_row_count > %s
            """,  # noqa: S608
            [*(each for key in keys for each in key), contest_id, written_after, ranks.AT_ONCE_MAX],
        )
        return bool(cursor.rowcount)


def take(contest_id: int) -> set[CellKey]:
    """Take the oldest stale cells of a contest; the caller holds its lock and has read nothing yet.

    What they are to show has been committed.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            DELETE FROM {CELLS} WHERE id IN (
                SELECT id FROM {CELLS} WHERE contest_id = %s ORDER BY id LIMIT %s
            ) RETURNING participant_id, problem_id
            """,  # noqa: S608
            [contest_id, TAKEN_AT_ONCE_MAX],
        )
        return {CellKey(*row) for row in cursor.fetchall()}


def drop(contest_id: int) -> None:
    """Forget the stale cells of a contest, as all are computed anew; the caller holds its lock."""
    StaleCell.objects.filter(contest=contest_id).delete()


def are_left(contest_id: int) -> bool:
    """Tell whether a contest has stale cells."""
    return StaleCell.objects.filter(contest=contest_id).exists()


def catch_up() -> None:
    """Have the boards of all contests with stale cells brought up to date."""
    stale = StaleCell.objects.values_list("contest", flat=True).distinct()
    for contest_id in sorted(stale):
        boards_needed.send(sender=Contest, contest_id=contest_id)
