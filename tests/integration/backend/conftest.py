"""The cast, a contest, and a stand-in for the execution service."""

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection
from django.test import Client, TransactionTestCase
from limits.storage import memory
from pytest_django import DjangoDbBlocker
from rest_framework.test import APIClient

from apps.code_execution.service_health import forget_health
from apps.contests.services import board
from apps.contests.views import board_table
from apps.core import throttling
from apps.endpoints import outbox
from apps.users.models import User
from tests.support.documented_answers import differences
from tests.support.emptied_tables import empty_tables
from tests.support.execution_service import FakeExecutionService, fake_execution_service
from tests.support.live_streams import Watching, serving_redis
from tests.support.patience import PATIENCE_S
from tests.support.people import make_manager, make_user


@pytest.fixture(autouse=True)
def fresh_rate_limits(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let no test use up another one's requests, and count all of its own in one minute.

    At the end of a minute some more are let through.
    """
    now_s = time.time()
    monkeypatch.setattr(memory, "time", SimpleNamespace(time=lambda: now_s))
    throttling._limiter.cache_clear()
    yield
    throttling._limiter.cache_clear()


@pytest.fixture(autouse=True)
def no_remembered_health() -> None:
    """Ask each test's own execution service."""
    forget_health()


@pytest.fixture(scope="session", autouse=True)
def no_session_outlives_the_tests(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[None]:
    """End what servers of browser tests leave in the pool, else PostgreSQL drops no database."""
    yield
    if connection.vendor != "postgresql":
        return
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    connection.close()


@pytest.fixture(scope="session", autouse=True)
def quickly_emptied_tables(django_db_setup: None) -> Iterator[None]:
    """Empty the tables in our own way after tests that commit."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", lambda _case: empty_tables())
        yield


@pytest.fixture(autouse=True)
def no_remembered_boards() -> None:
    """Forget boards of contests that had the same number in another test."""
    board._board.cache_clear()
    board_table._table.cache_clear()


@pytest.fixture(autouse=True)
def no_remembered_endpoints() -> None:
    """Forget what endpoints of another test want to be told of."""
    outbox.forget_wanted_types()


@pytest.fixture(autouse=True)
def documented_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every answer of the API be as the OpenAPI document says."""
    original = Client.request

    def request(self: Client, **sent: Any) -> Any:
        answer = original(self, **sent)
        wrong = differences(sent["REQUEST_METHOD"], sent["PATH_INFO"], answer)
        assert not wrong, f"{sent['REQUEST_METHOD']} {sent['PATH_INFO']}: {wrong}"
        return answer

    monkeypatch.setattr(Client, "request", request)


@pytest.fixture
def execution_service(settings: Any) -> Iterator[FakeExecutionService]:
    """A stand-in that the backend hands its submissions to."""
    with fake_execution_service() as service:
        settings.CODE_EXECUTION_SERVICE_URL = service.url
        yield service


@pytest.fixture(scope="module")
def running_redis() -> Iterator[str]:
    """The bundled server, as `dev` starts it."""
    with tempfile.TemporaryDirectory(prefix="live-") as folder, serving_redis(Path(folder)) as url:
        yield url


@pytest.fixture
def redis_url(running_redis: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The same, which requests and streams wait for: on a busy machine it may be slow."""
    monkeypatch.setattr("live.publisher.TIMEOUT_S", PATIENCE_S)
    monkeypatch.setattr("live.relay.READY_TIMEOUT_S", PATIENCE_S)
    return running_redis


@pytest.fixture(params=["server-sent events", "WebSocket"])
def opening(request: pytest.FixtureRequest) -> Any:
    """The way to open a stream."""
    return Watching.stream if request.param == "server-sent events" else Watching.socket


@pytest.fixture
def alice(db: None) -> User:
    """A participant: the owner."""
    return make_user("alice")


@pytest.fixture
def bob(db: None) -> User:
    """A contest manager, who is staff and no superuser."""
    return make_manager("bob")


@pytest.fixture
def charlie(db: None) -> User:
    """A participant: the stranger."""
    return make_user("charlie")


def client_of(user: User | None) -> APIClient:
    """Make a client that is signed in as the user."""
    client = APIClient()
    if user is not None:
        client.force_authenticate(user)
    return client


@pytest.fixture
def as_alice(alice: User) -> APIClient:
    """Alice's client."""
    return client_of(alice)


@pytest.fixture
def as_bob(bob: User) -> APIClient:
    """Bob's client."""
    return client_of(bob)


@pytest.fixture
def as_charlie(charlie: User) -> APIClient:
    """Charlie's client."""
    return client_of(charlie)


@pytest.fixture
def manager(bob: User) -> Client:
    """Bob's browser, signed in to the admin."""
    client = Client()
    client.force_login(bob)
    return client


@pytest.fixture
def as_nobody(db: None) -> APIClient:
    """A client without credentials."""
    return client_of(None)
