"""Requests while the database is away, or goes."""

from typing import Any, NoReturn

import pytest
from django.db import OperationalError, connection
from rest_framework.test import APIClient

from apps.code_execution import services
from apps.code_execution.models import CodeSubmission
from apps.users.models import User
from tests.support.execution_service import FakeExecutionService

SUBMISSIONS = "/api/code-execution/submissions/"
PROGRAM = {"language": "python", "code": "print(42)"}


def fail(*args: Any, **kwargs: Any) -> NoReturn:
    raise OperationalError("server closed the connection unexpectedly")


@pytest.mark.django_db
def test_who_asks_while_the_database_is_away_is_told_to_ask_again(alice: User) -> None:
    client = APIClient()
    client.force_authenticate(alice)

    with connection.execute_wrapper(fail):
        answer = client.get(SUBMISSIONS)

    assert (answer.status_code, answer.json()["code"]) == (503, "not-ready")
    assert int(answer.headers["Retry-After"]) > 0


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("headers", [{}, {"Idempotency-Key": "a-key"}])
def test_a_submission_that_is_stored_is_answered_whatever_fails_then(
    alice: User,
    execution_service: FakeExecutionService,
    headers: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail_to_hand_over(**order: Any) -> None:
        fail()

    monkeypatch.setattr(services, "hand_over", fail_to_hand_over)
    client = APIClient()
    client.force_authenticate(alice)

    answer = client.post(SUBMISSIONS, PROGRAM, headers=headers)

    assert answer.status_code == 201
    assert CodeSubmission.objects.get().pk == answer.json()["id"]
