"""Installations whose submissions are judged by worker processes: a service, a broker, workers."""

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import httpx

from tests.e2e.stack import FINAL_STATUSES, ROOT, Stack, is_success, wait_for
from tests.support.patience import PATIENCE_S

SUBMISSIONS = "/api/v1/submissions/"
VERDICT_TIMEOUT_S = 90
JUDGES = ("judge-1", "judge-2", "judge-3")


class JudgedStack(Stack):
    """One execution service, without a backend, and as many judge workers as a test starts."""

    def __init__(self, folder: Path, broker_url: str, settings: dict[str, str]) -> None:
        doors = {"API_OPEN_ENDPOINTS": "judge,submissions", "DEBUG": "true"}
        broker = {"CODE_EXECUTION_QUEUE_URL": broker_url}
        super().__init__(folder, settings=doors | broker | settings)
        for name in JUDGES:
            service, command = self._commands["execution"]
            place = ["env", f"REPLICA_NAME={name}"]
            self._commands[name] = (service, [*place, *command[:-1], "app.worker"])
        self.http = httpx.Client(base_url=self.execution_url, timeout=PATIENCE_S)
        self._clients.append(self.http)

    def start_service(self) -> None:
        self.start("execution")
        url = f"{self.execution_url}/health/ready"
        wait_for(partial(is_success, url), what=f"{url} to be ready")

    def start_judge(self, name: str) -> None:
        """Start a judge worker, and return when it judges."""
        self.start(name)
        wait_for(lambda: not self.check_judge(name), what=f"{name} to judge")

    def kill_judges(self) -> None:
        for name in JUDGES:
            if name in self._processes:
                self.kill(name)

    def check_judge(self, name: str) -> int:
        """Return the exit code of what a container's health check runs."""
        service, command = self._commands[name]
        environment = self._environment | self._databases[service]
        checking = subprocess.run(
            [*command, "--check"], cwd=ROOT / service, env=environment, check=False
        )
        return checking.returncode

    def submit(self, code: str, **changes: Any) -> int:
        body = {"code": code, "language": "python", "user_id": 1} | changes
        answer = self.http.post(SUBMISSIONS, json=body)
        assert answer.is_success, f"{answer.status_code} {answer.text}"
        submission_id: int = answer.json()["id"]
        return submission_id

    def see(self, submission_id: int) -> dict[str, Any]:
        answer: dict[str, Any] = self.http.get(f"{SUBMISSIONS}{submission_id}").json()
        return answer

    def wait_for_status(self, submission_id: int, *statuses: str) -> dict[str, Any]:
        """Return the submission when it has one of these statuses, or is final."""
        deadline_s = time.monotonic() + VERDICT_TIMEOUT_S
        while (seen := self.see(submission_id))["status"] not in {*statuses, *FINAL_STATUSES}:
            assert time.monotonic() < deadline_s, f"waited {VERDICT_TIMEOUT_S} s: {seen}"
            time.sleep(0.02)
        return seen

    def readiness(self) -> dict[str, Any]:
        answer: dict[str, Any] = self.http.get("/health/ready").json()
        return answer


@contextmanager
def judged_stack(
    folder: Path, set_up_folder: Path, broker_url: str, **settings: str
) -> Iterator[JudgedStack]:
    """Run the service alone; workers are the test's."""
    stack = JudgedStack(folder, broker_url, settings)
    stack.set_up_like(set_up_folder)
    try:
        stack.start_service()
        yield stack
    finally:
        stack.stop_all()
