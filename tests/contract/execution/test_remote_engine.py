"""The remote engine against a stand-in that speaks the documented interface, and fails."""

import asyncio
import json
import logging
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from app.domain.circuit_breaker import CircuitBreaker
from app.engines.onlinecompiler.client import MAX_CALLS
from app.errors import EngineBusyError, EngineError, EngineUnavailableError, RemoteEngineError
from tests.support.online_compiler import API_KEY, FakeProvider, Fault, fake_provider
from tests.support.patience import PATIENCE_S
from tests.support.remote_engines import (
    BROKEN,
    RESULT,
    TIMING,
    make_engine,
    make_program,
    run,
    started,
)

pytestmark = pytest.mark.asyncio


@pytest.fixture
def may_answer() -> Iterator[threading.Event]:
    event = threading.Event()
    yield event
    event.set()


async def wait_for_calls(provider: FakeProvider, count: int) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while len(provider.bodies) < count:  # noqa: ASYNC110  # a thread's
            await asyncio.sleep(0.005)


async def test_asks_with_key_and_documented_fields_only(provider: FakeProvider) -> None:
    engine = await started(make_engine(provider))

    await run(engine, make_program("print(input())"), b"x")
    await engine.close()

    assert provider.bodies == [{"compiler": "python-3.9.7", "code": "print(input())", "input": "x"}]


@pytest.mark.parametrize(
    "fault",
    [
        Fault(status=429, headers={"Retry-After": "0"}),
        Fault(status=503, headers={"Retry-After": "soon"}),
        BROKEN,
        Fault(is_dropped=True),
        Fault(body=b"<html>maintenance</html>"),
        Fault(body=b'{"output": 5}'),
    ],
    ids=["429", "503", "500", "dropped", "no JSON", "wrong type"],
)
async def test_a_passing_fault_is_overcome(provider: FakeProvider, fault: Fault) -> None:
    engine = await started(make_engine(provider))
    provider.faults = [fault, fault]

    result = await run(engine)
    await engine.close()

    assert result.stdout == b"5\n"


async def test_waits_as_long_as_the_provider_asks(provider: FakeProvider) -> None:
    engine = await started(make_engine(provider))
    provider.faults = [Fault(status=429, headers={"Retry-After": "1"})]
    started_s = asyncio.get_running_loop().time()

    await run(engine)
    await engine.close()

    assert asyncio.get_running_loop().time() - started_s >= 1


@pytest.mark.parametrize(
    ("fault", "calls"),
    [
        (BROKEN, 3),
        (Fault(is_dropped=True), 3),
        (Fault(body=b"{"), 3),
        (Fault(status=302, headers={"Location": "/elsewhere"}), 1),
    ],
    ids=["500", "dropped", "malformed", "redirect"],
)
async def test_a_lasting_fault_is_the_providers_and_tried_a_few_times(
    provider: FakeProvider, fault: Fault, calls: int
) -> None:
    engine = await started(make_engine(provider))
    provider.lasting_fault = fault

    with pytest.raises(RemoteEngineError):
        await run(engine)
    await engine.close()

    assert len(provider.bodies) == calls


async def test_who_has_had_the_time_to_answer_is_not_asked_again(
    provider: FakeProvider, may_answer: threading.Event
) -> None:
    engine = await started(make_engine(provider, timing=replace(TIMING, call_timeout_s=0.5)))
    provider.lasting_fault = Fault(until=may_answer)

    with pytest.raises(RemoteEngineError, match="no answer in time"):
        await run(engine)
    await engine.close()

    assert len(provider.bodies) <= 1  # none where the time was over before the call had arrived


async def test_nothing_can_be_reached_where_nobody_listens() -> None:
    with fake_provider() as provider:
        engine = await started(make_engine(provider))

    with pytest.raises(RemoteEngineError, match="no connection"):
        await run(engine)
    await engine.close()


async def test_a_program_that_the_provider_refuses_is_not_tried_again(
    provider: FakeProvider,
) -> None:
    engine = await started(make_engine(provider))
    provider.faults = [Fault(status=400, body=b'{"error": "unknown compiler"}')]

    with pytest.raises(EngineUnavailableError, match="does not take this program"):
        await run(engine)
    await engine.close()

    assert len(provider.bodies) == 1


