import hashlib
import hmac
import json
import uuid

import httpx
import pytest

from tests.e2e.stack import SECRET, Installation, Person, Stack
from tests.support.patience import PATIENCE_S

pytestmark = pytest.mark.e2e


def call_execution_service(stack: Stack, authorization: str | None) -> int:
    headers = {"Authorization": authorization} if authorization else {}
    answer = httpx.get(
        f"{stack.execution_url}/api/v1/submissions/", headers=headers, timeout=PATIENCE_S
    )
    return answer.status_code


@pytest.mark.only_processes("nginx leads to the backend alone")
def test_the_execution_service_knows_the_backends_tokens(
    stack: Stack, alice: Person, bob: Person
) -> None:
    assert call_execution_service(stack, bob.http.headers["Authorization"]) == 200
    assert call_execution_service(stack, alice.http.headers["Authorization"]) == 403
    assert call_execution_service(stack, f"Bearer {bob.refresh_token}") == 401
    assert call_execution_service(stack, None) == 401


@pytest.mark.only_processes("nginx keeps webhooks to insiders")
@pytest.mark.parametrize(
    ("changes", "secret", "status_code"),
    [
        pytest.param({}, "not the secret", 401, id="forged"),
        pytest.param({"user_id": 10**6}, SECRET, 400, id="of somebody else"),
        pytest.param({"status": "splendid"}, SECRET, 400, id="malformed"),
        pytest.param({}, SECRET, 200, id="a late repetition"),
    ],
)
def test_a_webhook_that_is_not_a_first_result_changes_nothing(
    stack: Stack,
    alice: Person,
    problem: dict[str, int],
    changes: dict[str, object],
    secret: str,
    status_code: int,
) -> None:
    number = alice.submit(language="python", code="print(1)", **problem)
    before = alice.wait_for_verdict(number)
    event = {
        "submission_id": before["microservice_submission_id"],
        "user_id": before["user"],
        "status": "completed",
        "verdict": "AC",
        "completed_at": "2024-01-01T00:00:00Z",
    }
    body = json.dumps(event | changes).encode()
    signature = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()

    answer = httpx.post(
        f"{stack.backend_url}/api/webhooks/code-execution/",
        content=body,
        headers={"Content-Type": "application/json", "X-Webhook-Secret": signature},
        timeout=PATIENCE_S,
    )

    assert answer.status_code == status_code
    assert alice.see(number) == before
    assert before["verdict"] == "WA"


def test_a_stranger_sees_nothing_of_alices(
    stack: Installation, alice: Person, problem: dict[str, int]
) -> None:
    number = alice.submit(language="python", code="print(1)", **problem)
    charlie = Person(stack, f"charlie-{uuid.uuid4().hex[:8]}", "charlies-long-password")
    charlie.register()

    answer = charlie.http.get(f"/api/code-execution/submissions/{number}/")
    listing = charlie.http.get("/api/code-execution/submissions/").json()

    # In a contest that everybody may watch, that she tried is no secret; all else is.
    assert answer.json()["disclosure"] == "exists"
    kept_back = ("code", "input_data", "output", "error_output", "verdict", "test_results", "score")
    assert {answer.json()[name] for name in kept_back} == {None}
    assert listing["results"] == []
