import asyncio
import json
import re
import shutil
import time
import uuid
from collections.abc import AsyncGenerator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from app.config import Settings
from app.domain.runs import CompileResult, RunResult
from app.domain.signature import sign
from app.engines.base import OutputListener, Program
from app.engines.fake import FakeEngine
from app.errors import EngineError, EngineUnavailableError, SandboxFailureError
from app.languages import load_languages
from tests.integration.execution.conftest import SECRET
from tests.integration.execution.held_engine import HeldEngine
from tests.integration.execution.judge_calls import (
    make_run,
    make_run_all,
    make_submit,
    make_test,
    running,
)
from tests.support.patience import PATIENCE_S

pytestmark = pytest.mark.asyncio
ENDPOINTS = ["/run", "/runall", "/submit"]


@pytest.fixture
def database_url(sqlite_template: Path, tmp_path: Path) -> str:
    """Make one kind of database do: what is stored has tests of its own."""
    shutil.copy(sqlite_template, tmp_path / "service.sqlite3")
    return f"sqlite:///{tmp_path}/service.sqlite3"


def make_call(endpoint: str, **changes: Any) -> dict[str, Any]:
    make = {"/run": make_run, "/runall": make_run_all, "/submit": make_submit}[endpoint]
    return make(**changes)


async def post(client: httpx.AsyncClient, path: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = await client.post(path, json=body)
    assert answer.status_code == 200, answer.text
    document: dict[str, Any] = answer.json()
    return document


async def test_an_answer_has_exactly_the_promised_fields(client: httpx.AsyncClient) -> None:
    answer = await post(client, "/run", make_run(user_id="alice", question_id="q1"))

    assert uuid.UUID(answer.pop("execution_id"))
    assert datetime.fromisoformat(answer.pop("timestamp")).utcoffset() is not None
    metadata = answer.pop("metadata")
    assert metadata.pop("replica")
    assert metadata.pop("container_id")
    assert metadata.pop("execution_time_ms") >= 0
    assert metadata == {
        "timeout": 5,
        "cpu_usage_percent": 0.0,
        "memory_usage_bytes": 1048576,
        "memory_usage_mb": 1.0,
        "endpoint": "run",
        "test_type": "sample",
    }
    assert answer == {
        "summary": {
            "total_tests": 1,
            "passed": 1,
            "failed": 0,
            "all_passed": True,
            "pass_percentage": 100.0,
        },
        "test_results": [
            {
                "test_case_id": "test_1",
                "test_case_number": 1,
                "input": "",
                "expected_output": "42",
                "actual_output": "42\n",
                "error": None,
                "status": "passed",
                "passed": True,
                "execution_time_ms": 0,
                "cpu_usage_percent": 0.0,
                "memory_usage_bytes": 1048576,
            }
        ],
    }


async def test_two_calls_have_two_ids(client: httpx.AsyncClient) -> None:
    first, second = [await post(client, "/run", make_run()) for _ in range(2)]

    assert first["execution_id"] != second["execution_id"]


@pytest.mark.parametrize("endpoint", ["/runall", "/submit"])
async def test_sample_tests_are_not_run_with_all_tests(
    client: httpx.AsyncClient, endpoint: str
) -> None:
    samples = [make_test(expected_output="wrong")] * 2

    answer = await post(client, endpoint, make_call(endpoint, sample_test_cases=samples))

    assert answer["summary"]["total_tests"] == 1
    assert answer["summary"]["all_passed"] is True
    assert answer["metadata"]["endpoint"] == endpoint.removeprefix("/")
    assert answer["metadata"]["test_type"] == "all"


async def test_tests_keep_their_order_and_are_counted(client: httpx.AsyncClient) -> None:
    tests = [
        make_test(id="b", input="1", expected_output="1"),
        make_test(id="", input="2", expected_output="x"),
        make_test(id="a", input="3", expected_output="3 \n\n"),
    ]

    answer = await post(client, "/run", make_run(code="echo", sample_test_cases=tests))

    results = answer["test_results"]
    assert [result["test_case_id"] for result in results] == ["b", "test_2", "a"]
    assert [result["test_case_number"] for result in results] == [1, 2, 3]
    assert [result["actual_output"] for result in results] == ["1", "2", "3"]
    assert [result["passed"] for result in results] == [True, False, True]
    assert answer["summary"]["passed"] == 2
    assert answer["summary"]["failed"] == 1
    assert answer["summary"]["pass_percentage"] == 66.67


@pytest.mark.parametrize(
    ("code", "status", "error"),
    [
        ("print 42\nerror error: oh", "passed", "error: oh\n"),
        ("print 41", "failed", None),
        ("status time_limit", "tle", "Time Limit Exceeded: 2000 ms of CPU time"),
        ("status wall_limit", "tle", "Time Limit Exceeded: 3000 ms of wall time"),
        ("status memory_limit", "mle", "Memory Limit Exceeded: 256 MiB"),
        ("status output_limit", "runtime_error", "Output Limit Exceeded: 1 MiB"),
        ("print 42\nexit 3", "runtime_error", "Runtime Error: exit code 3"),
        ("error oh\nsignal 11", "runtime_error", "Runtime Error: killed by signal 11\noh\n"),
        ("compile-error line 1: boom", "syntax_error", "line 1: boom"),
        ("break", "error", "The sandbox failed"),
    ],
)
async def test_every_way_to_end_has_its_word(
    client: httpx.AsyncClient, code: str, status: str, error: str | None
) -> None:
    answer = await post(client, "/run", make_run(language="c", code=code, timeout=2))

    (result,) = answer["test_results"]
    assert result["status"] == status
    assert result["error"] == error
    assert result["passed"] is (status == "passed")


async def test_a_program_that_does_not_compile_fails_every_test(client: httpx.AsyncClient) -> None:
    tests = [make_test(), make_test()]

    answer = await post(client, "/runall", make_run_all(code="compile-error x", test_cases=tests))

    assert [result["status"] for result in answer["test_results"]] == ["syntax_error"] * 2
    assert [result["execution_time_ms"] for result in answer["test_results"]] == [0, 0]
    assert [result["actual_output"] for result in answer["test_results"]] == ["", ""]
    assert answer["summary"]["failed"] == 2


class BreakingEngine(FakeEngine):
    """Runs every program once, and then has the given fault."""

    def __init__(self, fault: EngineError) -> None:
        super().__init__(load_languages().languages)
        self._fault = fault

    async def execute(
        self,
        program: Program,
        inputs: Sequence[bytes],
        *,
        on_output: OutputListener | None = None,
    ) -> AsyncGenerator[CompileResult | RunResult, None]:
        async for result in super().execute(program, inputs[:1], on_output=on_output):
            yield result
        raise self._fault


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (SandboxFailureError("an inner secret"), "The sandbox failed"),
        (EngineUnavailableError("Go is not installed: apt-get install golang-go"), None),
    ],
)
async def test_what_was_not_run_through_our_fault_is_an_error(
    settings: Settings, fault: EngineError, error: str | None
) -> None:
    async with running(settings, engine=BreakingEngine(fault)) as client:
        answer = await post(client, "/run", make_run(sample_test_cases=[make_test()] * 3))

    results = answer["test_results"]
    assert [result["status"] for result in results] == ["passed", "error", "error"]
    assert [result["error"] for result in results] == [None] + [error or fault.detail] * 2
    assert answer["summary"]["passed"] == 1


