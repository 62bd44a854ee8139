"""Celery's way in: each task is one call."""

from celery import shared_task
from django.contrib.sessions.backends.db import SessionStore

from apps.users import queue


@shared_task(name=queue.CLEAR_EXPIRED_SESSIONS)
def clear_expired_sessions() -> None:
    """Delete sessions that have ended; every sign-in makes one."""
    SessionStore.clear_expired()
