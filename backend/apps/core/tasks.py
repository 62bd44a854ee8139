"""Celery's way in: each task is one call of a service."""

from celery import shared_task
from django.utils import timezone

from apps.core import idempotency, queue


@shared_task(name=queue.DELETE_OLD_ANSWERS)
def delete_old_answers() -> None:
    """Delete the answers that nobody will be given again."""
    idempotency.delete_old_answers(now=timezone.now())