@pytest.mark.parametrize(
    ("asked", "used"), [(None, 5), (0, 5), (3, 3), (9, 9), (10, 10), (11, 10), (10**30, 10)]
)
async def test_the_timeout_has_a_default_and_a_maximum(
    settings: Settings, asked: int | None, used: int
) -> None:
    limited = settings.model_copy(update={"judge_max_timeout_seconds": 10})
    async with running(limited) as client:
        body = make_run(code="status time_limit", timeout=asked)
        answer = await post(client, "/run", body)

    assert answer["metadata"]["timeout"] == used
    assert f"{used}000 ms of CPU time" in answer["test_results"][0]["error"]


async def test_the_output_that_many_tests_show_is_bounded(client: httpx.AsyncClient) -> None:
    line = "print " + "x" * 99_000
    tests = [make_test()] * 200

    answer = await client.post("/run", json=make_run(code=line, sample_test_cases=tests))

    results = answer.json()["test_results"]
    assert len(answer.content) < 17 * 1024 * 1024
    assert all(result["actual_output"].endswith("\n[output cut]") for result in results)
    assert len(results) == 200


@pytest.mark.parametrize(
    ("endpoint", "changes", "status_code", "complaint"),
    [
        ("/run", {"code": ""}, 400, "Code is required"),
        ("/run", {"sample_test_cases": []}, 400, "Sample test cases are required"),
        ("/runall", {"test_cases": []}, 400, "Test cases are required"),
        ("/submit", {"test_cases": []}, 400, "Test cases are required"),
        ("/submit", {"user_id": ""}, 400, "user_id is required for submission"),
        ("/submit", {"question_id": ""}, 400, "question_id is required for submission"),
        ("/run", {"language": "cobol"}, 400, "Unsupported language: cobol"),
        ("/run", {"code": "x" * (100 * 1024 + 1)}, 400, "the limit is 102400 bytes (100 KiB)"),
        ("/run", {"timeout": -1}, 422, "greater than or equal to 0"),
        ("/run", {"timeout": "soon"}, 422, "valid integer"),
        ("/run", {"code": "a\0b"}, 422, "match pattern"),
        ("/run", {"code": None}, 422, "valid string"),
        ("/run", {"sample_test_cases": [{"id": "1", "input": ""}]}, 422, "Field required"),
        ("/run", {"sample_test_cases": [make_test(input="\0")]}, 422, "match pattern"),
        ("/run", {"sample_test_cases": [make_test()] * 201}, 422, "at most 200 items"),
        ("/run", {"sample_test_cases": [make_test(input="x" * 1048577)]}, 422, "at most 1048576"),
        ("/submit", {"user_id": None}, 422, "valid string"),
        ("/submit", {"question_id": "q" * 256}, 422, "at most 255"),
    ],
)
async def test_refuses_what_it_cannot_judge_and_says_why(
    client: httpx.AsyncClient,
    endpoint: str,
    changes: dict[str, Any],
    status_code: int,
    complaint: str,
) -> None:
    answer = await client.post(endpoint, json=make_call(endpoint, **changes))

    assert answer.status_code == status_code
    assert complaint in str(answer.json()["detail"])


