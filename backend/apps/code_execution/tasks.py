"""Celery's way in: each task is one call of a service."""

from uuid import UUID

from celery import shared_task
from django.utils import timezone

from apps.code_execution import delivery, queue, services

HANDED_OVER_TOGETHER_MAX = 50


@shared_task(name=queue.SWEEP)
def sweep() -> None:
    """Start tasks for all judgements that are due."""
    due = delivery.list_due(now=timezone.now())
    for start in range(0, len(due.to_hand_over), HANDED_OVER_TOGETHER_MAX):
        queue.enqueue_attend(due.to_hand_over[start : start + HANDED_OVER_TOGETHER_MAX])
    for judgement_id in due.to_ask_about:
        queue.enqueue_attend([judgement_id])


@shared_task(name=queue.ATTEND)
def attend(judgement_ids: list[str]) -> None:
    """Hand over, or ask for, judgements."""
    delivery.attend([UUID(each) for each in judgement_ids])


@shared_task(name=queue.DELETE_OLD_TRIALS)
def delete_old_trials() -> None:
    """Delete the trial runs that nobody looks at any more."""
    services.delete_old_trials(now=timezone.now())
