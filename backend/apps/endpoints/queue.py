"""Celery tasks by name."""

SWEEP = "endpoints.sweep"
SWEEP_INTERVAL_S = 1.0
DELETE_OLD_EVENTS = "endpoints.delete_old_events"
