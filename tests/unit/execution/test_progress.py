"""What the backend is told of a judging, and that nobody waits for it."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from app.clients.backend import TIMEOUT_S, BackendClient
from app.domain.checkers import ExactChecker
from app.domain.judging import TestCase
from app.domain.judging_rules import JudgingRules
from app.domain.limits import DEFAULT_LIMITS
from app.domain.progress import JudgingStage, Progress
from app.domain.signature import verify
from app.domain.test_groups import TestGroup, TestPlan
from app.engines.base import Program
from app.engines.fake import FakeEngine
from app.languages import load_languages
from app.services import progress
from app.services.judge_queue import ClaimedJob
from app.services.progress import INTERVAL_S, SILENCE_S, ProgressReporter
from app.services.test_judging import Judges, TestJudge, judge_planned

pytestmark = pytest.mark.asyncio

SECRET = "a-shared-secret"
JOB = ClaimedJob(
    job_id=1,
    submission_id=5,
    user_id=7,
    contest_id=None,
    reference="17",
    request_id=None,
    traceparent=None,
    lease_token="",
    attempts=2,
    queued_at=datetime(2026, 1, 1, tzinfo=UTC),
    started_at=datetime(2026, 1, 1, tzinfo=UTC),
    code="",
    language=load_languages().get("python"),
    input_data="",
    limits=DEFAULT_LIMITS,
    compile_options=(),
    files=(),
    test_cases=(),
    rules=JudgingRules(),
)


async def accept() -> httpx.Response:
    return httpx.Response(204)


@dataclass
class Receiver:
    """The backend, which answers as it is told to."""

    answer: Callable[[], Awaitable[httpx.Response]] = accept
    requests: asyncio.Queue[httpx.Request] = field(default_factory=asyncio.Queue)
    came_s: list[float] = field(default_factory=list)

    async def take(self, request: httpx.Request) -> httpx.Response:
        self.came_s.append(asyncio.get_running_loop().time())
        self.requests.put_nowait(request)
        return await self.answer()

    def reporter(self) -> ProgressReporter:
        transport = httpx.MockTransport(self.take)
        return ProgressReporter(
            BackendClient("http://backend", secrets=[SECRET], transport=transport)
        )

    async def next_data(self) -> dict[str, Any]:
        data: dict[str, Any] = json.loads((await self.requests.get()).content)["data"]
        return data


def done(count: int) -> Progress:
    return Progress(stage=JudgingStage.TESTING, tests_done=count, tests_total=9)


async def test_a_report_is_signed_and_says_which_judging_it_is_about() -> None:
    receiver = Receiver()

    with receiver.reporter().reporting(JOB) as tell:
        tell(done(3))
        request = await receiver.requests.get()

    verify(request.content, request.headers, now_s=time.time(), secrets=[SECRET])
    document = json.loads(request.content)
    assert request.url.path == "/api/webhooks/code-execution/progress/"
    assert abs(document.pop("sent_at") - time.time()) < 60
    assert document == {
        "event": "submission.progress",
        "data": {
            "submission_id": 5,
            "reference": "17",
            "attempt": 2,
            "stage": "testing",
            "tests_done": 3,
            "tests_total": 9,
        },
    }


async def test_what_is_judged_at_once_is_not_reported() -> None:
    receiver = Receiver()

    with receiver.reporter().reporting(JOB) as tell:
        tell(done(9))
        await asyncio.sleep(0)
    await asyncio.sleep(1.5 * SILENCE_S)

    assert receiver.requests.empty()


async def test_the_newest_is_reported_and_one_report_at_a_time() -> None:
    may_answer = asyncio.Event()

    async def answer_late() -> httpx.Response:
        await may_answer.wait()
        return httpx.Response(204)

    receiver = Receiver(answer_late)
    with receiver.reporter().reporting(JOB) as tell:
        tell(done(1))
        first = await receiver.next_data()
        for count in range(2, 6):
            tell(done(count))
            await asyncio.sleep(0.01)
        assert receiver.requests.empty()
        may_answer.set()
        second = await receiver.next_data()

    assert (first["tests_done"], second["tests_done"]) == (1, 5)


async def test_reports_keep_a_distance() -> None:
    receiver = Receiver()
    with receiver.reporter().reporting(JOB) as tell:
        tell(done(1))
        await receiver.next_data()
        tell(done(2))
        await receiver.next_data()

    first_s, second_s = receiver.came_s
    assert second_s - first_s >= INTERVAL_S


async def test_nothing_new_is_nothing_to_report() -> None:
    receiver = Receiver()
    with receiver.reporter().reporting(JOB) as tell:
        tell(done(1))
        await receiver.next_data()
        await asyncio.sleep(1.5 * INTERVAL_S)

    assert receiver.requests.empty()


async def test_a_report_that_fails_is_not_sent_again_and_the_next_one_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(progress, "PAUSE_AFTER_FAILURE_S", 0.05)

    async def refuse() -> httpx.Response:
        raise httpx.ConnectError("refused")

    receiver = Receiver(refuse)
    with receiver.reporter().reporting(JOB) as tell:
        tell(done(1))
        await receiver.next_data()
        await asyncio.sleep(0.1)
        assert receiver.requests.empty()
        tell(done(2))
        assert (await receiver.next_data())["tests_done"] == 2


async def test_a_judging_ends_without_a_backend_that_answers() -> None:
    async def hang() -> httpx.Response:
        await asyncio.Event().wait()
        return httpx.Response(204)

    receiver = Receiver(hang)
    with receiver.reporter().reporting(JOB) as tell:
        tell(done(1))
        await receiver.next_data()
        ended_s = time.monotonic()

    assert time.monotonic() - ended_s < TIMEOUT_S / 2
    await asyncio.sleep(0)
    assert len(asyncio.all_tasks()) == 1


async def judged(source: str, tests: list[TestCase], plan: TestPlan) -> list[tuple[str, int, int]]:
    """Judge by the fake engine; what is told of the progress."""
    python = load_languages().get("python")
    program = Program(language=python, source=source.encode(), limits=DEFAULT_LIMITS)
    judges = Judges(checker=ExactChecker(), interactor=None)
    told: list[tuple[str, int, int]] = []
    await judge_planned(
        TestJudge(FakeEngine([python]), program, judges),
        tests,
        plan,
        lambda now: told.append((now.stage, now.tests_done, now.tests_total)),
    )
    return told


def expecting(*outputs: bytes) -> list[TestCase]:
    return [
        TestCase(id=str(number), input=b"", expected_output=output, is_sample=False)
        for number, output in enumerate(outputs)
    ]


async def test_a_judging_tells_that_it_compiles_and_then_each_test() -> None:
    told = await judged("print 5", expecting(b"5", b"6"), TestPlan([None, None], ()))

    assert told == [
        ("compiling", 0, 2),
        ("testing", 0, 2),
        ("testing", 1, 2),
        ("testing", 2, 2),
    ]


async def test_tests_that_are_skipped_are_done_and_a_judging_never_goes_back() -> None:
    groups = (TestGroup(name="a", stop_at_first_failure=True), TestGroup(name="b"))
    plan = TestPlan(["a", "a", "a", "b"], groups)

    told = await judged("print 5", expecting(b"6", b"5", b"5", b"5"), plan)

    assert told == [
        ("compiling", 0, 4),
        ("testing", 0, 4),
        ("testing", 3, 4),
        ("testing", 3, 4),
        ("testing", 4, 4),
    ]


async def test_what_does_not_compile_is_never_tested() -> None:
    told = await judged("frobnicate", expecting(b"5"), TestPlan([None], ()))

    assert told == [("compiling", 0, 1)]
