"""The production stack of docker-compose.prod.yml, built and started by a real Docker engine."""

import json
import os
import re
import secrets
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from scripts.write_secrets import write_secrets
from tests.e2e.stack import wait_for
from tests.support.emptied_tables import KEPT

ROOT = Path(__file__).parents[2]
BUILD_TIMEOUT_S = 1_200
START_TIMEOUT_S = 600
CALL_TIMEOUT_S = 180
REQUESTS_PER_MINUTE = 100_000
SERVICE = "code-execution-service"
COMPOSE_FILES = ("docker-compose.prod.yml", "tests/container/docker-compose.test.yml")
_ASSIGNMENT = re.compile(r"^([A-Z_]+)=(.*)$", re.MULTILINE)
_SITE = "http://127.0.0.1"
_ENVIRONMENT = {
    "backend": {
        "ALLOWED_HOSTS": "127.0.0.1,backend",
        "HTTPS_ONLY": "false",
        "JWT_ISSUER": _SITE,
        "CODE_EXECUTION_RECONCILE_AFTER": "5",
        "SUBMISSION_RATE_LIMIT": f"{REQUESTS_PER_MINUTE}/minute",
        "API_RATE_LIMIT": f"{REQUESTS_PER_MINUTE}/minute",
        "LOGIN_RATE_LIMIT": f"{REQUESTS_PER_MINUTE}/minute",
        "LOGIN_ADDRESS_RATE_LIMIT": f"{REQUESTS_PER_MINUTE}/minute",
        "GUEST_RATE_LIMIT": f"{REQUESTS_PER_MINUTE}/minute",
        "GUEST_EXECUTIONS": "true",
    },
    SERVICE: {
        "API_OPEN_ENDPOINTS": "submissions,judge",
        "JWT_ISSUER": _SITE,
        "EXECUTION_RATE_LIMIT": f"{REQUESTS_PER_MINUTE}/minute",
        "GUEST_EXECUTION_RATE_LIMIT": f"{REQUESTS_PER_MINUTE}/minute",
        "JUDGE_RUN_RATE_LIMIT": f"{REQUESTS_PER_MINUTE}/minute",
        "JUDGE_SUBMIT_RATE_LIMIT": f"{REQUESTS_PER_MINUTE}/minute",
    },
}
_EMPTY = f"""
SET session_replication_role = replica; -- no foreign key is looked after, so the order is free
DO $$
DECLARE name text;
BEGIN
    FOR attempt IN 1..400 LOOP -- a result that comes meanwhile would hold what is to be deleted
        EXIT WHEN NOT EXISTS (
            SELECT FROM code_execution_codesubmission WHERE status IN ('pending', 'running'));
        PERFORM pg_sleep(0.1);
    END LOOP;
    FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public'
        AND tablename NOT IN ('users_user', {", ".join(f"'{name}'" for name in sorted(KEPT))})
    LOOP
        EXECUTE format('DELETE FROM %I', name);
    END LOOP;
    DELETE FROM users_user WHERE username <> 'bob';
END $$;
"""  # noqa: S608 - our own tables


