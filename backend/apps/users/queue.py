"""Celery tasks by name."""

DELETE_EXPIRED_TOKENS = "users.delete_expired_tokens"
CLEAR_EXPIRED_SESSIONS = "users.clear_expired_sessions"
