"""The Celery application: `celery --app config.celery worker --beat`."""

from celery import Celery

from apps.code_execution import queue
from config.startup import load_settings_or_exit

load_settings_or_exit()

app = Celery("backend")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.conf.beat_schedule = {
    "look-after-judgements": {
        "task": queue.SWEEP,
        "schedule": queue.SWEEP_INTERVAL_S,
        "options": {"expires": queue.TASK_EXPIRES_S},
    },
}
