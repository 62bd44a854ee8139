"""Celery tasks by name."""

CLEAR_EXPIRED_SESSIONS = "users.clear_expired_sessions"
