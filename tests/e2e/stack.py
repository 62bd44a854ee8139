"""All processes of an installation, started as `dev` starts them, in a folder of their own."""

import contextlib
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any, Protocol, Self

import httpx

from tests.support.emptied_tables import KEPT
from tests.support.patience import PATIENCE_S
from tests.support.servers import TLS, free_port

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
SECRET = "a-shared-secret-of-the-tests"
START_TIMEOUT_S = 120
VERDICT_TIMEOUT_S = 90
LOOK_EVERY_S = 0.1
"""Each look may be a request, which costs the core that what is waited for needs."""
FINAL_STATUSES = {"completed", "error", "cancelled"}
_UNJUDGED = """
SELECT id FROM code_execution_codesubmission WHERE status IN ('pending', 'running') LIMIT 1
"""
_TABLES = "SELECT name FROM sqlite_master WHERE type = 'table'"


class Stack:
    """Backend, Celery worker with beat, execution service, broker; each can be ended by itself."""

    def __init__(
        self,
        folder: Path,
        *,
        broker_url: str | None = None,
        settings: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self._folder = folder
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._clients: list[httpx.Client] = []
        backend_port, execution_port = free_port(), free_port()
        self.backend_url = f"http://127.0.0.1:{backend_port}"
        self.execution_url = f"http://127.0.0.1:{execution_port}"
        socket = folder / "broker.sock"
        self._is_broker_ours = broker_url is None
        self._environment = {
            "PATH": os.environ["PATH"],
            "BACKEND_ENV_FILE": os.devnull,
            "EXECUTION_ENV_FILE": os.devnull,
            "SECRET_KEY": "a secret key of the tests",
            "ALLOWED_HOSTS": "127.0.0.1",
            "JWT_PRIVATE_KEY_FILE": str(folder / "key.pem"),
            "JWT_ISSUER": self.backend_url,
            "CELERY_BROKER_URL": broker_url or f"redis+socket://{socket}",
            "CODE_EXECUTION_SERVICE_URL": self.execution_url,
            "CODE_EXECUTION_WEBHOOK_SECRET": SECRET,
            "CODE_EXECUTION_RECONCILE_AFTER": "5",
            "SUBMISSION_RATE_LIMIT": "100000/minute",
            "API_RATE_LIMIT": "100000/minute",
            "GUEST_EXECUTIONS": "true",
            "GUEST_EXECUTION_RATE_LIMIT": "100000/minute",
            "BACKEND_SERVICE_URL": self.backend_url,
            "BACKEND_WEBHOOK_SECRET": SECRET,
            "HOST": "127.0.0.1",
            "PORT": str(execution_port),
            "DATA_DIRECTORY": str(folder / "execution"),
            "LOGS_DIRECTORY": str(folder / "logs"),
            "JUDGE_LEASE_SECONDS": "6",  # soon after a kill, and no busy host exceeds it
            "JUDGE_WORKERS": "2",
            "API_OPEN_ENDPOINTS": "judge",
            "JUDGE_RUN_RATE_LIMIT": "100000/minute",
            "JUDGE_SUBMIT_RATE_LIMIT": "100000/minute",
            **settings,
        }
        self.execution_database = folder / "execution.sqlite3"
        self._databases = {
            "backend": {"DATABASE_URL": f"sqlite:///{folder}/backend.sqlite3"},
            "code-execution-service": {"DATABASE_URL": f"sqlite:///{self.execution_database}"},
        }
        server = ["-m", "config.server", "--port", str(backend_port)]
        celery = ["-A", "config", "worker", "--beat", "--concurrency", "2"]
        schedule = ["--schedule", str(folder / "celerybeat-schedule")]
        broker = [str(ROOT / "scripts" / "embedded_broker.py"), str(socket), str(folder / "broker")]
        self._commands = {
            "broker": ("backend", [sys.executable, *broker]),
            "execution": ("code-execution-service", [sys.executable, "-m", "app.main"]),
            "backend": ("backend", [sys.executable, *server]),
            "worker": ("backend", [f"{BIN}/celery", *celery, *schedule]),
        }

    def set_up(self) -> None:
        """Make both databases, with bob in them, the key that signs tokens, and the keeper."""
        with ThreadPoolExecutor() as beside:
            engine = beside.submit(self._set_up_execution)
            self._set_up_backend()
            engine.result()

    def _set_up_execution(self) -> None:
        keeper = ["-m", "app.engines.sandbox.build", self._environment["DATA_DIRECTORY"]]
        self.run("code-execution-service", *keeper)
        self.run("code-execution-service", "-m", "alembic", "upgrade", "head")

    def _set_up_backend(self) -> None:
        self.run("backend", "manage.py", "create_signing_key")
        self.run("backend", "manage.py", "migrate", "--verbosity", "0")
        password = {"DJANGO_SUPERUSER_PASSWORD": "bobs-long-password"}
        user = ["--noinput", "--username", "bob", "--email", "bob@example.org"]
        self.run("backend", "manage.py", "createsuperuser", *user, **password)

    def set_up_like(self, folder: Path) -> None:
        """Take what another stack has made in its folder, where nothing runs."""
        shutil.copytree(folder, self._folder, dirs_exist_ok=True)

    def run(self, service: str, *arguments: str, **environment: str) -> None:
        subprocess.run(
            [sys.executable, *arguments],
            cwd=ROOT / service,
            env=self._environment | self._databases[service] | environment,
            check=True,
        )

    def start(self, name: str) -> None:
        service, command = self._commands[name]
        with (self._folder / f"{name}.log").open("ab") as log:
            self._processes[name] = subprocess.Popen(
                command,
                cwd=ROOT / service,
                env=self._environment | self._databases[service],
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def start_replica(self) -> str:
        """Start the backend once more, as `replica`; give its address when it is ready."""
        port = free_port()
        _, [*command, _] = self._commands["backend"]
        self._commands["replica"] = ("backend", [*command, str(port)])
        self.start("replica")
        url = f"http://127.0.0.1:{port}"
        wait_for(partial(is_success, f"{url}/api/health/ready/"), what=f"{url} to be ready")
        return url

    def end_replica(self) -> None:
        """End it, if it has not been."""
        if "replica" in self._processes:
            self.kill("replica")

    def start_all(self) -> None:
        for name in self._commands:
            if name != "broker" or self._is_broker_ours:
                self.start(name)
        self.wait_until_ready()

    def wait_until_ready(self) -> None:
        for url in (f"{self.execution_url}/health/ready", f"{self.backend_url}/api/health/ready/"):
            wait_for(partial(is_success, url), what=f"{url} to be ready")

    def empty(self) -> None:
        """Delete, once all is judged, what the backend has but bob; no number comes back."""
        path = self._folder / "backend.sqlite3"
        connection = sqlite3.connect(path, timeout=PATIENCE_S, isolation_level=None)
        with contextlib.closing(connection):
            wait_for(lambda: not connection.execute(_UNJUDGED).fetchall(), what="all verdicts")
            kept = KEPT | {"users_user", "sqlite_sequence"}
            connection.execute("BEGIN IMMEDIATE")
            for (table,) in connection.execute(_TABLES).fetchall():
                if table not in kept:
                    connection.execute(f'DELETE FROM "{table}"')  # noqa: S608 - our own tables
            connection.execute("DELETE FROM users_user WHERE username <> 'bob'")
            connection.execute("COMMIT")

    def is_running(self, name: str) -> bool:
        return name in self._processes

    def kill(self, name: str) -> None:
        """End a process as the out-of-memory killer would: at once and with all its children."""
        process = self._processes.pop(name)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def stop(self, name: str) -> int:
        """Ask a process to end, and return its exit code."""
        process = self._processes.pop(name)
        process.terminate()
        exit_code = process.wait(PATIENCE_S)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        return exit_code

    def stop_all(self) -> None:
        for client in self._clients:
            client.close()
        for name in list(self._processes):
            self.kill(name)

    def open_client(self) -> httpx.Client:
        """Open a connection to the backend that is closed together with the stack."""
        client = httpx.Client(base_url=self.backend_url, timeout=PATIENCE_S, verify=TLS)
        self._clients.append(client)
        return client

    def log(self, name: str) -> str:
        return (self._folder / f"{name}.log").read_text()


def is_success(url: str) -> bool:
    try:
        return httpx.get(url, timeout=PATIENCE_S, verify=TLS).is_success
    except httpx.TransportError:
        return False


def wait_for(
    condition: Callable[[], bool], *, what: str, timeout_s: float = START_TIMEOUT_S
) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, f"waited {timeout_s} s for {what}"
        time.sleep(LOOK_EVERY_S)


class Installation(Protocol):
    """What people need of a backend that runs somewhere: as processes, or in containers."""

    @property
    def backend_url(self) -> str: ...

    def open_client(self) -> httpx.Client: ...


class Person:
    """Somebody who speaks to the backend over HTTP."""

    def __init__(self, stack: Installation, username: str, password: str) -> None:
        self._stack = stack
        self.username = username
        self.password = password
        self.refresh_token = ""
        self.http = stack.open_client()

    def register(self) -> Self:
        """Make the account; that signs in, too."""
        body = {
            "username": self.username,
            "email": f"{self.username}@example.org",
            "password": self.password,
        }
        return self._take(self.post("/api/auth/register/", body))

    def sign_in(self) -> Self:
        body = {"username": self.username, "password": self.password}
        return self._take(self.post("/api/auth/token/", body))

    def _take(self, tokens: dict[str, Any]) -> Self:
        self.http.headers["Authorization"] = f"Bearer {tokens['access_token']}"
        self.refresh_token = tokens["refresh_token"]
        return self

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        response = self.http.post(path, json=body)
        assert response.is_success, f"{path}: {response.status_code} {response.text}"
        answer: dict[str, Any] = response.json()
        return answer

    def submit(self, **submission: Any) -> int:
        submission_id: int = self.post("/api/code-execution/submissions/", submission)["id"]
        return submission_id

    def language_rules(self, problem_id: int) -> dict[str, dict[str, Any]]:
        response = self.http.get(f"/api/code-execution/problems/{problem_id}/languages/")
        assert response.is_success, f"{response.status_code} {response.text}"
        return {rules["language"]: rules for rules in response.json()}

    def see(self, submission_id: int) -> dict[str, Any]:
        answer: dict[str, Any] = self.http.get(
            f"/api/code-execution/submissions/{submission_id}/"
        ).json()
        return answer

    def wait_for_verdict(self, submission_id: int) -> dict[str, Any]:
        wait_for(
            lambda: self.see(submission_id)["status"] in FINAL_STATUSES,
            what=f"the verdict on submission {submission_id}",
            timeout_s=VERDICT_TIMEOUT_S,
        )
        return self.see(submission_id)


@contextlib.contextmanager
def running_stack(
    folder: Path,
    set_up_folder: Path,
    *,
    broker_url: str | None = None,
    settings: Mapping[str, str] = MappingProxyType({}),
) -> Iterator[Stack]:
    stack = Stack(folder, broker_url=broker_url, settings=settings)
    stack.set_up_like(set_up_folder)
    try:
        stack.start_all()
        yield stack
    finally:
        stack.stop_all()
