"""Celery tasks by name, and the typed ways to start them."""

from uuid import UUID

from celery import current_app

SWEEP = "code_execution.sweep"
ATTEND = "code_execution.attend"
DELETE_OLD_TRIALS = "code_execution.delete_old_trials"
SWEEP_INTERVAL_S = 2.0
# A sweep finds everything that is due, so a task that waited this long has been started again.
TASK_EXPIRES_S = 60


def enqueue_attend(judgement_id: UUID) -> None:
    """Have a worker hand over, or ask for, one judgement."""
    current_app.send_task(ATTEND, args=[str(judgement_id)], expires=TASK_EXPIRES_S)