@pytest.mark.parametrize("field", ["language", "code", "test_cases", "user_id", "question_id"])
async def test_refuses_a_submission_that_lacks_a_field(
    client: httpx.AsyncClient, field: str
) -> None:
    body = make_submit()
    del body[field]

    answer = await client.post("/submit", json=body)

    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"] == ["body", field]


@pytest.mark.parametrize("is_announced", [True, False])
async def test_refuses_a_body_that_is_too_large(
    client: httpx.AsyncClient, *, is_announced: bool
) -> None:
    body = json.dumps(make_run(user_id="x" * (16 * 1024 * 1024))).encode()

    async def in_pieces() -> Any:
        yield body

    answer = await client.post("/run", content=body if is_announced else in_pieces())

    assert answer.status_code == 413
    assert "the limit is 16777216 bytes (16 MiB)" in answer.json()["detail"]


@pytest.mark.parametrize(
    "name", ["python", "PY", "JavaScript", "js", "node", "java", "cpp", "C++", "csharp", "C#", "cs",
             "c", "go", "rust"],
)  # fmt: skip
async def test_languages_go_by_many_names(client: httpx.AsyncClient, name: str) -> None:
    answer = await post(client, "/run", make_run(language=name))

    assert answer["summary"]["all_passed"] is True


@pytest.mark.parametrize("endpoint", ENDPOINTS)
async def test_answers_with_the_slash_too(client: httpx.AsyncClient, endpoint: str) -> None:
    answer = await post(client, f"{endpoint}/", make_call(endpoint))

    assert answer["summary"]["all_passed"] is True


async def test_a_long_run_does_not_hold_up_the_others(client: httpx.AsyncClient) -> None:
    slow = asyncio.create_task(post(client, "/run", make_run(code="sleep 60000\nprint 42")))
    await asyncio.sleep(0.1)

    quick = await post(client, "/run", make_run())

    assert quick["summary"]["all_passed"] is True
    assert not slow.done()
    slow.cancel()


async def test_more_calls_than_may_wait_are_sent_away(settings: Settings) -> None:
    tight = settings.model_copy(update={"judge_workers": 1, "judge_max_waiting_calls": 1})
    engine = HeldEngine()
    async with running(tight, engine=engine) as client:
        body = make_run()
        calls = [asyncio.create_task(client.post("/run", json=body)) for _ in range(3)]
        await asyncio.wait(calls, return_when=asyncio.FIRST_COMPLETED)
        engine.may_end.set()
        answers = await asyncio.gather(*calls)
        later = await client.post("/run", json=body)

    sent_away = [answer for answer in answers if answer.status_code == 503]
    assert [answer.status_code for answer in answers].count(200) == 2
    assert len(sent_away) == 1
    assert sent_away[0].headers["Retry-After"] == "5"
    assert "try again" in sent_away[0].json()["detail"]
    assert later.status_code == 200


