"""Requests while the database is away, or goes."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

import psycopg
import pytest
from django.db import OperationalError, connection, connections
from django.test import Client
from rest_framework.test import APIClient

from apps.code_execution import first_tries
from apps.code_execution.models import CodeSubmission
from apps.users.models import User
from tests.support.execution_service import FakeExecutionService

SUBMISSIONS = "/api/code-execution/submissions/"
HTML = "text/html; charset=utf-8"
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
    def fail_to_hand_over(*_: object, **__: object) -> None:
        fail()

    monkeypatch.setattr(first_tries, "hand_over", fail_to_hand_over)
    client = APIClient()
    client.force_authenticate(alice)

    answer = client.post(SUBMISSIONS, PROGRAM, headers=headers)

    assert answer.status_code == 201
    assert CodeSubmission.objects.get().pk == answer.json()["id"]


@pytest.mark.django_db(transaction=True)
class TestPages:
    """People with a browser while the server is really away."""

    @pytest.mark.parametrize(
        ("method", "page"),
        [
            ("GET", "/admin/"),
            ("GET", "/admin/users/user/"),
            ("POST", "/admin/login/"),
            ("GET", "/contests/1/scoreboard/"),
        ],
    )
    def test_a_page_says_to_try_again_and_does_so_until_the_database_is_back(
        self, bob: User, method: str, page: str
    ) -> None:
        client = Client(raise_request_exception=False)
        client.force_login(bob)

        with database_away():
            answer = client.generic(method, page)
        afterwards = client.generic(method, page)

        assert (answer.status_code, answer.headers["Content-Type"]) == (503, HTML)
        assert "Try again in a moment" in answer.content.decode()
        assert int(answer.headers["Retry-After"]) > 0
        assert afterwards.status_code != 503

    def test_the_api_is_not_told_of_a_page(self, bob: User) -> None:
        client = Client(raise_request_exception=False)
        client.force_login(bob)

        with database_away():
            answer = client.get(SUBMISSIONS)

        assert (answer.status_code, answer.json()["code"]) == (503, "not-ready")


@contextmanager
def database_away() -> Iterator[None]:
    """End all connections and refuse new ones, as a server that starts anew does."""
    connection.close()
    away = no_file() if connection.vendor == "sqlite" else refusing_server()
    with away:
        yield
    connection.close()


@contextmanager
def no_file() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(connection.settings_dict, "NAME", "/nonexistent/database.sqlite3")
        yield


@contextmanager
def refusing_server() -> Iterator[None]:
    postgresql: Any = connections["default"]  # the type stubs know no pool
    database = connection.settings_dict["NAME"]
    pool = connection.settings_dict["OPTIONS"]["pool"]
    with (
        psycopg.connect(**connection.get_connection_params() | {"dbname": "postgres"}) as server,
        pytest.MonkeyPatch.context() as patch,
    ):
        server.autocommit = True
        patch.setitem(pool, "timeout", 0.2)  # for how long a request waits for a connection
        postgresql.close_pool()
        server.execute(f'ALTER DATABASE "{database}" ALLOW_CONNECTIONS false')
        server.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [database]
        )
        try:
            yield
        finally:
            server.execute(f'ALTER DATABASE "{database}" ALLOW_CONNECTIONS true')
            postgresql.close_pool()
