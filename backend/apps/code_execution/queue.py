"""Celery tasks by name, and the typed ways to start them."""

from collections.abc import Sequence
from uuid import UUID

SWEEP = "code_execution.sweep"
ATTEND = "code_execution.attend"
DELETE_OLD_TRIALS = "code_execution.delete_old_trials"
SWEEP_INTERVAL_S = 2.0
# A sweep finds everything that is due, so a task that waited this long has been started again.
TASK_EXPIRES_S = 60


def enqueue_attend(judgement_ids: Sequence[UUID]) -> None:
    """Have a worker hand over, or ask for, judgements."""
    # Imported late, as web processes need the names only, and Celery is large.
    from celery import current_app  # noqa: PLC0415

    ids = [str(each) for each in judgement_ids]
    current_app.send_task(ATTEND, args=[ids], expires=TASK_EXPIRES_S)
