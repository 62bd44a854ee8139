"""Celery's way in: each task is one call."""

from celery import shared_task
from django.utils import timezone

from apps.audit import queue, services


@shared_task(name=queue.FORGET_OLD)
def forget_old() -> None:
    """Delete entries that are older than `AUDIT_DAYS`."""
    services.forget_old(now=timezone.now())
