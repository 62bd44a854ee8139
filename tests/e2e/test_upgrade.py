"""What an earlier release left behind (`make_earlier_release.py`), brought forward to this one."""

import json
import lzma
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.e2e.stack import Person, Stack
from tests.support.servers import ServerMissingError, postgresql

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.sandbox,
    pytest.mark.only_processes("it starts them from older data"),
]

EARLIER = Path(__file__).parents[1] / "support" / "earlier_release"
API = "/api/code-execution/"
SERVICES = {"backend": "backend", "code-execution-service": "code_execution"}
SEEN = json.loads((EARLIER / "seen.json").read_text())


def statements(database: str, kind: str) -> str:
    return lzma.decompress((EARLIER / f"{database}.{kind}.sql.xz").read_bytes()).decode()


def on_sqlite(folder: Path) -> dict[str, str]:
    urls = {}
    for service, database in SERVICES.items():
        with closing(sqlite3.connect(folder / f"{database}.sqlite3")) as connection:
            connection.executescript(statements(database, "sqlite"))
        urls[service] = f"sqlite:///{folder}/{database}.sqlite3"
    return urls


def on_postgresql(server: str) -> dict[str, str]:
    urls = {}
    for service, database in SERVICES.items():
        psql(server, f"CREATE DATABASE {database}")
        urls[service] = urlsplit(server)._replace(path=f"/{database}").geturl()
        psql(urls[service], statements(database, "postgresql"))
    return urls


def psql(url: str, text: str) -> None:
    command = ["psql", "--quiet", "--no-psqlrc", "--set", "ON_ERROR_STOP=1", url]
    subprocess.run(command, input=text, text=True, check=True, stdout=subprocess.DEVNULL)


@pytest.fixture(params=["sqlite", "postgresql"])
def upgraded(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stack]:
    """This release on the earlier one's databases, after their migrations."""
    if request.param == "sqlite":
        yield from running_on(tmp_path, on_sqlite(tmp_path))
        return
    try:
        with postgresql() as server:
            yield from running_on(tmp_path, on_postgresql(server))
    except ServerMissingError as missing:
        pytest.skip(f"not run: {missing}")


def running_on(folder: Path, urls: dict[str, str]) -> Iterator[Stack]:
    stack = Stack(folder)
    stack._databases = {service: {"DATABASE_URL": url} for service, url in urls.items()}
    stack.run("code-execution-service", "-m", "alembic", "upgrade", "head")
    stack.run("backend", "manage.py", "create_signing_key")
    stack.run("backend", "manage.py", "migrate", "--verbosity", "0")
    try:
        stack.start_all()
        yield stack
    finally:
        stack.stop_all()


def test_an_upgrade_keeps_what_was_and_finishes_what_was_begun(upgraded: Stack) -> None:
    bob = Person(upgraded, "bob", "bobs-long-password").sign_in()
    alice = Person(upgraded, "alice", "alices-long-password").sign_in()

    finished = [alice.see(each["id"]) for each in SEEN["final"]]
    assert [each["verdict"] for each in finished] == [each["verdict"] for each in SEEN["final"]]

    place = {"contest": SEEN["contest"], "problem": SEEN["problem"], "language": "python"}
    fresh = alice.submit(**place, code="print(3)")
    verdicts = {
        name: alice.wait_for_verdict(SEEN[name])["verdict"] for name in ("running", "pending")
    }
    assert verdicts == {"running": "TLE", "pending": "AC"}
    assert alice.wait_for_verdict(fresh)["verdict"] == "WA"

    rows = bob.http.get(f"{API}contests/{SEEN['contest']}/scoreboard/").json()["rows"]
    assert [scores(row) for row in rows] == [scores(row) for row in SEEN["rows"]]


def scores(row: dict[str, Any]) -> tuple[Any, ...]:
    return row["rank"], row["username"], row["score"], [cell["is_solved"] for cell in row["cells"]]
