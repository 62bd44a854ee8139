import asyncio
import json
from typing import Any

import httpx
import pytest

from app.services import progress
from tests.integration.execution.fake_backend import FakeBackend
from tests.integration.execution.submissions import (
    SUBMISSIONS,
    make_body,
    make_test_case,
    wait_until_final,
)

pytestmark = pytest.mark.asyncio


async def test_a_submission_is_pending_at_first_and_judged_soon(client: httpx.AsyncClient) -> None:
    created = await client.post(SUBMISSIONS, json=make_body(input_data="x", reference="alice-1"))
    result = await wait_until_final(client, created.json()["id"])

    assert created.status_code == 201
    assert created.json()["status"] == "pending"
    assert created.json()["verdict"] is None
    assert result["status"] == "completed"
    assert result["verdict"] == "AC"
    assert result["output"] == "5\n"
    assert result["error_output"] is None
    assert result["reference"] == "alice-1"
    assert result["execution_time"].endswith("s")
    assert result["memory_usage"].endswith("MB")
    assert result["test_results"] is None


async def test_test_cases_are_judged_in_their_order(client: httpx.AsyncClient) -> None:
    cases = [
        make_test_case(id="a", input="5\n", expected_output="5"),
        make_test_case(id="b", input="6\n", expected_output="7", is_sample=False),
    ]
    created = await client.post(SUBMISSIONS, json=make_body(code="echo", test_cases=cases))

    result = await wait_until_final(client, created.json()["id"])

    assert result["verdict"] == "WA"
    assert result["status"] == "completed"
    assert [run["test_case_id"] for run in result["test_results"]] == ["a", "b"]
    assert [run["verdict"] for run in result["test_results"]] == ["AC", "WA"]
    assert [run["output"] for run in result["test_results"]] == ["5\n", None]
    assert result["summary"] == {
        "total_tests": 2, "passed": 1, "failed": 1, "skipped": 0, "all_passed": False,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("code", "verdict", "error_output"),
    [
        ("status time_limit", "TLE", "Time Limit Exceeded: 300 ms of CPU time"),
        ("status memory_limit", "MLE", "Memory Limit Exceeded: 64 MiB"),
        ("status output_limit", "OLE", "Output Limit Exceeded: 1 MiB"),
        ("exit 3", "RTE", "Runtime Error: exit code 3"),
        ("compile-error boom", "CE", "Compilation Error:\nboom"),
        ("break", "IE", "Internal Error: The sandbox failed"),
    ],
)
async def test_every_way_to_fail_is_an_error_that_says_which(
    client: httpx.AsyncClient, code: str, verdict: str, error_output: str
) -> None:
    limits = {"cpu_time_ms": 300, "memory_bytes": 64 * 1024 * 1024}
    created = await client.post(SUBMISSIONS, json=make_body(code=code, language="c", limits=limits))

    result = await wait_until_final(client, created.json()["id"])

    assert result["status"] == "error"
    assert result["verdict"] == verdict
    assert result["error_output"] == error_output


async def test_a_repeated_key_creates_nothing_new(
    client: httpx.AsyncClient, backend: FakeBackend
) -> None:
    headers = {"Idempotency-Key": "key-1"}

    first = await client.post(SUBMISSIONS, json=make_body(), headers=headers)
    await wait_until_final(client, first.json()["id"])
    again = await client.post(SUBMISSIONS, json=make_body(), headers=headers)

    assert again.status_code == 201
    assert again.json()["id"] == first.json()["id"]
    assert again.json()["verdict"] == "AC"
    assert len((await client.get(SUBMISSIONS)).json()) == 1


async def test_the_same_key_at_the_same_moment_creates_one(client: httpx.AsyncClient) -> None:
    headers = {"Idempotency-Key": "key-1"}

    answers = await asyncio.gather(
        *(client.post(SUBMISSIONS, json=make_body(), headers=headers) for _ in range(8))
    )

    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 1


async def test_a_key_with_another_request_is_a_conflict(client: httpx.AsyncClient) -> None:
    headers = {"Idempotency-Key": "key-1"}
    await client.post(SUBMISSIONS, json=make_body(), headers=headers)

    answer = await client.post(SUBMISSIONS, json=make_body(code="print 6"), headers=headers)

    assert answer.status_code == 409


