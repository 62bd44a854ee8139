"""Make the data of an earlier release, for tests that bring them forward.

    git worktree add /tmp/earlier COMMIT
    PYTHONPATH=/tmp/earlier .venv/bin/python tests/support/make_earlier_release.py FOLDER

plays on the code of the earlier release, once on SQLite and once on PostgreSQL, and writes both
pairs of databases, compressed, and what people saw in them.
"""

import json
import lzma
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.e2e.stack import Person, Stack, wait_for
from tests.support.servers import postgresql

API = "/api/code-execution/"
SERVICES = {"backend": "backend", "code-execution-service": "code_execution"}
SUM = {
    "AC": "print(sum(map(int, input().split())))",
    "WA": "print(42)",
    "RTE": "raise SystemExit(1)",
    "CE": "print(",
}
ENDLESS = "while True: pass"


def play(stack: Stack) -> dict[str, Any]:
    """Fill both databases, and tell what is to be seen in them."""
    bob = Person(stack, "bob", "bobs-long-password").sign_in()
    alice = Person(stack, "alice", "alices-long-password").register()
    cases = [
        {"input": "1 2\n", "expected_output": "3\n", "is_sample": True},
        {"input": "20 22\n", "expected_output": "42\n", "is_sample": False},
    ]
    problem = bob.post(
        f"{API}problems/",
        {
            "title": "Sum",
            "statement": "Add two numbers.",
            "time_limit_ms": 1000,
            "memory_limit_bytes": 128 * 1024 * 1024,
            "test_cases": cases,
        },
    )["id"]
    contest = bob.post(
        f"{API}contests/",
        {"title": "Cup", "problems": [{"problem": problem, "order": 1, "points": 100}]},
    )["id"]
    place = {"contest": contest, "problem": problem, "language": "python"}
    numbers = [alice.submit(**place, code=code) for code in SUM.values()]
    final = [alice.wait_for_verdict(number) for number in numbers]
    board = bob.http.get(f"{API}contests/{contest}/scoreboard/").json()
    # Judging never ends before the service does: `running` on both sides.
    running = alice.submit(**place, code=ENDLESS)
    wait_for(lambda: alice.see(running)["status"] == "running", what="a program that runs")
    stack.kill("execution")
    stack.kill("worker")
    pending = alice.submit(**place, code=SUM["AC"])
    return {
        "contest": contest,
        "problem": problem,
        "final": [{"id": each["id"], "verdict": each["verdict"]} for each in final],
        "rows": board["rows"],
        "running": running,
        "pending": pending,
    }


def make(folder: Path, urls: dict[str, str] | None) -> dict[str, Any]:
    """Play once in a folder, on databases of its own or those that are given."""
    stack = Stack(folder)
    if urls:
        stack._databases = {name: {"DATABASE_URL": url} for name, url in urls.items()}
    stack.set_up()
    try:
        stack.start_all()
        return play(stack)
    finally:
        stack.stop_all()


def write(target: Path, content: bytes) -> None:
    target.write_bytes(lzma.compress(content, preset=9))


def make_sqlite(target: Path) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        seen = make(folder, None)
        (target / "seen.json").write_text(json.dumps(seen, indent=1) + "\n")
        for file, database in (("backend", "backend"), ("execution", "code_execution")):
            with closing(sqlite3.connect(folder / f"{file}.sqlite3")) as connection:
                write(
                    target / f"{database}.sqlite.sql.xz", "\n".join(connection.iterdump()).encode()
                )


def make_postgresql(target: Path) -> None:
    with postgresql() as url, tempfile.TemporaryDirectory() as name:
        base = urlsplit(url)
        urls = {
            service: base._replace(path=f"/{database}").geturl()
            for service, database in SERVICES.items()
        }
        for database in SERVICES.values():
            subprocess.run(["psql", url, "-c", f"CREATE DATABASE {database}"], check=True)
        make(Path(name), urls)
        for service, database in SERVICES.items():
            dump = ["pg_dump", "--no-owner", "--no-privileges", urls[service]]
            done = subprocess.run(dump, check=True, capture_output=True)
            write(target / f"{database}.postgresql.sql.xz", done.stdout)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    os.umask(0o022)
    make_sqlite(Path(sys.argv[1]))
    make_postgresql(Path(sys.argv[1]))