class Deployment:
    """One compose project of its own; its images stay, for the next run to be quick."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._clients: list[httpx.Client] = []
        self.secrets = folder / "secrets"
        self._project = f"container-tests-{secrets.token_hex(4)}"
        self._image = "code-execution-tests/service"
        self._image_with_tests = "code-execution-tests/service-with-tests"
        (folder / "secrets").mkdir()
        write_secrets(folder / "secrets")
        self._environment = os.environ | {
            "SECRETS_FOLDER": str(folder / "secrets"),
            "TLS_FOLDER": str(folder / "secrets" / "tls"),
            "BACKEND_ENV_FILE": str(self._write_environment("backend")),
            "EXECUTION_ENV_FILE": str(self._write_environment(SERVICE)),
            "EXECUTION_IMAGE": self._image,
            "BACKEND_IMAGE": "code-execution-tests/backend",
            "NGINX_IMAGE": "code-execution-tests/nginx",
        }

    def start(self) -> None:
        """Build and start everything, with bob as its first manager."""
        self._compose("build", timeout_s=BUILD_TIMEOUT_S)
        self.up()
        user = ["--noinput", "--username", "bob", "--email", "bob@example.org"]
        self._compose(
            *("exec", "--no-TTY", "--env", "DJANGO_SUPERUSER_PASSWORD=bobs-long-password"),
            *("backend", "python", "manage.py", "createsuperuser", *user),
        )

    def up(self) -> None:
        """Migrate and start, and wait until all of it says of itself that it is well."""
        wait = ["--wait", "--wait-timeout", str(START_TIMEOUT_S)]
        try:
            self._compose("up", "--detach", *wait, timeout_s=START_TIMEOUT_S + CALL_TIMEOUT_S)
        except AssertionError as error:
            error.add_note(self.logs())
            raise

    def empty(self) -> None:
        """Delete, once all is judged, what the backend has but bob; no number comes back."""
        as_owner = ["psql", "--quiet", "--username", "postgres", "--dbname", "uyren"]
        stop_at_error = ["--set", "ON_ERROR_STOP=1"]
        self._compose("exec", "--no-TTY", "db", *as_owner, *stop_at_error, "--command", _EMPTY)

    def lose_everything(self) -> None:
        """Delete all that the stack has, with its secrets and settings."""
        self._compose("down", "--volumes", "--timeout", "5", timeout_s=START_TIMEOUT_S)
        for path in (*filter(Path.is_file, self.secrets.iterdir()), *self._folder.glob("*.env")):
            path.unlink()

    def manage(self, *command: str) -> None:
        """Call the operator's script for this stack."""
        files = [str(ROOT / file) for file in COMPOSE_FILES]
        self._call(
            [str(ROOT / "manage-code-execution.sh"), *command],
            START_TIMEOUT_S,
            COMPOSE_FILE=":".join(files),
            COMPOSE_PROJECT_NAME=self._project,
        )

    def stop(self) -> None:
        """Delete it all, even if its files are gone."""
        for client in self._clients:
            client.close()
        project = ["compose", "--project-name", self._project]
        self._docker(*project, "down", "--volumes", "--timeout", "5", timeout_s=START_TIMEOUT_S)

    @property
    def backend_url(self) -> str:
        """What people open: nginx."""
        return self.url("nginx", 8080)

    def open_client(self) -> httpx.Client:
        """Open a connection to nginx that is closed together with the stack."""
        client = httpx.Client(base_url=self.backend_url, timeout=CALL_TIMEOUT_S)
        self._clients.append(client)
        return client

    def url(self, service: str, port: int) -> str:
        return f"http://{self._compose('port', service, str(port)).strip()}"

    def client(self, service: str, port: int) -> httpx.Client:
        return httpx.Client(base_url=self.url(service, port), timeout=CALL_TIMEOUT_S)

    def logs(self) -> str:
        return self._compose("logs", "--tail", "40")

    def inspect(self, service: str = SERVICE) -> dict[str, Any]:
        """Return what the engine knows about the service's container."""
        container = self._compose("ps", "--all", "--quiet", service).strip()
        answer: list[dict[str, Any]] = json.loads(self._docker("inspect", container))
        return answer[0]

    def states(self) -> dict[str, str]:
        """Tell by service how its container is: its health, or how it ended."""
        lines = self._compose("ps", "--all", "--format", "json").splitlines()
        rows: list[dict[str, Any]] = [json.loads(line) for line in lines]
        return {
            row["Service"]: row["Health"] or f"{row['State']} {row['ExitCode']}" for row in rows
        }

    def pause(self, service: str, *, stop: bool) -> None:
        """Stop a service, or start it again."""
        self._compose("stop" if stop else "start", service)

    @contextmanager
    def second_nginx(self, *, tls: Path) -> Iterator[dict[int, int]]:
        """Run nginx once more with a certificate; yields where its ports are to be found."""
        options = ["--detach", "--no-deps", "--publish", "127.0.0.1:0:8080"]
        options += ["--publish", "127.0.0.1:0:8443", "--name", f"{self._project}-tls"]
        command = [*self._compose_command(), "run", *options, "nginx"]
        self._call(command, CALL_TIMEOUT_S, TLS_FOLDER=str(tls))
        name = f"{self._project}-tls"
        try:
            asking = ["docker", "exec", name, "answers.sh"]
            wait_for(lambda: not subprocess.run(asking, check=False).returncode, what="nginx")
            ports = (self._docker("port", name, str(port)).strip() for port in (8080, 8443))
            numbers = (int(port.rpartition(":")[2]) for port in ports)
            yield dict(zip((8080, 8443), numbers, strict=True))
        finally:
            self._docker("rm", "--force", name)

    def execute(self, *command: str, service: str = SERVICE) -> str:
        """Run a command in a service's running container."""
        return self._compose("exec", "--no-TTY", service, *command)

    def run_with_tests(self, *command: str, timeout_s: float) -> "subprocess.CompletedProcess[str]":
        """Run a command in a container like the service's, with pytest and the tests in it."""
        context = self._folder / "with-tests"
        context.mkdir(exist_ok=True)
        shutil.copy(ROOT / "requirements-dev.txt", context)
        self._docker(
            *("build", "--tag", self._image_with_tests),
            *("--build-arg", f"SERVICE_IMAGE={self._image}"),
            *("--file", str(ROOT / "tests/container/Dockerfile"), str(context)),
            timeout_s=BUILD_TIMEOUT_S,
        )
        options = ["--rm", "--no-deps", "--no-TTY", "--volume", f"{ROOT}/tests:/checkout/tests:ro"]
        options += ["--volume", "/var/tmp"]  # noqa: S108 - where tests put what no box may see
        return subprocess.run(
            [*self._compose_command(), "run", *options, SERVICE, *command],
            env=self._environment | {"EXECUTION_IMAGE": self._image_with_tests},
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
        )

    def _write_environment(self, service: str) -> Path:
        """Fill in the service's example, as whoever runs it for real does."""
        example = (ROOT / service / ".env.prod.example").read_text()
        values = dict(_ASSIGNMENT.findall(example)) | _ENVIRONMENT[service]
        file = self._folder / f"{service}.env"
        file.write_text("".join(f"{name}={value}\n" for name, value in values.items()))
        return file

    def _compose(self, *arguments: str, timeout_s: float = CALL_TIMEOUT_S) -> str:
        return self._call([*self._compose_command(), *arguments], timeout_s)

    def _docker(self, *arguments: str, timeout_s: float = CALL_TIMEOUT_S) -> str:
        return self._call(["docker", *arguments], timeout_s)

    def _compose_command(self) -> list[str]:
        named = [word for file in COMPOSE_FILES for word in ("--file", str(ROOT / file))]
        place = ["--project-name", self._project, "--project-directory", str(ROOT)]
        return ["docker", "compose", "--progress", "quiet", *place, *named]

    def _call(self, command: list[str], timeout_s: float, **environment: str) -> str:
        done = subprocess.run(
            command,
            env=self._environment | environment,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
        )
        assert done.returncode == 0, f"{' '.join(command)}: {done.stderr[-3000:]}"
        return done.stdout


@contextmanager
def running_deployment(folder: Path) -> Iterator[Deployment]:
    """Build and start the stack, and delete it afterwards."""
    need_engine()
    deployment = Deployment(folder)
    try:
        deployment.start()
        yield deployment
    finally:
        deployment.stop()


def need_engine() -> None:
    """Skip without a Docker engine; `./manage-code-execution.sh test` sets one up where it can."""
    lack = os.environ.get("CONTAINER_TESTS_LACK", "")
    if not lack and subprocess.run(["docker", "info"], capture_output=True, check=False).returncode:
        lack = "no Docker engine answers"
    if not lack:
        return
    if os.environ.get("CI") == "true":
        pytest.fail(f"the container tests can't run: {lack}")
    pytest.skip(f"CONTAINER TESTS NOT RUN: {lack}")
