"""Celery's way in: each task is one call of a service."""

from celery import shared_task
from django.utils import timezone

from apps.contests import queue
from apps.contests.services import waiting_list


@shared_task(name=queue.FILL_PLACES)
def fill_places() -> None:
    """Let those in who wait where a place is free."""
    waiting_list.fill_all(now=timezone.now())
