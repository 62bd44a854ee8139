"""Celery tasks by name."""

TICK = "operations.tick"
