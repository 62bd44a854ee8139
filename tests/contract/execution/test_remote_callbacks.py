"""A provider that calls back, or somebody who pretends to be it."""

import asyncio
import json
import queue
from collections.abc import Iterator
from dataclasses import replace

import pytest

from app.domain.runs import RunResult
from app.engines.onlinecompiler.callbacks import AwaitedResults
from app.errors import EngineUnavailableError, RemoteEngineError
from tests.support.online_compiler import FakeProvider, Fault, Form, fake_provider
from tests.support.patience import PATIENCE_S
from tests.support.remote_engines import RESULT, TIMING, make_engine, run, started

pytestmark = pytest.mark.asyncio


@pytest.fixture
def callback_provider() -> Iterator[FakeProvider]:
    with fake_provider(Form.ACCEPTED) as provider:
        yield provider


@pytest.fixture
def results() -> AwaitedResults:
    return AwaitedResults()


async def run_with_callbacks(
    provider: FakeProvider, results: AwaitedResults, *contents: bytes
) -> tuple[RunResult, list[bool]]:
    """Run a program and hand in these texts, each `TOKEN` in them replaced, then the result."""
    loop = asyncio.get_running_loop()
    taken: list[bool] = []

    def call_back(callback: bytes) -> None:
        token = json.loads(callback)["extra_params"]["token"].encode()
        texts = [text.replace(b"TOKEN", token) for text in (*contents, callback, callback)]
        # In one go: after the result, the loop may end before it takes anything else.
        loop.call_soon_threadsafe(lambda: taken.extend(map(results.deliver, texts)))

    provider.call_back = call_back
    engine = await started(make_engine(provider, results=results))
    try:
        result = await run(engine)
    finally:
        await engine.close()
    return result, taken


async def test_the_first_callback_counts_and_a_repeated_one_is_ignored(
    callback_provider: FakeProvider, results: AwaitedResults
) -> None:
    result, taken = await run_with_callbacks(callback_provider, results)

    assert result.stdout == b"5\n"
    assert taken == [True, False]


async def test_a_forged_callback_changes_nothing(
    callback_provider: FakeProvider, results: AwaitedResults
) -> None:
    forged = json.dumps(RESULT | {"output": "forged", "extra_params": {"token": "guess"}})
    elsewhere = json.dumps(RESULT | {"output": "TOKEN"})
    texts = (forged.encode(), elsewhere.encode(), b"TOKEN{", b"")

    result, taken = await run_with_callbacks(callback_provider, results, *texts)

    assert result.stdout == b"5\n"
    assert taken == [False, False, False, False, True, False]


async def test_every_call_has_a_token_of_its_own(
    callback_provider: FakeProvider, results: AwaitedResults
) -> None:
    await run_with_callbacks(callback_provider, results)
    await run_with_callbacks(callback_provider, results)

    first, second = (body["extra_params"]["token"] for body in callback_provider.bodies)
    assert first != second
    assert min(len(first), len(second)) >= 43


async def test_a_callback_that_never_comes_is_the_providers_fault_and_a_late_one_is_ignored(
    callback_provider: FakeProvider, results: AwaitedResults
) -> None:
    kept: queue.Queue[bytes] = queue.Queue()
    callback_provider.call_back = kept.put
    timing = replace(TIMING, callback_timeout_s=0.3)
    engine = await started(make_engine(callback_provider, results=results, timing=timing))

    with pytest.raises(RemoteEngineError, match="no callback in time"):
        await run(engine)
    await engine.close()

    assert not results.deliver(kept.get(timeout=PATIENCE_S))


async def test_a_malformed_callback_is_tried_again(
    callback_provider: FakeProvider, results: AwaitedResults
) -> None:
    malformed = json.dumps({"output": 5, "extra_params": {"token": "TOKEN"}}).encode()

    with pytest.raises(RemoteEngineError, match="malformed"):
        await run_with_callbacks(callback_provider, results, malformed)

    assert len(callback_provider.bodies) == 3


async def test_a_provider_that_calls_back_needs_an_address_to_call(
    callback_provider: FakeProvider,
) -> None:
    callback_provider.faults = [Fault(body=b"Ok")]
    engine = await started(make_engine(callback_provider))

    with pytest.raises(EngineUnavailableError, match="CODE_EXECUTION_CALLBACK_URL"):
        await run(engine)
    await engine.close()
