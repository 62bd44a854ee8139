"""Backing up and restoring the processes of a checkout; `tests/container` has the containers'."""

import os
import sqlite3
import subprocess
import sys
import tarfile
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.e2e.stack import ROOT, Person, Stack
from tests.support.servers import ServerMissingError, postgresql

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.sandbox,
    pytest.mark.only_processes("it has files of its own"),
]

API = "/api/code-execution/"
TABLES = {
    "backend": "CREATE TABLE code_execution_judgement (microservice_submission_id integer);"
    "INSERT INTO code_execution_judgement VALUES (7);",
    "execution": "CREATE TABLE code_submissions (id serial PRIMARY KEY, code text);"
    "INSERT INTO code_submissions VALUES (1, 'print(1)');",
}


class Operator:
    """Calls the script, for databases, settings and a key that are all named in a folder."""

    def __init__(self, folder: Path, urls: dict[str, str]) -> None:
        self.files = {
            "BACKEND_ENV_FILE": folder / "backend.env",
            "EXECUTION_ENV_FILE": folder / "execution.env",
            "key": folder / "key.pem",
        }
        key = f"JWT_PRIVATE_KEY_FILE={self.files['key']}\n"
        texts = [f"DATABASE_URL={urls['backend']}\n{key}", f"DATABASE_URL={urls['execution']}\n"]
        for path, text in zip(list(self.files.values())[:2], texts, strict=True):
            path.write_text(text)

    def call(self, action: str, archive: Path) -> str:
        """Call it, and give what it complains about."""
        done = subprocess.run(
            [sys.executable, "scripts/backup.py", action, str(archive)],
            cwd=ROOT,
            env=os.environ | {name: str(path) for name, path in self.files.items()},
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode == 0) == (not done.stderr), done.stderr
        return done.stderr


@pytest.fixture
def operator(tmp_path: Path) -> Operator:
    """Somebody with two small SQLite databases and a key."""
    paths = {name: tmp_path / f"{name}.sqlite3" for name in TABLES}
    operator = Operator(tmp_path, {name: f"sqlite:///{path}" for name, path in paths.items()})
    operator.files["key"].write_text("a key")
    for name, path in paths.items():
        with closing(sqlite3.connect(path)) as connection:
            connection.executescript(TABLES[name])
    return operator


def test_everything_that_was_lost_comes_back(tmp_path: Path, set_up_folder: Path) -> None:
    folder, archive = tmp_path / "stack", tmp_path / "backup.tar.gz"
    stack = Stack(folder)
    stack.set_up_like(set_up_folder)
    operator = Operator(
        folder,
        {
            "backend": f"sqlite:///{folder}/backend.sqlite3",
            "execution": f"sqlite:///{stack.execution_database}",
        },
    )
    try:
        stack.start_all()
        alice = Person(stack, "alice", "alices-long-password").register()
        done = alice.submit(language="python", code="print(input()[::-1])", input_data="stressed")
        alice.wait_for_verdict(done)
        stack.kill("execution")
        waiting = alice.submit(language="python", code="print(6 * 7)", input_data="")
        before = sight_of(alice, done)
        assert operator.call("backup", archive) == ""  # while people work
        for name in ("backend", "worker", "broker"):
            stack.kill(name)
        for path in folder.iterdir():
            if path.suffix in {".sqlite3", ".pem", ".env", ".sqlite3-wal", ".sqlite3-shm"}:
                path.unlink()

        assert operator.call("restore", archive) == ""

        stack.start_all()
        # The old token still counts, and so does the password.
        assert sight_of(alice, done) == before
        alice.sign_in()
        assert alice.wait_for_verdict(waiting)["output"] == "42\n"
        again = alice.submit(language="python", code="print(1)", input_data="")
        assert alice.wait_for_verdict(again)["status"] == "completed"
    finally:
        stack.stop_all()


def sight_of(person: Person, submission: int) -> dict[str, Any]:
    seen = person.see(submission)
    return {name: seen[name] for name in ("id", "status", "output", "code", "created_at")}


def test_only_its_owner_can_read_an_archive(operator: Operator, tmp_path: Path) -> None:
    operator.call("backup", tmp_path / "backup")

    assert (tmp_path / "backup").stat().st_mode & 0o777 == 0o600


def test_nothing_is_written_over(operator: Operator, tmp_path: Path) -> None:
    operator.call("backup", tmp_path / "backup")

    assert "is there already; name another file" in operator.call("backup", tmp_path / "backup")
    assert "there is a database" in operator.call("restore", tmp_path / "backup")


def test_an_archive_with_one_byte_changed_is_refused(operator: Operator, tmp_path: Path) -> None:
    content = tmp_path / "content"
    operator.call("backup", tmp_path / "backup")
    with tarfile.open(tmp_path / "backup") as archive:
        archive.extractall(content)  # noqa: S202 - it is ours
    with (content / "code_execution").open("r+b") as file:
        file.seek(100)
        file.write(b"!")
    with tarfile.open(tmp_path / "changed", "w:gz") as archive:
        for path in filter(Path.is_file, content.rglob("*")):
            archive.add(path, arcname=str(path.relative_to(content)), recursive=False)

    assert "code_execution is not what was backed up" in operator.call(
        "restore", tmp_path / "changed"
    )


def test_a_file_that_is_no_archive_is_refused(operator: Operator, tmp_path: Path) -> None:
    (tmp_path / "letter").write_text("no archive")

    assert "can't be read" in operator.call("restore", tmp_path / "letter")


def test_postgresql_databases_come_back_and_number_on_above_what_is_known(tmp_path: Path) -> None:
    try:
        with postgresql() as server:
            go_round_on(server, tmp_path)
    except ServerMissingError as missing:
        pytest.skip(f"not run: {missing}")


def go_round_on(server: str, folder: Path) -> None:
    urls = {name: urlsplit(server)._replace(path=f"/{name}").geturl() for name in TABLES}
    operator = Operator(folder, urls)
    operator.files["key"].write_text("a key")
    for name, url in urls.items():
        ask(server, f"CREATE DATABASE {name}")
        ask(url, TABLES[name])
    operator.call("backup", folder / "backup")
    assert "there is a database" in operator.call("restore", folder / "backup")
    for name in TABLES:
        ask(server, f"DROP DATABASE {name}")
        ask(server, f"CREATE DATABASE {name}")
    operator.files["key"].unlink()

    assert operator.call("restore", folder / "backup") == ""

    assert operator.files["key"].read_text() == "a key"
    assert ask(urls["execution"], "SELECT code FROM code_submissions") == "print(1)"
    added = "INSERT INTO code_submissions (code) VALUES ('print(2)') RETURNING id"
    assert ask(urls["execution"], added) == "8"


def ask(url: str, statement: str) -> str:
    command = ["psql", "--quiet", "--no-psqlrc", "--tuples-only", "--no-align", url]
    done = subprocess.run(
        [*command, "--command", statement], check=True, capture_output=True, text=True
    )
    return done.stdout.strip()
