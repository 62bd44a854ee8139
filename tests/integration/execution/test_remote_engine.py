"""Whole submissions, judged by a provider that works, fails, and works again."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import httpx
import pytest
from typing_extensions import override

from app.config import Settings
from app.domain.circuit_breaker import CircuitBreaker
from app.engines.onlinecompiler.callbacks import AwaitedResults
from app.engines.onlinecompiler.client import Timing
from app.engines.onlinecompiler.engine import OnlineCompilerEngine
from app.languages import load_languages
from app.main import create_app
from tests.integration.execution.fake_backend import FakeBackend
from tests.integration.execution.submissions import (
    SUBMISSIONS,
    make_body,
    make_test_case,
    wait_until_final,
)
from tests.support.asgi_servers import serving
from tests.support.online_compiler import API_KEY, FakeProvider, Fault, Form, fake_provider
from tests.support.patience import PATIENCE_S, until

pytestmark = [
    pytest.mark.asyncio,
    # It is the same on either kind.
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),
]

QUICK = Timing(
    call_timeout_s=PATIENCE_S,
    callback_timeout_s=PATIENCE_S,
    retry_pauses_s=(0.01, 0.01),
    longest_pause_s=0.1,
    busy_pause_s=1,
)
CODE = "print(5)"
BROKEN = Fault(status=500)


@pytest.fixture
def provider() -> Iterator[FakeProvider]:
    with fake_provider() as provider:
        yield provider


@asynccontextmanager
async def running_service(
    settings: Settings,
    provider: FakeProvider,
    backend: FakeBackend,
    *,
    timing: Timing = QUICK,
    breaker: CircuitBreaker | None = None,
) -> AsyncIterator[httpx.AsyncClient]:
    """Serve over real HTTP, so that the provider can call back."""
    languages = load_languages()
    results = AwaitedResults()
    engine = OnlineCompilerEngine(
        languages.languages,
        url=provider.url,
        api_key=API_KEY,
        results=results,
        timing=timing,
        breaker=breaker,
    )
    app = create_app(
        settings,
        engine=engine,
        languages=languages,
        backend_transport=httpx.MockTransport(backend.answer),
        remote_results=results,
    )
    async with (
        serving(app) as address,
        httpx.AsyncClient(base_url=f"http://{address}", timeout=PATIENCE_S) as client,
    ):
        yield client


async def submit(client: httpx.AsyncClient, **changes: Any) -> int:
    created = await client.post(SUBMISSIONS, json=make_body(code=CODE) | changes)
    submission_id: int = created.json()["id"]
    return submission_id


async def test_a_submission_is_judged_at_the_provider(
    settings: Settings, provider: FakeProvider, backend: FakeBackend
) -> None:
    provider.faults = [Fault(status=429, headers={"Retry-After": "0"})]
    async with running_service(settings, provider, backend) as client:
        cases = [
            make_test_case(id="a", input="5", expected_output="5"),
            make_test_case(id="b", input="6", expected_output="7"),
        ]
        submission_id = await submit(client, code="print(input())", test_cases=cases)

        result = await wait_until_final(client, submission_id)

    assert [run["verdict"] for run in result["test_results"]] == ["AC", "WA"]
    assert result["memory_usage_bytes"] > 0


@pytest.mark.parametrize(
    ("code", "verdict", "words"),
    [
        ("print(", "CE", "SyntaxError"),
        ("raise SystemExit(3)", "RTE", "exit code 3"),
        ("print('x' * 2_000_000)", "OLE", "Output Limit Exceeded: 1 MiB"),
    ],
)
async def test_a_failing_program_has_its_verdict(
    settings: Settings,
    provider: FakeProvider,
    backend: FakeBackend,
    code: str,
    verdict: str,
    words: str,
) -> None:
    async with running_service(settings, provider, backend) as client:
        result = await wait_until_final(client, await submit(client, code=code))

    assert result["verdict"] == verdict
    assert words in result["error_output"]


@pytest.mark.parametrize("fault", [BROKEN, Fault(delay_s=1)], ids=["500", "time-out"])
async def test_a_provider_that_fails_for_good_ends_in_an_internal_error_and_a_webhook(
    settings: Settings, provider: FakeProvider, backend: FakeBackend, fault: Fault
) -> None:
    provider.lasting_fault = fault
    timing = Timing(call_timeout_s=0.3, retry_pauses_s=(0.01,))
    async with running_service(settings, provider, backend, timing=timing) as client:
        result = await wait_until_final(client, await submit(client))
        event = await backend.wait_for_result()

    assert result["verdict"] == event["verdict"] == "IE"
    assert result["error_output"] == "Internal Error: The remote engine failed"


class WatchedBreaker(CircuitBreaker):
    """Counts calls; once open, it waits for the test, not for its pause, to try the provider."""

    passed = 0
    refused = 0
    may_probe = False

    @override
    def admit(self, now_s: float) -> float:
        is_shut = self.is_open and not self.may_probe
        wait_s = 0.5 if is_shut else super().admit(now_s)
        if wait_s:
            self.refused += 1
        else:
            self.passed += 1
        return wait_s


async def test_submissions_wait_while_the_provider_is_broken_and_are_judged_afterwards(
    settings: Settings, provider: FakeProvider, backend: FakeBackend
) -> None:
    breaker = WatchedBreaker(failures_to_open=1, first_pause_s=0.01)
    timing = replace(QUICK, retry_pauses_s=())
    provider.lasting_fault = BROKEN

    async def have_been_refused() -> bool:
        return breaker.refused >= 4

    async with running_service(
        settings, provider, backend, timing=timing, breaker=breaker
    ) as client:
        ids = [await submit(client) for _ in range(4)]
        await until(have_been_refused)
        provider.lasting_fault = None
        breaker.may_probe = True
        results = [await wait_until_final(client, submission_id) for submission_id in ids]

    assert len(provider.bodies) == breaker.passed
    assert [result["verdict"] for result in results] == ["AC"] * 4


async def test_a_pause_that_the_provider_asks_for_is_spent_in_the_queue(
    settings: Settings, provider: FakeProvider, backend: FakeBackend
) -> None:
    provider.faults = [Fault(status=429, headers={"Retry-After": "1"})] * 3
    async with running_service(settings, provider, backend) as client:
        result = await wait_until_final(client, await submit(client))

    assert result["verdict"] == "AC"
    assert len(provider.bodies) == 4


@pytest.mark.parametrize("form", [Form.ACCEPTED, Form.OK])
async def test_a_result_that_is_posted_back_is_taken_once(
    settings: Settings, backend: FakeBackend, form: Form
) -> None:
    statuses: list[int] = []
    is_over = threading.Event()
    with fake_provider(form) as provider:
        async with running_service(settings, provider, backend) as client:
            url = client.base_url.join("/api/v1/remote-results/")

            def call_back(content: bytes) -> None:
                forged = content.replace(b"5\\n", b"6\\n").replace(b'"token": "', b'"token": "x')
                answers = [
                    httpx.post(url, content=each, timeout=PATIENCE_S)
                    for each in (forged, content, content)
                ]
                statuses.extend(answer.status_code for answer in answers)
                is_over.set()

            provider.call_back = call_back
            result = await wait_until_final(client, await submit(client))
            await asyncio.to_thread(is_over.wait, PATIENCE_S)

    assert (result["verdict"], result["output"]) == ("AC", "5\n")
    # More than three where the host was so slow that a lease ran out: it was run once more.
    assert len(statuses) >= 3
    assert set(statuses) == {202}
    assert len(backend.requests) == 1


async def test_a_huge_callback_is_refused(
    settings: Settings, provider: FakeProvider, backend: FakeBackend
) -> None:
    async with running_service(settings, provider, backend) as client:
        answer = await client.post("/api/v1/remote-results/", content=b"x" * (17 * 1024 * 1024))

    assert answer.status_code == 413
    assert answer.json()["code"] == "too-large"


async def test_the_providers_names_are_shown_without_asking_it(
    settings: Settings, provider: FakeProvider, backend: FakeBackend
) -> None:
    async with running_service(settings, provider, backend) as client:
        languages = (await client.get("/api/v1/languages")).json()

    assert {item["id"]: item["version"] for item in languages}["rust"] == "rust-1.62.0"
    assert provider.bodies == []
