import time

import httpx
import pytest

pytestmark = [pytest.mark.docker, pytest.mark.timeout(1_800)]
PASSWORD = "alices-long-password"


def test_a_participant_gets_a_verdict_through_the_whole_stack(backend: httpx.Client) -> None:
    account = {"username": "alice", "email": "alice@example.org", "password": PASSWORD}
    registered = backend.post("/api/auth/register/", json=account)
    token = backend.post("/api/auth/token/", json={"username": "alice", "password": PASSWORD})
    backend.headers["Authorization"] = f"Bearer {token.json()['access_token']}"
    program = {"language": "python", "code": "print(input()[::-1])", "input_data": "stressed"}

    handed_in = backend.post("/api/code-execution/submissions/", json=program)
    answer = wait_until_final(backend, handed_in.json()["id"])

    assert registered.is_success, registered.text
    assert answer["status"] == "completed", answer
    assert answer["output"] == "desserts\n"


def wait_until_final(backend: httpx.Client, number: int) -> dict[str, str]:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        answer: dict[str, str] = backend.get(f"/api/code-execution/submissions/{number}/").json()
        if answer["status"] not in {"pending", "running"}:
            return answer
        time.sleep(0.1)
    raise AssertionError(f"submission {number} is still {answer['status']}")
