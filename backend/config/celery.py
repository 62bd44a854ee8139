"""The Celery application: `celery --app config worker --beat`."""

from celery import Celery
from celery.schedules import crontab

from apps.audit import queue as audit
from apps.code_execution import queue as code_execution
from apps.contests import queue as contests
from apps.core import queue as core
from apps.endpoints import queue as endpoints
from apps.operations import queue as operations
from apps.operations.domain import BEAT_INTERVAL_S
from apps.users import queue as users
from apps.webhooks import queue as webhooks
from config.monitoring import measure_tasks
from config.startup import load_settings_or_exit, start_tracing_or_exit
from config.task_connections import keep_pool
from config.task_log import log_tasks
from config.traced import trace_tasks

load_settings_or_exit()
start_tracing_or_exit("celery")
measure_tasks()
log_tasks(
    repeated=frozenset({
        code_execution.SWEEP,
        code_execution.ATTEND,
        contests.FILL_PLACES,
        contests.RANK,
        contests.TELL_OF_CLOCK,
        endpoints.SWEEP,
        operations.TICK,
    })
)
trace_tasks()  # last, as its spans say the id that lines have

app = Celery("backend")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.include = ["config.heartbeat"]
app.autodiscover_tasks()
keep_pool(app)
app.conf.beat_schedule = {
    "look-after-judgements": {
        "task": code_execution.SWEEP,
        "schedule": code_execution.SWEEP_INTERVAL_S,
        "options": {"expires": code_execution.TASK_EXPIRES_S},
    },
    "fill-places": {
        "task": contests.FILL_PLACES,
        "schedule": contests.FILL_PLACES_INTERVAL_S,
        "options": {"expires": contests.FILL_PLACES_INTERVAL_S},
    },
    "tell-of-clock": {
        "task": contests.TELL_OF_CLOCK,
        "schedule": contests.TELL_OF_CLOCK_INTERVAL_S,
        "options": {"expires": contests.TELL_OF_CLOCK_INTERVAL_S},
    },
    "rank": {
        "task": contests.RANK,
        "schedule": contests.RANK_INTERVAL_S,
        "options": {"expires": contests.RANK_INTERVAL_S},
    },
    "send-to-endpoints": {
        "task": endpoints.SWEEP,
        "schedule": endpoints.SWEEP_INTERVAL_S,
        "options": {"expires": endpoints.SWEEP_INTERVAL_S},
    },
    "look-at-operations": {
        "task": operations.TICK,
        "schedule": BEAT_INTERVAL_S,
        "options": {"expires": BEAT_INTERVAL_S},
    },
    "delete-old-trials": {
        "task": code_execution.DELETE_OLD_TRIALS,
        "schedule": crontab(minute="50"),
    },
    "delete-old-answers": {
        "task": core.DELETE_OLD_ANSWERS,
        "schedule": crontab(minute="40"),
    },
    "clear-expired-sessions": {
        "task": users.CLEAR_EXPIRED_SESSIONS,
        "schedule": crontab(hour="3", minute="10"),
    },
    "delete-expired-tokens": {
        "task": users.DELETE_EXPIRED_TOKENS,
        "schedule": crontab(hour="3", minute="15"),
    },
    "forget-old-audit-entries": {
        "task": audit.FORGET_OLD,
        "schedule": crontab(hour="3", minute="30"),
    },
    "delete-old-endpoint-events": {
        "task": endpoints.DELETE_OLD_EVENTS,
        "schedule": crontab(hour="3", minute="35"),
    },
    "delete-old-events": {
        "task": webhooks.DELETE_OLD_EVENTS,
        "schedule": crontab(hour="3", minute="20"),
    },
}