@pytest.mark.parametrize(
    ("value", "least_s", "most_s"),
    [
        ("120", 120, 120),
        ("99999999", 3600, 3600),
        ("in ten minutes", 540, 600),
    ],
    ids=["seconds", "absurd", "date"],
)
async def test_a_long_pause_is_spent_in_the_queue_by_everybody(
    provider: FakeProvider, value: str, least_s: int, most_s: int
) -> None:
    if value == "in ten minutes":
        value = format_datetime(datetime.now(tz=UTC) + timedelta(minutes=10), usegmt=True)
    engine = await started(make_engine(provider))
    provider.faults = [Fault(status=429, headers={"Retry-After": value})]

    with pytest.raises(EngineBusyError) as first:
        await run(engine)
    with pytest.raises(EngineBusyError):
        await run(engine)
    await engine.close()

    assert least_s <= first.value.retry_after_s <= most_s
    assert len(provider.bodies) == 1


async def test_a_wrong_key_stops_all_calls_for_a_while(provider: FakeProvider) -> None:
    engine = await started(make_engine(provider, api_key="another-key"))

    with pytest.raises(EngineBusyError) as busy:
        await run(engine)
    await engine.close()

    assert busy.value.retry_after_s == 7
    assert provider.bodies == []


async def test_the_key_is_in_no_log_error_or_representation(
    provider: FakeProvider, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    engine = await started(make_engine(provider))
    echo = Fault(status=500, body=API_KEY.encode())
    provider.faults = [echo] * 3 + [Fault(status=400, body=API_KEY.encode())]
    errors: list[EngineError] = []
    for _ in range(2):
        try:
            await run(engine)
        except EngineError as error:
            errors.append(error)
    await engine.close()

    words = [
        caplog.text,
        repr(engine),
        repr(engine._client),
        *(f"{error!r} {error.detail} {error.__cause__!r}" for error in errors),
    ]
    assert len(errors) == 2
    assert "HTTP status 500" in caplog.text
    assert not any(API_KEY in word for word in words)


async def test_calls_stop_when_the_provider_is_broken_and_go_on_when_it_is_not(
    provider: FakeProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    breaker = CircuitBreaker(failures_to_open=2, first_pause_s=60)
    engine = await started(make_engine(provider, breaker=breaker))
    assert engine._client is not None
    now_s = 1000.0
    monkeypatch.setattr(engine._client, "_now_s", lambda: now_s)
    provider.faults = [BROKEN] * 6
    for _ in range(2):
        with pytest.raises(RemoteEngineError):
            await run(engine)

    with pytest.raises(EngineBusyError):
        await run(engine)
    calls = len(provider.bodies)
    now_s += 60
    result = await run(engine)
    await engine.close()

    assert calls == 6
    assert result.stdout == b"5\n"
    assert not breaker.is_open


async def test_a_call_that_is_given_up_leaves_the_probe_to_the_next(
    provider: FakeProvider, may_answer: threading.Event
) -> None:
    breaker = CircuitBreaker(failures_to_open=1, first_pause_s=0.01)
    engine = await started(make_engine(provider, breaker=breaker))
    provider.faults = [BROKEN] * 3 + [Fault(until=may_answer)]
    with pytest.raises(RemoteEngineError):
        await run(engine)
    await asyncio.sleep(0.02)
    probe = asyncio.create_task(run(engine))
    await wait_for_calls(provider, 4)
    probe.cancel()
    await asyncio.wait([probe])

    result = await run(engine)
    await engine.close()

    assert result.stdout == b"5\n"


async def test_no_more_calls_run_at_once_than_allowed(
    provider: FakeProvider, may_answer: threading.Event
) -> None:
    engine = await started(make_engine(provider))
    provider.lasting_fault = Fault(until=may_answer, body=json.dumps(RESULT).encode())
    runs = [asyncio.create_task(run(engine)) for _ in range(MAX_CALLS + 3)]
    await wait_for_calls(provider, MAX_CALLS)
    await asyncio.sleep(0.1)  # in which one more could come
    at_once = len(provider.bodies)
    may_answer.set()
    await asyncio.gather(*runs)
    await engine.close()

    assert at_once == MAX_CALLS
    assert len(provider.bodies) == MAX_CALLS + 3