async def test_a_client_that_goes_away_ends_its_program(service: FastAPI) -> None:
    """Spoken to without an HTTP library: none of them goes away in the middle."""
    is_gone, sent = asyncio.Event(), []
    body = json.dumps(make_run(code="sleep 60000")).encode()
    requests = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> dict[str, Any]:
        if requests:
            return requests.pop()
        await is_gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/run",
        "query_string": b"",
        "headers": [(b"content-type", b"application/json")],
        "client": ("127.0.0.1", 40_000),
    }
    async with service.router.lifespan_context(service), asyncio.timeout(PATIENCE_S):
        call = asyncio.ensure_future(service(scope, receive, send))
        await asyncio.sleep(0.2)
        is_running = not call.done()
        is_gone.set()
        await call

    assert is_running
    assert sent[0]["status"] == 499


@pytest.mark.parametrize("endpoint", ENDPOINTS)
async def test_a_closed_door_wants_a_credential(
    client: httpx.AsyncClient, service: FastAPI, endpoint: str
) -> None:
    service.state.open_doors = frozenset({"submissions"})
    body = json.dumps(make_call(endpoint)).encode()
    signature = sign(body, message_id="m", timestamp_s=int(time.time()), secrets=[SECRET])
    json_type = {"Content-Type": "application/json"}

    without = await client.post(endpoint, content=body, headers=json_type)
    signed = await client.post(endpoint, content=body, headers=json_type | signature)

    assert without.status_code == 401
    assert signed.status_code == 200


async def test_pages_of_any_origin_may_call_the_door(client: httpx.AsyncClient) -> None:
    asked = {
        "Origin": "https://elsewhere.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type",
    }

    preflight = await client.options("/run", headers=asked)
    answer = await client.post("/run", json=make_run(), headers={"Origin": asked["Origin"]})
    other = await client.options("/api/v1/submissions/", headers=asked)

    assert preflight.status_code == 200
    assert preflight.headers["Access-Control-Allow-Origin"] == "*"
    assert preflight.headers["Access-Control-Allow-Headers"] == "content-type"
    assert "Access-Control-Allow-Credentials" not in preflight.headers
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Origin" not in other.headers


async def test_the_origins_can_be_chosen(settings: Settings) -> None:
    chosen = settings.model_copy(update={"judge_cors_origins": ("https://contest.example",)})
    async with running(chosen) as client:
        answers = [
            await client.post("/run", json=make_run(), headers={"Origin": origin})
            for origin in ("https://contest.example", "https://elsewhere.example")
        ]

    assert answers[0].headers["Access-Control-Allow-Origin"] == "https://contest.example"
    assert "Access-Control-Allow-Origin" not in answers[1].headers


async def test_health_says_which_replica_answers(settings: Settings) -> None:
    named = settings.model_copy(update={"replica_name": "replica-7"})
    async with running(named) as client:
        health = (await client.get("/health")).json()
        answer = await post(client, "/run", make_run())

    assert set(health) == {"status", "timestamp", "service", "version", "replica"}
    assert health["status"] == "healthy"
    assert health["replica"] == answer["metadata"]["replica"] == "replica-7"


async def test_languages_tell_what_brings_them(client: httpx.AsyncClient) -> None:
    languages = {row["id"]: row for row in (await client.get("/api/v1/languages")).json()}

    assert languages["csharp"]["name"] == "C#"
    assert "cs" in languages["csharp"]["aliases"]
    assert languages["csharp"]["compiler"] == "dotnet-6.0"
    assert languages["csharp"]["version"] == "toy 1.0"
    assert languages["csharp"]["available"] is True
    assert "mono-mcs" in languages["csharp"]["debian_packages"]


@pytest.mark.parametrize("page", ["/docs", "/redoc"])
async def test_there_is_a_page_to_read(client: httpx.AsyncClient, page: str) -> None:
    answer = await client.get(page)

    assert answer.status_code == 200
    assert "/openapi.json" in answer.text
    assert "script-src 'self';" in answer.headers["content-security-policy"]
    loaded = re.findall(r'(?:src|href)="([^"]*)"', answer.text)
    assert all(each.startswith(("/docs/", "data:")) for each in loaded)
    for path in (each for each in loaded if each.startswith("/")):
        for encoding in ("gzip", "identity"):
            file = await client.get(path, headers={"Accept-Encoding": encoding})
            assert file.status_code == 200
            assert len(file.text) > 100
