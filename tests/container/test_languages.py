import time
from typing import Any

import httpx
import pytest

from tests.container.deployment import Deployment
from tests.support import programs

pytestmark = [pytest.mark.docker, pytest.mark.timeout(1_800)]
SUBMISSIONS = "/api/v1/submissions/"
VERDICT_TIMEOUT_S = 120
QUICK_CPU_TIME_MS = 1_000
PATIENT_CPU_TIME_MS = 10_000
"""For programs that another limit has to end, however busy the host is."""
LANGUAGES = sorted(programs.ECHOING)
MIB = 1024 * 1024
CASES = [{"id": "1", "input": "20 22\n", "expected_output": "42\n", "is_sample": True}]


def submit(
    service: httpx.Client, language: str, code: str, *, cpu_time_ms: int = QUICK_CPU_TIME_MS
) -> int:
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
def test_programs_of_every_kind_get_their_verdict(service: httpx.Client, language: str) -> None:
    sources = {
        "AC": programs.ECHOING,
        "WA": programs.WRONG,
        "TLE": programs.ENDLESS,
        "MLE": programs.GREEDY_IN_STEPS,
        "OLE": programs.FLOODING,
        "RTE": programs.CRASHING,
        "CE": programs.BROKEN,
    }

    numbers = {
        verdict: submit(
            service,
            language,
            source[language],
            cpu_time_ms=QUICK_CPU_TIME_MS if verdict == "TLE" else PATIENT_CPU_TIME_MS,
        )
        for verdict, source in sources.items()
    }
    answers = {verdict: wait_for_verdict(service, number) for verdict, number in numbers.items()}

    assert {verdict: answer["verdict"] for verdict, answer in answers.items()} == {
        verdict: verdict for verdict in sources
    }, answers


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_fork_bomb_leaves_nothing_behind(
    deployment: Deployment, service: httpx.Client, language: str
) -> None:
    bomb = wait_for_verdict(service, submit(service, language, programs.FORKING[language]))
    after = wait_for_verdict(service, submit(service, language, programs.ECHOING[language]))

    assert bomb["verdict"] in {"TLE", "MLE", "RTE"}, bomb
    assert after["verdict"] == "AC", after
    assert programs_in_boxes(deployment) == []


def programs_in_boxes(deployment: Deployment) -> list[str]:
    """List what runs in the container beside the service and the sandbox's own processes."""
    names = deployment.execute("sh", "-c", "cat /proc/[0-9]*/comm 2>/dev/null || true").split("\n")
    ours = {"", "python", "bwrap", "keeper", "sh", "cat"}
    return [name for name in names if name not in ours]
