"""Celery's way in: each task is one call of a service."""

from celery import shared_task
from django.utils import timezone

from apps.endpoints import queue, sending, services


@shared_task(name=queue.SWEEP)
def sweep() -> None:
    """Send endpoints what is due."""
    sending.sweep()


@shared_task(name=queue.DELETE_OLD_EVENTS)
def delete_old_events() -> None:
    """Delete what nobody will send again."""
    services.delete_old_events(now=timezone.now())
