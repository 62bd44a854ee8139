"""Celery tasks by name."""

FORGET_OLD = "audit.forget_old"
