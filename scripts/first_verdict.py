"""Wait until everything is healthy, then submit a right and a wrong program as the participant.

`first_verdict.py BACKEND_URL EXECUTION_URL WORKER_LOG CREDENTIALS_FILE`
"""

import sys
import time
from pathlib import Path
from typing import Any

import httpx

START_TIMEOUT_S = 90
VERDICT_TIMEOUT_S = 60
POLL_PAUSE_S = 0.02
REFUSED_PAUSE_S = 2
RIGHT = "a, b = map(int, input().split())\nprint(a + b)\n"
WRONG = "a, b = map(int, input().split())\nprint(a - b)\n"
FINAL_STATUSES = {"completed", "error", "cancelled"}


class DemoError(Exception):
    """The demo could not be shown; the text says why."""


def wait_until_ready(http: httpx.Client, url: str) -> None:
    """Return when the address answers 200."""
    deadline = time.monotonic() + START_TIMEOUT_S
    answer = "no answer"
    while time.monotonic() < deadline:
        try:
            response = http.get(url)
        except httpx.TransportError as error:
            answer = str(error)
        else:
            if response.is_success:
                return
            fail_if_engine_is_missing(response)
            answer = response.text[:500]
        time.sleep(POLL_PAUSE_S)
    raise DemoError(f"{url} is not ready after {START_TIMEOUT_S} s: {answer}")


def wait_for_worker(log: Path) -> None:
    """Return when Celery's worker says that it is ready; it has no address to ask."""
    deadline = time.monotonic() + START_TIMEOUT_S
    while " ready." not in log.read_text(encoding="utf-8", errors="replace"):
        if time.monotonic() > deadline:
            raise DemoError(f"Celery's worker is not ready after {START_TIMEOUT_S} s; see {log}")
        time.sleep(POLL_PAUSE_S)


def fail_if_engine_is_missing(response: httpx.Response) -> None:
    """Say what the host lacks: waiting would not bring it."""
    checks = response.json().get("checks", {}) if "json" in response.headers["content-type"] else {}
    if checks.get("engine", "ok") != "ok":
        raise DemoError(f"no program can be judged on this host: {checks['engine']}")


def post(http: httpx.Client, path: str, body: dict[str, Any]) -> dict[str, Any]:
    """Post JSON and return the answer's."""
    response = http.post(path, json=body)
    if response.is_error:
        raise DemoError(f"POST {path} answered {response.status_code}: {response.text[:500]}")
    answer: dict[str, Any] = response.json()
    return answer


def judge(http: httpx.Client, submission: dict[str, Any]) -> tuple[dict[str, Any], float]:
    """Submit, wait for the verdict, and return the submission with the milliseconds it took."""
    start_s = time.monotonic()
    created = post(http, "/api/code-execution/submissions/", submission)
    while time.monotonic() < start_s + VERDICT_TIMEOUT_S:
        response = http.get(f"/api/code-execution/submissions/{created['id']}/")
        state: dict[str, Any] = response.json()
        if response.is_success and state["status"] in FINAL_STATUSES:
            return state, (time.monotonic() - start_s) * 1000
        # Asking too often is refused for a while; then asking less often is the answer.
        time.sleep(POLL_PAUSE_S if response.is_success else REFUSED_PAUSE_S)
    raise DemoError(f"submission {created['id']} has no verdict after {VERDICT_TIMEOUT_S} s")


def main(backend_url: str, execution_url: str, worker_log: str, credentials_file: str) -> None:
    """Show both verdicts."""
    text = Path(credentials_file).read_text(encoding="utf-8")
    credentials = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
    with httpx.Client(base_url=backend_url, timeout=30) as http:
        wait_until_ready(http, f"{execution_url}/health/ready")
        wait_until_ready(http, "/api/health/ready/")
        wait_for_worker(Path(worker_log))
        login = {
            "username": credentials["PARTICIPANT_USERNAME"],
            "password": credentials["PARTICIPANT_PASSWORD"],
        }
        token = post(http, "/api/auth/token/", login)["access_token"]
        http.headers["Authorization"] = f"Bearer {token}"
        target = {
            "contest": int(credentials["CONTEST_ID"]),
            "problem": int(credentials["PROBLEM_ID"]),
            "language": "python",
        }
        for name, code, expected in (("right", RIGHT, "AC"), ("wrong", WRONG, "WA")):
            result, elapsed_ms = judge(http, target | {"code": code})
            print(
                f"==> A {name} program: verdict {result['verdict']}"
                f" (ran {result['execution_time']}, {result['memory_usage']};"
                f" {elapsed_ms:.0f} ms from POST to verdict)",
                flush=True,
            )
            if result["verdict"] != expected:
                raise DemoError(f"expected {expected}: {result['error_output']}")


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except DemoError as error:
        sys.exit(f"error: {error}")
