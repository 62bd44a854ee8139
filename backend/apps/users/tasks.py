"""Celery's way in: each task is one call."""

from celery import shared_task
from django.contrib.sessions.backends.db import SessionStore
from django.utils import timezone

from apps.users import api_tokens, queue


@shared_task(name=queue.CLEAR_EXPIRED_SESSIONS)
def clear_expired_sessions() -> None:
    """Delete sessions that have ended; every sign-in makes one."""
    SessionStore.clear_expired()


@shared_task(name=queue.DELETE_EXPIRED_TOKENS)
def delete_expired_tokens() -> None:
    """Delete API tokens that have been worthless for a while."""
    api_tokens.delete_expired(now=timezone.now())
