"""Signs of life of Celery's processes: a file that is touched, whose age health checks look at."""

from pathlib import Path

from celery.signals import after_task_publish, heartbeat_sent
from django.conf import settings


def show_life(**signal: object) -> None:
    """Touch the file, where the settings name one."""
    if settings.HEARTBEAT_FILE:
        Path(settings.HEARTBEAT_FILE).touch()


# A worker sends heartbeats, and beat sends tasks, every two seconds while the broker takes them.
heartbeat_sent.connect(show_life)
after_task_publish.connect(show_life)