@pytest.mark.parametrize(
    ("changes", "status_code"),
    [
        ({"code": ""}, 400),
        ({"code": "x" * (100 * 1024 + 1)}, 400),
        ({"language": "cobol"}, 400),
        ({"contest_id": 12345}, 400),
        ({"code": "a\0b"}, 422),
        ({"user_id": "seven"}, 422),
        ({"user_id": 2**63}, 422),
        ({"limits": {"cpu_time_ms": 10**9}}, 422),
        ({"test_cases": [{"id": "1", "input": ""}]}, 422),
    ],
)
async def test_refuses_what_it_cannot_judge(
    client: httpx.AsyncClient, changes: dict[str, Any], status_code: int
) -> None:
    answer = await client.post(SUBMISSIONS, json=make_body(**changes))

    assert answer.status_code == status_code
    assert answer.json()["detail"]
    assert (await client.get(SUBMISSIONS)).json() == []


async def test_refuses_a_lone_surrogate(client: httpx.AsyncClient) -> None:
    body = b'{"code": "print \\ud800", "language": "python", "user_id": 1}'

    answer = await client.post(
        SUBMISSIONS, content=body, headers={"Content-Type": "application/json"}
    )

    assert answer.status_code == 422


async def test_a_submission_may_wait_for_execute(client: httpx.AsyncClient) -> None:
    created = await client.post(SUBMISSIONS, json=make_body(auto_execute=False))
    submission_id = created.json()["id"]
    await asyncio.sleep(0.2)
    waiting = await client.get(f"{SUBMISSIONS}{submission_id}")

    started = await client.post(f"{SUBMISSIONS}{submission_id}/execute")
    result = await wait_until_final(client, submission_id)
    again = await client.post(f"{SUBMISSIONS}{submission_id}/execute")

    assert waiting.json()["status"] == "pending"
    assert started.json() == {"message": "Execution started", "submission_id": submission_id}
    assert result["status"] == "completed"
    assert again.status_code == 400
    assert again.json()["detail"] == "Cannot execute submission with status: completed"


async def test_an_error_can_be_executed_again_and_makes_a_second_judgement(
    client: httpx.AsyncClient, backend: FakeBackend
) -> None:
    created = await client.post(SUBMISSIONS, json=make_body(code="exit 1"))
    await backend.wait_for_requests(1)

    await client.post(f"{SUBMISSIONS}{created.json()['id']}/execute")
    requests = await backend.wait_for_requests(2)

    assert len({request.headers["webhook-id"] for request in requests}) == 2


@pytest.mark.parametrize("spelling", ["/api/v1/submissions", "/api/v1/submissions/"])
async def test_answers_with_and_without_the_slash(client: httpx.AsyncClient, spelling: str) -> None:
    assert (await client.post(spelling, json=make_body())).status_code == 201
    assert (await client.get(spelling)).status_code == 200


async def test_an_unknown_submission_is_not_found(client: httpx.AsyncClient) -> None:
    for path in (f"{SUBMISSIONS}999", f"{SUBMISSIONS}999/"):
        answer = await client.get(path)
        assert answer.status_code == 404
        assert answer.json()["detail"] == "Submission not found"
    assert (await client.get(f"{SUBMISSIONS}{2**80}")).status_code == 422
    assert (await client.get(f"{SUBMISSIONS}{2**62}")).status_code == 404


async def test_lists_by_user_contest_and_status(client: httpx.AsyncClient) -> None:
    contest = (await client.post("/api/v1/contests/", json={"title": "Cup"})).json()
    alices = await client.post(SUBMISSIONS, json=make_body(user_id=1, contest_id=contest["id"]))
    bobs = await client.post(SUBMISSIONS, json=make_body(user_id=2, code="exit 1"))
    for created in (alices, bobs):
        await wait_until_final(client, created.json()["id"])

    async def ids(**query: Any) -> list[int]:
        answer = await client.get(SUBMISSIONS, params=query)
        return [row["id"] for row in answer.json()]

    alice_id, bob_id = alices.json()["id"], bobs.json()["id"]
    assert await ids() == [bob_id, alice_id]
    assert await ids(user_id=1) == [alice_id]
    assert await ids(contest_id=contest["id"]) == [alice_id]
    assert await ids(status="error") == [bob_id]
    assert await ids(skip=1, limit=1) == [alice_id]


