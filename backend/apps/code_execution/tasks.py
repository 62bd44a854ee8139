"""Celery's way in: each task is one call of a service."""

from uuid import UUID

from celery import shared_task
from django.utils import timezone

from apps.code_execution import delivery, queue, services


@shared_task(name=queue.SWEEP)
def sweep() -> None:
    """Start a task for every judgement that is due."""
    for judgement_id in delivery.list_due(now=timezone.now()):
        queue.enqueue_attend(judgement_id)


@shared_task(name=queue.ATTEND)
def attend(judgement_id: str) -> None:
    """Hand over, or ask for, one judgement."""
    delivery.attend(judgement_id=UUID(judgement_id))


@shared_task(name=queue.DELETE_OLD_TRIALS)
def delete_old_trials() -> None:
    """Delete the trial runs that nobody looks at any more."""
    services.delete_old_trials(now=timezone.now())
