"""Celery tasks by name."""

DELETE_OLD_EVENTS = "webhooks.delete_old_events"
