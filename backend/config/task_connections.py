"""Database connections of tasks: given back to the pool, which stays open."""

import sys

from celery import Celery
from celery.signals import task_postrun
from django.db import connections


def keep_pool(app: Celery) -> None:
    """Have tasks give connections back from now on.

    Celery, left to itself, closes the pool before and after each task. A new connection costs
    more than most tasks do.
    """
    app.conf["CELERY_DB_REUSE_MAX"] = sys.maxsize
    task_postrun.connect(_give_back, weak=False)


def _give_back(**_: object) -> None:
    for connection in connections.all(initialized_only=True):
        if not connection.in_atomic_block:  # of who calls a task as a function
            connection.close()
