"""Celery tasks by name."""

DELETE_OLD_ANSWERS = "core.delete_old_answers"
