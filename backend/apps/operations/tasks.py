"""Celery's way in: each task is one call of a service."""

from celery import shared_task
from django.utils import timezone

from apps.operations import queue, services


@shared_task(name=queue.TICK)
def tick() -> None:
    """Note that beat ticks, and look whether anything is wrong."""
    services.tick(now=timezone.now())
