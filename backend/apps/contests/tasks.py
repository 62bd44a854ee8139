"""Celery's way in: each task is one call of a service."""

from celery import shared_task
from django.utils import timezone

from apps.contests import queue
from apps.contests.services import board_tags, ranks, stale_cells, waiting_list


@shared_task(name=queue.FILL_PLACES)
def fill_places() -> None:
    """Let those in who wait where a place is free."""
    waiting_list.fill_all(now=timezone.now())


@shared_task(name=queue.TELL_OF_CLOCK)
def tell_of_clock() -> None:
    """Tell who watches a board of what the clock has changed."""
    board_tags.tell_of_clock(now=timezone.now())


@shared_task(name=queue.RANK)
def rank() -> None:
    """Bring to the boards and ranks what verdicts in large contests have left for later."""
    stale_cells.catch_up()
    ranks.rank_stale(now=timezone.now())
