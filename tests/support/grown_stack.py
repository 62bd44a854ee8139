"""A grown installation as processes: servers, replicas, workers; each killed and brought back.

PostgreSQL, Redis and RabbitMQ, the backend with Celery's worker and beat, the execution service and
its judge workers. All that is written to files is in the installation's own folder.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from types import MappingProxyType

import httpx

from tests.e2e.stack import ROOT, SECRET, is_success
from tests.support.balancer import Balancer, balancing
from tests.support.durable_servers import (
    DatabaseServer,
    DurableRedis,
    MessageBroker,
    started,
)
from tests.support.part import Part
from tests.support.servers import TLS, free_port

MANAGER = "bob"
LEASE_S = 6
"""Soon after a kill; no busy host exceeds it between two renewals."""
UNLIMITED = "1000000/minute"
BACKEND, EXECUTION = ROOT / "backend", ROOT / "code-execution-service"


class GrownStack:
    """The parts by name, in the order in which they are started; each of ours may have replicas."""

    def __init__(
        self,
        folder: Path,
        *,
        database: DatabaseServer,
        redis: DurableRedis,
        broker: MessageBroker,
        backend_balancer: Balancer | None,
        execution_balancer: Balancer | None,
        judge_workers: int,
        settings: Mapping[str, str],
    ) -> None:
        self.folder = folder
        self.scratch_folder = folder / "tmp"
        self.scratch_folder.mkdir()
        self.database_urls = {
            "backend": database.make_database("backend"),
            "execution": database.make_database("execution"),
        }
        self.parts: dict[str, Part] = {each.name: each for each in (database, redis, broker)}
        self.tokens: dict[str, str] = {}
        self._clients: list[httpx.Client] = []
        self._redis = redis
        self._broker = broker
        backend_ports = [free_port() for _ in range(2 if backend_balancer else 1)]
        execution_ports = [free_port() for _ in range(2 if execution_balancer else 1)]
        self.backend_urls = [_local_url(port) for port in backend_ports]
        self.backend_url = _entrance(backend_balancer, backend_ports)
        self.execution_url = _entrance(execution_balancer, execution_ports)
        self._environment: dict[str, str] = self._shared_settings() | dict(settings)
        self._add_backend(backend_ports)
        self._add_execution_service(execution_ports, judge_workers)

    def prepare(self, participants: Sequence[str]) -> None:
        """Make tables in both databases, and the manager's and the participants' accounts."""
        alembic = [sys.executable, "-m", "alembic", "upgrade", "head"]
        environment = self._environment_of("execution")
        with subprocess.Popen(alembic, cwd=EXECUTION, env=environment) as migrating:
            self.tokens = self.add_accounts([MANAGER, *participants])
        assert migrating.returncode == 0

    def add_accounts(self, names: Sequence[str]) -> dict[str, str]:
        command = [sys.executable, str(ROOT / "tests/support/prepare_backend.py"), *names]
        environment = self._environment_of("backend")
        made = subprocess.run(
            command, cwd=BACKEND, env=environment, check=True, stdout=subprocess.PIPE
        )
        tokens: dict[str, str] = json.loads(made.stdout.splitlines()[-1])
        return tokens

    def start(self) -> None:
        """Start whatever is not running, and wait until all does its work."""
        for part in self.parts.values():
            if not part.is_running:
                part.start()
        for part in self.parts.values():
            part.wait_until_ready()

    def keep_running(self) -> None:
        """Start again what has ended by itself, as containers are: a worker without a database."""
        for part in self.parts.values():
            part.keep_running()

    def stop(self) -> dict[str, int]:
        """Ask all that is ours to end, and return the exit codes."""
        servers = {"postgresql", "redis", "rabbitmq"}
        ours = [part for name, part in self.parts.items() if name not in servers]
        return {part.name: part.stop() for part in reversed(ours)}

    def end(self) -> None:
        """End all that is ours, however it is doing."""
        for client in self._clients:
            client.close()
        for part in reversed(self.parts.values()):
            part.end()

    def open_client(self, *, timeout_s: float = 30) -> httpx.Client:
        """Open a connection to the backend that is closed together with the stack."""
        client = httpx.Client(base_url=self.backend_url, timeout=timeout_s, verify=TLS)
        self._clients.append(client)
        return client

    def _shared_settings(self) -> dict[str, str]:
        folder = self.folder
        return {
            "PATH": os.environ["PATH"],
            "TMPDIR": str(self.scratch_folder),
            "BACKEND_ENV_FILE": os.devnull,
            "EXECUTION_ENV_FILE": os.devnull,
            "SECRET_KEY": "a secret key of the tests",
            "ALLOWED_HOSTS": "127.0.0.1",
            "JWT_PRIVATE_KEY_FILE": str(folder / "key.pem"),
            "JWT_ISSUER": self.backend_url,
            "CELERY_BROKER_URL": self._broker.url,
            "CODE_EXECUTION_QUEUE_URL": self._broker.url,
            "CODE_EXECUTION_SERVICE_URL": self.execution_url,
            "CODE_EXECUTION_WEBHOOK_SECRET": SECRET,
            "CODE_EXECUTION_TIMEOUT": "10",
            "CODE_EXECUTION_RECONCILE_AFTER": "5",
            "BACKEND_SERVICE_URL": self.backend_url,
            "BACKEND_WEBHOOK_SECRET": SECRET,
            "SUBMISSION_RATE_LIMIT": UNLIMITED,
            "API_RATE_LIMIT": UNLIMITED,
            "BOARD_RATE_LIMIT": UNLIMITED,
            "HOST": "127.0.0.1",
            "LOGS_DIRECTORY": str(folder / "logs"),
            "JUDGE_LEASE_SECONDS": str(LEASE_S),
            "JUDGE_WORKERS": "2",
        }

    def _environment_of(self, service: str, **further: str) -> dict[str, str]:
        redis_database = ["backend", "execution"].index(service)
        own = {
            "DATABASE_URL": self.database_urls[service],
            "REDIS_URL": self._redis.url_of(redis_database),
        }
        return self._environment | own | further

    def _add_backend(self, ports: Sequence[int]) -> None:
        environment = self._environment_of("backend")
        for number, (port, url) in enumerate(zip(ports, self.backend_urls, strict=True), start=1):
            self._add(
                f"backend-{number}",
                [sys.executable, "-m", "config.server", "--port", str(port)],
                BACKEND,
                environment | {"REPLICA_NAME": f"backend-{number}"},
                ready_at=f"{url}/api/health/ready/",
            )
        celery = [str(Path(sys.executable).parent / "celery"), "-A", "config"]
        schedule = ["--schedule", str(self.folder / "celerybeat-schedule")]
        no_file = ["--pidfile", ""]
        self._add("celery-worker", [*celery, "worker", "-c", "2"], BACKEND, environment)
        self._add("celery-beat", [*celery, "beat", *schedule, *no_file], BACKEND, environment)

    def _add_execution_service(self, ports: Sequence[int], judge_workers: int) -> None:
        for number, port in enumerate(ports, start=1):
            name = f"execution-{number}"
            self._add(
                name,
                [sys.executable, "-m", "app.main"],
                EXECUTION,
                self._environment_of(
                    "execution", PORT=str(port), DATA_DIRECTORY=str(self.folder / name)
                ),
                ready_at=f"{_local_url(port)}/health/ready",
            )
        for number in range(1, judge_workers + 1):
            name = f"judge-{number}"
            self._add(
                name,
                [sys.executable, "-m", "app.worker"],
                EXECUTION,
                self._environment_of("execution", DATA_DIRECTORY=str(self.folder / name)),
            )

    def _add(
        self,
        name: str,
        command: Sequence[str],
        working_folder: Path,
        environment: Mapping[str, str],
        *,
        ready_at: str | None = None,
    ) -> None:
        part = Part(
            name,
            command,
            folder=self.folder,
            working_folder=working_folder,
            environment=environment,
            is_ready=partial(is_success, ready_at) if ready_at else _is_ready_at_once,
        )
        self.parts[name] = part


@contextmanager
def running_grown_stack(
    participants: Sequence[str] = (),
    *,
    replicas: int = 1,
    judge_workers: int = 2,
    settings: Mapping[str, str] = MappingProxyType({}),
) -> Iterator[GrownStack]:
    """Run one with these accounts; with two replicas there is a balancer before each service.

    Raises:
        ServerMissingError: A server is not installed.
    """
    with ExitStack() as ending:
        folder = Path(tempfile.mkdtemp(prefix="grown-stack-"))
        ending.callback(shutil.rmtree, folder, ignore_errors=True)
        broker = ending.enter_context(started(MessageBroker, user="rabbitmq"))
        redis = ending.enter_context(started(DurableRedis, user="redis"))
        database = ending.enter_context(started(DatabaseServer, user="postgres"))
        redis.wait_until_ready()
        database.wait_until_ready()
        balancers = [ending.enter_context(balancing()) if replicas > 1 else None for _ in range(2)]
        stack = GrownStack(
            folder,
            database=database,
            redis=redis,
            broker=broker,
            backend_balancer=balancers[0],
            execution_balancer=balancers[1],
            judge_workers=judge_workers,
            settings=settings,
        )
        ending.callback(stack.end)
        stack.prepare(participants)
        stack.start()
        yield stack


def _entrance(balancer: Balancer | None, ports: Sequence[int]) -> str:
    if balancer is None:
        return _local_url(ports[0])
    balancer.upstream_ports = [*ports]
    return balancer.url


def _is_ready_at_once() -> bool:
    """Say so for those who listen nowhere: what they lack at first they ask for again."""
    return True


def _local_url(port: int) -> str:
    return f"http://127.0.0.1:{port}"
