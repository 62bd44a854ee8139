import logging
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import psycopg
import pytest
import pytest_asyncio
from fastapi import FastAPI
from psycopg import sql

from app import redis_connections
from app.clients import rate_limits
from app.config import SERVICE_DIRECTORY, Settings
from app.languages import load_languages
from app.main import create_app
from app.repositories.executions import updates_redis
from tests.integration.execution.fake_backend import FakeBackend
from tests.integration.execution.held_engine import HeldEngine
from tests.integration.execution.log_lines import Lines
from tests.support.patience import PATIENCE_S
from tests.support.postgres_databases import postgresql_url
from tests.support.redis_databases import redis_url, store_url

__all__ = ["postgresql_url", "redis_url", "store_url"]

SECRET = "a-shared-secret"


def alembic(database_url: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "alembic", *arguments],
        cwd=SERVICE_DIRECTORY,
        env={
            "DATABASE_URL": database_url,
            "BACKEND_WEBHOOK_SECRET": SECRET,
            "EXECUTION_ENV_FILE": os.devnull,
        },
        capture_output=True,
        text=True,
        check=False,
    )


def migrate(database_url: str) -> None:
    migrated = alembic(database_url, "upgrade", "head")
    assert migrated.returncode == 0, migrated.stderr


def on_database(server_url: str, name: str) -> str:
    return server_url.rpartition("/")[0] + f"/{name}"


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sqlite") / "template.sqlite3"
    migrate(f"sqlite:///{path}")
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    return path


@pytest.fixture(scope="session")
def migrated_postgresql(postgresql_url: str) -> str:
    """One database for all: each new one would make PostgreSQL read its catalogs anew."""
    with psycopg.connect(postgresql_url, autocommit=True) as connection:
        connection.execute("CREATE DATABASE execution")
    url = on_database(postgresql_url, "execution")
    migrate(url)
    return url


def empty(postgresql_url: str) -> None:
    """Leave what migrations leave, after ending whoever is left of the test before."""
    with psycopg.connect(postgresql_url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        tables = connection.execute(
            "SELECT tablename FROM pg_tables"
            " WHERE schemaname = 'public' AND tablename <> 'alembic_version'"
        ).fetchall()
        names = sql.SQL(", ").join(sql.Identifier(name) for (name,) in tables)
        connection.execute(sql.SQL("TRUNCATE {} RESTART IDENTITY").format(names))
        connection.execute("INSERT INTO receivers (name) VALUES ('backend')")


@pytest.fixture(autouse=True)
def patience_with_postgresql(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take no connection for lost that is only late."""
    monkeypatch.setattr("app.database.CONNECT_TIMEOUT_S", PATIENCE_S)


@pytest.fixture(autouse=True)
def patience_with_redis(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take no Redis for lost that is only late; one that is not there refuses at once."""
    for module in (rate_limits, redis_connections, updates_redis):
        monkeypatch.setattr(module, "TIMEOUT_S", PATIENCE_S)
    monkeypatch.setattr(redis_connections, "FREE_TIMEOUT_S", PATIENCE_S)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Give an empty, migrated database; every test that uses it runs on both kinds."""
    if request.param == "sqlite":
        path = tmp_path / "service.sqlite3"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        return f"sqlite:///{path}"
    url: str = request.getfixturevalue("migrated_postgresql")
    empty(url)
    return url


@pytest.fixture
def own_database_url(database_url: str) -> Iterator[str]:
    """Give an empty, migrated database to tests that leave other tables behind."""
    if database_url.startswith("sqlite"):
        yield database_url
        return
    with psycopg.connect(on_database(database_url, "postgres"), autocommit=True) as connection:
        connection.execute("CREATE DATABASE own TEMPLATE execution")
        yield on_database(database_url, "own")
        connection.execute("DROP DATABASE own WITH (FORCE)")


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    return Settings(
        database_url=database_url,
        data_directory=tmp_path,
        logs_directory=tmp_path,
        api_open_endpoints=("submissions", "judge"),
        judge_workers=2,
        judge_lease_seconds=60,  # so long is no host busy that a claim would end meanwhile
        BACKEND_WEBHOOK_SECRET=SECRET,
    )


@pytest.fixture
def backend() -> FakeBackend:
    return FakeBackend()


@pytest.fixture
def engine() -> HeldEngine:
    """Take a fake one that holds nothing back unless the test wants it."""
    engine = HeldEngine()
    engine.may_end.set()
    return engine


@pytest.fixture
def service(settings: Settings, backend: FakeBackend, engine: HeldEngine) -> FastAPI:
    return create_app(
        settings,
        engine=engine,
        languages=load_languages(),
        backend_transport=httpx.MockTransport(backend.answer),
    )


@pytest_asyncio.fixture
async def client(service: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """Speak to the running service; its workers and delivery loops are real."""
    transport = httpx.ASGITransport(app=service, raise_app_exceptions=False)
    async with (
        service.router.lifespan_context(service),
        httpx.AsyncClient(transport=transport, base_url="http://service") as client,
    ):
        yield client


@pytest.fixture
def lines() -> Iterator[Lines]:
    handler = Lines()
    root = logging.getLogger("app")
    root.addHandler(handler)
    level = root.level
    root.setLevel(logging.INFO)
    yield handler
    root.setLevel(level)
    root.removeHandler(handler)
