"""What the logs of an installation say: one id for all that a request sets off, and no secret."""

import contextlib
import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

from tests.e2e.execution_stack import guest_token
from tests.e2e.stack import ROOT, Person, Stack, running_stack, wait_for
from tests.support.patience import PATIENCE_S

pytestmark = [pytest.mark.e2e, pytest.mark.only_processes("settings of its own")]
PASSWORD = "alices-long-password"
WRONG_PASSWORD = "mistyped-long-password"
BOBS_PASSWORD = "bobs-long-password"
MADE_UP = "a-made-up-token-of-nobody"
DATABASE_PASSWORD = "password-of-the-database"
SECRETS = {
    "SECRET_KEY": "the-secret-key-of-this-installation-which-signs-sessions",
    "CODE_EXECUTION_WEBHOOK_SECRET": "the-newest-shared-secret,the-older-shared-secret",
}
HELLO = {"code": "print(42)", "language": "python"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("logged")


@pytest.fixture(scope="module")
def stack(folder: Path, set_up_folder: Path) -> Iterator[Stack]:
    """Everything says all that it can say."""
    shared = {"BACKEND_WEBHOOK_SECRET": SECRETS["CODE_EXECUTION_WEBHOOK_SECRET"]}
    settings = {"LOG_LEVEL": "DEBUG", **SECRETS, **shared}
    with running_stack(folder, set_up_folder, settings=settings) as stack:
        yield stack


@pytest.fixture(scope="module")
def alice(stack: Stack) -> Person:
    return Person(stack, "alice", PASSWORD).register()


def lines_of(folder: Path, name: str) -> list[Mapping[str, Any]]:
    return [json.loads(line) for line in (folder / "logs" / name).read_text().splitlines()]


def steps_of(folder: Path, request_id: str) -> set[tuple[str, str, str]]:
    """Name the file, the message and the address of each line about a request."""
    return {
        (name, line["message"], line.get("path", ""))
        for name in ("django.log", "app.log")
        for line in lines_of(folder, name)
        if line.get("request_id") == request_id
    }


EXPECTED = {
    ("django.log", "request", "/api/code-execution/submissions/"),
    ("django.log", "handed over", ""),
    ("app.log", "request", "/api/v1/submissions/batch"),
    ("app.log", "judged", ""),
    ("app.log", "event sent", ""),
    ("django.log", "result taken", ""),
    ("django.log", "request", "/api/webhooks/code-execution/"),
}


def submit_as(alice: Person, request_id: str) -> int:
    headers = {"X-Request-Id": request_id}
    answer = alice.http.post("/api/code-execution/submissions/", json=HELLO, headers=headers)
    assert answer.headers.get_list("x-request-id") == [request_id]
    submission_id: int = answer.json()["id"]
    return submission_id


def test_every_step_of_a_submission_has_the_id_of_its_request(folder: Path, alice: Person) -> None:
    submission = submit_as(alice, "request-of-alice-1")

    assert alice.wait_for_verdict(submission)["verdict"] == "AC"

    wait_for(lambda: steps_of(folder, "request-of-alice-1") >= EXPECTED, what="all lines")
    own = next(
        line
        for line in lines_of(folder, "django.log")
        if (line.get("request_id"), line.get("method")) == ("request-of-alice-1", "POST")
        and line["path"] == "/api/code-execution/submissions/"
    )
    assert own["status"] == 201
    assert own["user"] > 0


def test_and_has_it_too_where_somebody_else_hands_it_over_later(
    stack: Stack, folder: Path, alice: Person
) -> None:
    stack.stop("execution")
    submission = submit_as(alice, "request-of-alice-2")
    stack.start("execution")
    stack.wait_until_ready()

    assert alice.wait_for_verdict(submission)["verdict"] == "AC"

    wait_for(lambda: steps_of(folder, "request-of-alice-2") >= EXPECTED, what="all lines")
    handed_over = next(
        line
        for line in lines_of(folder, "django.log")
        if (line["message"], line.get("request_id")) == ("handed over", "request-of-alice-2")
    )
    assert handed_over["task"] == "code_execution.attend"
    assert handed_over["task_id"]


@pytest.mark.parametrize(
    "path",
    ["/", "/nowhere", "/static/core/maths.js", "/api/health/", "/admin/login/", "/run", "/docs"],
)
def test_every_answer_of_both_services_has_an_id_and_rules_for_browsers(
    stack: Stack, path: str
) -> None:
    headers = {"X-Request-Id": "request-of-bob-1"}
    for base_url in (stack.backend_url, stack.execution_url):
        answer = httpx.get(base_url + path, headers=headers, timeout=PATIENCE_S)

        assert answer.headers.get_list("x-request-id") == ["request-of-bob-1"]
        for name in (
            "content-security-policy",
            "x-content-type-options",
            "x-frame-options",
            "referrer-policy",
            "permissions-policy",
            "cross-origin-opener-policy",
        ):
            assert len(answer.headers.get_list(name)) == 1, (base_url, name)


class Talk:
    """Says all kinds of things to the services, with secrets in them; keeps what it is told."""

    def __init__(self, stack: Stack, alice: Person) -> None:
        self._stack = stack
        self._http = alice.http
        self.told: list[str] = []

    def ask(self, method: str, path: str, **options: Any) -> int:
        answer = self._http.request(method, path, **options)
        self.told.append(f"{answer.headers} {answer.text}")
        return answer.status_code

    def use(self, headers: Mapping[str, str]) -> None:
        """Try a credential everywhere, good or bad."""
        execution_url = self._stack.execution_url
        self.ask("GET", "/api/code-execution/submissions/", headers=headers)
        self.ask("POST", "/api/webhooks/code-execution/", json={}, headers=headers)
        self.ask("POST", "/api/v1/executions/execute", json=HELLO, headers=headers)
        self.ask("POST", f"{execution_url}/api/v1/submissions/", json=HELLO, headers=headers)

    def use_in_addresses(self, token: str) -> None:
        self.ask("GET", f"/nowhere?token={token}")
        for base_url in (self._stack.backend_url, self._stack.execution_url):
            self.ask("GET", f"{base_url}/api/v1/executions/status/1?access_token={token}")
            url = f"{base_url}/api/v1/executions/ws/1?token={token}".replace("http", "ws", 1)
            with contextlib.suppress(WebSocketException), connect(url) as socket:
                self.told.append(str(socket.recv(PATIENCE_S)))


def sign_in_at_the_admin(stack: Stack) -> str:
    """Sign bob in, then try a wrong password; give the session."""
    browser = stack.open_client()
    page = browser.get("/admin/login/")
    form = {"username": "bob", "password": BOBS_PASSWORD, "next": "/admin/"}
    form["csrfmiddlewaretoken"] = browser.cookies["csrftoken"]
    browser.post("/admin/login/", data=form, headers={"Referer": str(page.url)})
    session: str = browser.cookies["sessionid"]
    browser.get("/admin/")
    browser.post("/admin/login/", data=form | {"password": WRONG_PASSWORD})
    return session


def crash_while_signing_in(folder: Path, talk: Talk) -> None:
    """Have a view crash that holds a password, by a row that can't be read."""
    update = "UPDATE users_user SET date_joined = ? WHERE username = 'alice'"
    with contextlib.closing(sqlite3.connect(folder / "backend.sqlite3", timeout=20)) as rows:
        rows.execute(update, ["2026-99-99 00:00:00"])
        rows.commit()
        body = {"username": "alice", "password": PASSWORD}
        assert talk.ask("POST", "/api/auth/token/", json=body) == 500
        rows.execute(update, ["2026-01-01 00:00:00"])
        rows.commit()


def test_no_log_and_no_answer_has_a_secret(stack: Stack, folder: Path, alice: Person) -> None:
    talk = Talk(stack, alice)
    jwt = alice.http.headers["Authorization"].removeprefix("Bearer ")
    guest, session = guest_token(stack), sign_in_at_the_admin(stack)
    new = {"name": "laptop", "scopes": ["submissions:write"]}
    api_token = alice.http.post("/api/auth/api-tokens/", json=new).json()["token"]
    shared = SECRETS["CODE_EXECUTION_WEBHOOK_SECRET"].split(",")

    for token in (guest, api_token, f"{jwt}x", MADE_UP):
        talk.use({"Authorization": f"Bearer {token}"})
        talk.use_in_addresses(token)
    talk.use({"Cookie": f"access_token={jwt}x; sessionid={session}x"})
    talk.use({"X-Webhook-Secret": shared[0]})
    talk.ask("POST", "/api/auth/token/refresh/", json={"refresh_token": MADE_UP})
    talk.ask("POST", "/api/auth/token/", json={"username": "alice", "password": WRONG_PASSWORD})
    crash_while_signing_in(folder, talk)
    talk.told += start_without_a_database(folder)

    written = {path.name: path.read_text() for path in folder.rglob("*.log*")}
    assert {"django.log", "app.log", "backend.log", "worker.log", "execution.log"} <= set(written)
    assert "Traceback" in written["django.log"]
    passwords = {PASSWORD, WRONG_PASSWORD, BOBS_PASSWORD, DATABASE_PASSWORD}
    tokens = {jwt, guest, api_token, session, alice.refresh_token, MADE_UP}
    for secret in {SECRETS["SECRET_KEY"], *shared, *passwords, *tokens}:
        assert [name for name, text in written.items() if secret in text] == [], secret
        assert not any(secret in text for text in talk.told), secret


def start_without_a_database(folder: Path) -> list[str]:
    """Start a process of each service; give what they say."""
    url = f"postgresql://contest:{DATABASE_PASSWORD}@127.0.0.1:9/contest"
    environment = {
        "PATH": os.environ["PATH"],
        "BACKEND_ENV_FILE": os.devnull,
        "EXECUTION_ENV_FILE": os.devnull,
        "ALLOWED_HOSTS": "127.0.0.1",
        "DATABASE_URL": url,
        "BACKEND_WEBHOOK_SECRET": SECRETS["CODE_EXECUTION_WEBHOOK_SECRET"],
        "LOGS_DIRECTORY": str(folder / "broken"),
        "LOG_LEVEL": "DEBUG",
        **SECRETS,
    }
    commands = {
        "backend": ["manage.py", "migrate"],
        "code-execution-service": ["-m", "alembic", "upgrade", "head"],
    }
    return [
        subprocess.run(
            [sys.executable, *arguments],
            cwd=ROOT / service,
            env=environment,
            check=False,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ).stdout
        for service, arguments in commands.items()
    ]
