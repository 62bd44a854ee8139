"""What tasks do with connections to the database."""

import pytest
from celery.fixups.django import DjangoWorkerFixup
from django.db import connection

from apps.code_execution import queue
from apps.users.models import User
from config.celery import app


@pytest.mark.django_db(transaction=True)
def test_a_task_gives_its_connection_back_and_celery_closes_none() -> None:
    app.loader.import_default_modules()
    User.objects.exists()

    DjangoWorkerFixup(app).close_database()
    assert connection.connection is not None

    app.tasks[queue.SWEEP].apply()
    assert connection.connection is None
