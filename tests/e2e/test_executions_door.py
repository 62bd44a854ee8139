"""Programs that nobody keeps, over HTTP: on both ports, in memory, and with two replicas."""

import re
import uuid
from collections.abc import Iterator
from contextlib import closing

import httpx
import pytest

from tests.e2e.execution_stack import (
    EXECUTIONS,
    OWN_PORT,
    ExecutionStack,
    Runner,
    guest_token,
)
from tests.e2e.stack import Person
from tests.support.patience import PATIENCE_S

pytestmark = pytest.mark.e2e
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
SLEEPING = "import time\nwhile True: time.sleep(1)"


@pytest.fixture(scope="module")
def token(door: ExecutionStack) -> str:
    alice = Person(door, "alice", "alices-long-password").register()
    return alice.http.headers["Authorization"].removeprefix("Bearer ")


@pytest.fixture(params=["front door", OWN_PORT])
def base_url(request: pytest.FixtureRequest, door: ExecutionStack) -> str:
    return door.backend_url if request.param == "front door" else door.execution_url


@pytest.fixture
def alice(base_url: str, token: str) -> Iterator[Runner]:
    runner = Runner(base_url, token)
    with closing(runner.http):
        yield runner


def test_a_program_is_run_and_its_result_is_there_to_be_asked_for(alice: Runner) -> None:
    answer = alice.execute("print(input())", language="python3", input_data="42")
    accepted = answer.json()
    state = alice.wait_for(accepted["execution_id"])

    assert answer.status_code == 200
    assert accepted["status"] == "pending"
    assert accepted["execution_id"] in accepted["message"]
    assert (state["status"], state["output"], state["error_output"]) == ("completed", "42\n", "")
    assert (state["language"], state["input_data"]) == ("python", "42")
    assert state["user_id"].startswith("user:")
    assert 0 < float(state["execution_time"].removesuffix("s")) < 10
    assert float(state["memory_usage"].removesuffix("MB")) > 0
    for name in ("created_at", "updated_at", "completed_at"):
        assert INSTANT.fullmatch(state[name]), name


def test_it_is_running_while_it_runs(alice: Runner) -> None:
    execution_id = alice.start(SLEEPING)

    running = alice.wait_for(execution_id, "running")
    alice.http.post(f"{EXECUTIONS}/cancel/{execution_id}")
    ended = alice.wait_for(execution_id)

    assert running["completed_at"] is None
    assert ended["is_cancelled"]
    assert ended["completed_at"] >= running["updated_at"]


@pytest.mark.parametrize(
    ("language", "code", "verdict", "error"),
    [
        ("python", "import sys; print('out'); sys.exit(3)", "RTE", "Runtime Error: exit code 3"),
        ("c", "int main(void) { return x; }", "CE", "Compilation Error:"),
        ("python", "while True: print('x' * 1000)", "OLE", "Output Limit Exceeded"),
    ],
)
def test_a_program_that_fails_says_why(
    alice: Runner, language: str, code: str, verdict: str, error: str
) -> None:
    state = alice.wait_for(alice.start(code, language=language))

    assert (state["status"], state["verdict"]) == ("error", verdict)
    assert error in state["error_output"]


def test_an_endless_program_can_be_stopped(alice: Runner) -> None:
    execution_id = alice.start("while True: pass")
    alice.wait_for(execution_id, "running")
    answer = alice.http.post(f"{EXECUTIONS}/cancel/{execution_id}")
    state = alice.see(execution_id).json()

    assert (answer.status_code, answer.json()["status"]) == (200, "cancelled")
    assert (state["status"], state["is_cancelled"]) == ("error", True)
    assert "Cancelled" in state["error_output"]


def test_only_its_owner_sees_an_execution(alice: Runner, door: ExecutionStack) -> None:
    execution_id = alice.start("print(42)")
    charlie = {"Authorization": f"Bearer {guest_token(door)}"}
    answers = [
        alice.http.get(f"{EXECUTIONS}/status/{execution_id}", headers=charlie),
        alice.http.post(f"{EXECUTIONS}/cancel/{execution_id}", headers=charlie),
        alice.see(str(uuid.uuid4())),
    ]

    assert [answer.status_code for answer in answers] == [403, 403, 404]


def test_a_token_is_needed_and_both_ways_to_send_it_are_known(alice: Runner, token: str) -> None:
    path = f"{EXECUTIONS}/status/{uuid.uuid4()}"
    refused = [
        alice.http.get(path, headers={"Authorization": value}) for value in ("", "Bearer wrong")
    ]
    taken = alice.http.get(path, headers={"Authorization": f"Token {token}"})

    assert [answer.status_code for answer in refused] == [401, 401]
    assert {answer.headers["WWW-Authenticate"] for answer in refused} == {"Bearer"}
    assert taken.status_code == 404


def test_a_visitor_without_an_account_runs_programs_too(
    door: ExecutionStack, base_url: str
) -> None:
    guest = Runner(base_url, guest_token(door))
    with closing(guest.http):
        state = guest.wait_for(guest.start("print(42)"))

    assert (state["status"], state["output"]) == ("completed", "42\n")


def test_bad_requests_say_what_to_change(alice: Runner) -> None:
    missing = alice.http.post(f"{EXECUTIONS}/execute", json={"language": "python"})
    unknown = alice.execute("print(42)", language="cobol")
    empty = alice.execute("")

    assert [answer.status_code for answer in (missing, unknown, empty)] == [422, 400, 400]
    assert "c, cpp, csharp, go, java, javascript, python, rust" in unknown.json()["detail"]


def test_other_names_of_languages_are_known(alice: Runner) -> None:
    code = "#include <iostream>\nint main() { std::cout << 42 << std::endl; }"

    state = alice.wait_for(alice.start(code, language="c++"))

    assert (state["language"], state["output"]) == ("cpp", "42\n")


@pytest.mark.only_processes("each is asked at its own port")
def test_health_and_readiness_are_told(door: ExecutionStack) -> None:
    door.wait_for_replicas()

    for url in door.replica_urls.values():
        assert httpx.get(f"{url}/health/", timeout=PATIENCE_S).json()["status"] == "healthy"
        ready = httpx.get(f"{url}/health/ready", timeout=PATIENCE_S).json()
        assert ready["checks"]["engine"] == "ok"
        assert ready["checks"].get("redis", "ok") == "ok"
        assert (
            httpx.get(f"{url}/", timeout=PATIENCE_S).json()["service"] == "Code Execution Service"
        )


def test_no_result_can_be_posted_where_programs_run_on_this_host(alice: Runner) -> None:
    answer = alice.http.post(f"{EXECUTIONS}/webhook/anything", json={"output": "forged"})

    assert answer.status_code == 404