async def test_a_repeated_key_makes_one_contest(client: httpx.AsyncClient) -> None:
    async def create(title: str) -> httpx.Response:
        headers = {"Idempotency-Key": "key-1"}
        return await client.post("/api/v1/contests/", json={"title": title}, headers=headers)

    answers = await asyncio.gather(*(create("Cup") for _ in range(4)))
    other = await create("Another cup")

    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert len((await client.get("/api/v1/contests/")).json()) == 1
    assert (other.status_code, other.json()["code"]) == (409, "idempotency-mismatch")


async def test_deleting_a_contest_keeps_its_submissions(client: httpx.AsyncClient) -> None:
    contest = (await client.post("/api/v1/contests/", json={"title": "Cup"})).json()
    created = await client.post(SUBMISSIONS, json=make_body(contest_id=contest["id"]))
    await wait_until_final(client, created.json()["id"])

    deleted = await client.delete(f"/api/v1/contests/{contest['id']}")

    assert deleted.status_code == 204
    kept = await client.get(f"{SUBMISSIONS}{created.json()['id']}")
    assert kept.json()["contest_id"] is None
    assert (await client.get(f"/api/v1/contests/{contest['id']}")).status_code == 404


async def test_contests_can_be_changed_and_listed(client: httpx.AsyncClient) -> None:
    contest = (await client.post("/api/v1/contests/", json={"title": "Cup"})).json()

    changed = await client.put(f"/api/v1/contests/{contest['id']}", json={"is_active": False})

    assert changed.json()["is_active"] is False
    assert changed.json()["title"] == "Cup"
    assert (await client.get("/api/v1/contests/", params={"is_active": True})).json() == []
    assert len((await client.get("/api/v1/contests/")).json()) == 1


async def test_tells_health_readiness_and_languages(client: httpx.AsyncClient) -> None:
    health = (await client.get("/health")).json()
    ready = await client.get("/health/ready/")
    languages = (await client.get("/api/v1/languages/")).json()

    assert health["status"] == "healthy"
    assert health["service"] == "Code Execution Service"
    assert ready.status_code == 200
    assert ready.json() == {
        "status": "ready",
        "checks": {"database": "ok", "engine": "ok", "signature": "ok", "deliveries": "ok"},
    }
    assert {language["id"] for language in languages} == {
        "python", "javascript", "java", "cpp", "c", "csharp", "go", "rust",
    }  # fmt: skip


async def test_a_judging_that_takes_its_time_is_reported_test_by_test(
    client: httpx.AsyncClient, backend: FakeBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "INTERVAL_S", 0)
    cases = [make_test_case(id=str(number)) for number in range(5)]
    body = make_body(code="sleep 80\nprint 5", test_cases=cases, reference="17")

    created = await client.post(SUBMISSIONS, json=body)
    await wait_until_final(client, created.json()["id"])

    reports = [json.loads(request.content)["data"] for request in backend.reports]
    counts = [report.pop("tests_done") for report in reports]
    assert counts == sorted(set(counts))
    assert counts[-1] > counts[0]
    assert reports[0] == {
        "submission_id": created.json()["id"],
        "reference": "17",
        "attempt": 1,
        "stage": "testing",
        "tests_total": 5,
    }


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("POST", SUBMISSIONS, 400, "invalid-request"),
        ("POST", "/run", 400, "invalid-request"),
        ("PUT", SUBMISSIONS, 405, "method-not-allowed"),
        ("GET", "/nowhere", 404, "not-found"),
    ],
)
async def test_what_the_framework_refuses_has_a_code_too(
    client: httpx.AsyncClient, method: str, path: str, status: int, code: str
) -> None:
    content_type = {"Content-Type": "application/json"}

    answer = await client.request(method, path, content=b"\xff", headers=content_type)

    assert (answer.status_code, answer.json()["code"]) == (status, code)
