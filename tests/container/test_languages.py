import time
from typing import Any

import httpx
import pytest

from tests.container.deployment import Deployment
from tests.support import programs

pytestmark = [pytest.mark.docker, pytest.mark.timeout(1_800)]
SUBMISSIONS = "/api/v1/submissions/"
VERDICT_TIMEOUT_S = 120
LANGUAGES = ("c", "java", "python")
"""A program of its own, one with a runtime full of threads, and an interpreter."""
MIB = 1024 * 1024
CASES = [{"id": "1", "input": "20 22\n", "expected_output": "42\n", "is_sample": True}]


def submit(service: httpx.Client, language: str, code: str, *, cpu_time_ms: int) -> int:
    body = {
        "language": language,
        "code": code,
        "user_id": 1,
        "test_cases": CASES,
        "limits": {"cpu_time_ms": cpu_time_ms, "memory_bytes": 128 * MIB},
    }
    response = service.post(SUBMISSIONS, json=body)
    assert response.status_code == 201, response.text
    number: int = response.json()["id"]
    return number


def wait_for_verdict(service: httpx.Client, number: int) -> dict[str, Any]:
    deadline = time.monotonic() + VERDICT_TIMEOUT_S
    while time.monotonic() < deadline:
        answer: dict[str, Any] = service.get(f"{SUBMISSIONS}{number}").json()
        if answer["status"] not in {"pending", "running"}:
            return answer
        time.sleep(0.05)
    raise AssertionError(f"submission {number} has no verdict after {VERDICT_TIMEOUT_S} s")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_fork_bomb_leaves_nothing_behind(
    deployment: Deployment, service: httpx.Client, language: str
) -> None:
    forking, echoing = programs.FORKING[language], programs.ECHOING[language]

    bomb = wait_for_verdict(service, submit(service, language, forking, cpu_time_ms=1_000))
    after = wait_for_verdict(service, submit(service, language, echoing, cpu_time_ms=10_000))

    assert bomb["verdict"] in {"TLE", "MLE", "RTE"}, bomb
    assert after["verdict"] == "AC", after
    assert programs_in_boxes(deployment) == []


def programs_in_boxes(deployment: Deployment) -> list[str]:
    """List what runs in the judge worker's container beside itself and the sandbox's processes."""
    list_names = "cat /proc/[0-9]*/comm 2>/dev/null || true"
    names = deployment.execute("sh", "-c", list_names, service="judge-worker").split("\n")
    ours = {"", "python", "bwrap", "keeper", "sh", "cat"}
    entering = "runc:"  # what becomes a health check
    return [name for name in names if name not in ours and not name.startswith(entering)]
