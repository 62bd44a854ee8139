"""Installations of the executions door: one process by itself, or replicas that share a Redis."""

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.e2e.stack import LOOK_EVERY_S, Installation, Stack, is_success, wait_for
from tests.support.balancer import balancing
from tests.support.patience import PATIENCE_S
from tests.support.redis_server import RedisServer
from tests.support.servers import TLS, free_port

EXECUTIONS = "/api/v1/executions"
FINAL_STATUSES = {"completed", "error"}
OWN_PORT = pytest.param(
    "service", marks=pytest.mark.only_processes("nginx leads to the backend alone")
)
OPEN = {"DEBUG": "true", "EXECUTION_RATE_LIMIT": "100000/minute"}


class ExecutionStack(Stack):
    """The backend in front of one execution service, or of two replicas."""

    def __init__(
        self, folder: Path, settings: dict[str, str], *, redis: RedisServer | None, replicas: int
    ) -> None:
        super().__init__(folder, settings=OPEN | settings)
        self._redis = redis
        port = free_port()
        service, command = self._commands["execution"]
        assignments = [f"PORT={port}", f"DATA_DIRECTORY={folder}/execution-2"]
        self._commands["execution-2"] = (service, ["env", *assignments, *command])
        both = {"execution": self.execution_url, "execution-2": f"http://127.0.0.1:{port}"}
        self.replica_urls = dict(list(both.items())[:replicas])

    @property
    def redis(self) -> RedisServer:
        """What replicas share."""
        assert self._redis is not None
        return self._redis

    def start_door(self) -> None:
        """Start what executions need: neither Celery nor a broker."""
        for name in [*self.replica_urls, "backend"]:
            self.start(name)
        self.wait_for_replicas()
        url = f"{self.backend_url}/api/health/"
        wait_for(partial(is_success, url), what=f"{url} to answer")

    def wait_for_replicas(self) -> None:
        for url in self.replica_urls.values():
            wait_for(partial(is_success, f"{url}/health/ready"), what=f"{url} to be ready")


@contextmanager
def running_alone(folder: Path, set_up_folder: Path) -> Iterator[ExecutionStack]:
    """Run one execution service that keeps executions in its memory."""
    stack = ExecutionStack(folder, {}, redis=None, replicas=1)
    stack.set_up_like(set_up_folder)
    try:
        stack.start_door()
        yield stack
    finally:
        stack.stop_all()


@contextmanager
def running_replicas(folder: Path, set_up_folder: Path) -> Iterator[ExecutionStack]:
    """Run two replicas that share a Redis behind the front door.

    Raises:
        ServerMissingError: Redis is not installed.
    """
    with ExitStack() as ending:
        redis = RedisServer(folder)
        ending.callback(redis.kill)
        redis.start()
        balancer = ending.enter_context(balancing())
        settings = {"REDIS_URL": redis.url, "CODE_EXECUTION_SERVICE_URL": balancer.url}
        stack = ExecutionStack(folder, settings, redis=redis, replicas=2)
        balancer.upstream_ports = [httpx.URL(url).port or 0 for url in stack.replica_urls.values()]
        stack.set_up_like(set_up_folder)
        ending.callback(stack.stop_all)
        stack.start_door()
        yield stack


class Runner:
    """Somebody with a token who runs programs at one address."""

    def __init__(self, base_url: str, token: str) -> None:
        headers = {"Authorization": f"Bearer {token}"}
        self.http = httpx.Client(base_url=base_url, headers=headers, timeout=PATIENCE_S, verify=TLS)

    def execute(self, code: str, **changes: Any) -> httpx.Response:
        body = {"language": "python", "code": code} | changes
        return self.http.post(f"{EXECUTIONS}/execute", json=body)

    def start(self, code: str, **changes: Any) -> str:
        """Run a program, and return the execution's id."""
        answer = self.execute(code, **changes)
        assert answer.status_code == 200, f"{answer.status_code} {answer.text}"
        execution_id: str = answer.json()["execution_id"]
        return execution_id

    def see(self, execution_id: str) -> httpx.Response:
        return self.http.get(f"{EXECUTIONS}/status/{execution_id}")

    def wait_for(
        self, execution_id: str, *statuses: str, timeout_s: float = PATIENCE_S
    ) -> dict[str, Any]:
        """Return the state with one of these statuses, or at the end; asks on after 502 and 503."""
        deadline_s = time.monotonic() + timeout_s
        while True:
            answer = self.see(execution_id)
            assert answer.status_code in {200, 502, 503}, f"{answer.status_code} {answer.text}"
            state: dict[str, Any] = answer.json()
            if answer.status_code == 200 and state["status"] in (statuses or FINAL_STATUSES):
                return state
            assert time.monotonic() < deadline_s, f"waited {timeout_s} s: {state}"
            time.sleep(LOOK_EVERY_S)


def guest_token(stack: Installation) -> str:
    """Return a token as the backend gives it to visitors without an account."""
    answer = httpx.post(f"{stack.backend_url}/api/auth/guest/", timeout=PATIENCE_S)
    assert answer.is_success, answer.text
    token: str = answer.json()["access_token"]
    return token
