"""The remote engine against a stand-in that speaks the documented interface, and fails."""

import asyncio
import json
import logging
from collections.abc import Iterator
from contextlib import aclosing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from app.domain.circuit_breaker import CircuitBreaker
from app.domain.files import SourceFile
from app.domain.limits import DEFAULT_LIMITS
from app.domain.runs import CompileResult, RunResult, RunStatus
from app.engines.base import Program
from app.engines.onlinecompiler.callbacks import AwaitedResults
from app.engines.onlinecompiler.client import MAX_CALLS, Timing
from app.engines.onlinecompiler.engine import OnlineCompilerEngine
from app.errors import EngineBusyError, EngineError, EngineUnavailableError, RemoteEngineError
from app.languages import load_languages
from tests.support.online_compiler import API_KEY, FakeProvider, Fault, Form, fake_provider

pytestmark = [pytest.mark.asyncio, pytest.mark.timeout(60)]

LANGUAGES = load_languages()
PYTHON = LANGUAGES.get("python")
LIMITS = replace(DEFAULT_LIMITS, output_bytes=1000)
QUICK = Timing(
    call_timeout_s=0.5,
    callback_timeout_s=0.5,
    retry_pauses_s=(0.01, 0.01),
    longest_pause_s=1.5,
    busy_pause_s=7.0,
)
BROKEN = Fault(status=500, body=b"oh")
RESULT = {"output": "5\n", "error": "", "status": "success", "exit_code": 0}


@pytest.fixture
def provider() -> Iterator[FakeProvider]:
    with fake_provider() as provider:
        yield provider


def make_engine(provider: FakeProvider, **changes: Any) -> OnlineCompilerEngine:
    arguments: dict[str, Any] = {"url": provider.url, "api_key": API_KEY, "timing": QUICK}
    return OnlineCompilerEngine(LANGUAGES.languages, **(arguments | changes))


def make_program(source: str = "print(5)", **changes: Any) -> Program:
    program = Program(language=PYTHON, source=source.encode(), limits=LIMITS)
    return replace(program, **changes)


async def run(
    engine: OnlineCompilerEngine, program: Program | None = None, data: bytes = b""
) -> RunResult:
    async with aclosing(engine.execute(program or make_program(), [data])) as results:
        compiled, result = [result async for result in results]
    assert isinstance(compiled, CompileResult)
    assert isinstance(result, RunResult)
    return result


async def started(engine: OnlineCompilerEngine) -> OnlineCompilerEngine:
    await engine.start()
    return engine


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
        (Fault(delay_s=1.0), 1),
        (Fault(status=302, headers={"Location": "/elsewhere"}), 1),
    ],
    ids=["500", "dropped", "malformed", "too slow", "redirect"],
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
    provider: FakeProvider,
) -> None:
    clock = CircuitBreaker(failures_to_open=2, first_pause_s=0.2)
    engine = await started(make_engine(provider, breaker=clock))
    provider.faults = [BROKEN] * 6
    for _ in range(2):
        with pytest.raises(RemoteEngineError):
            await run(engine)

    with pytest.raises(EngineBusyError):
        await run(engine)
    calls = len(provider.bodies)
    await asyncio.sleep(0.25)
    result = await run(engine)
    await engine.close()

    assert calls == 6
    assert result.stdout == b"5\n"
    assert not clock.is_open


async def test_a_call_that_is_given_up_leaves_the_probe_to_the_next(
    provider: FakeProvider,
) -> None:
    breaker = CircuitBreaker(failures_to_open=1, first_pause_s=0.01)
    engine = await started(make_engine(provider, breaker=breaker))
    provider.faults = [BROKEN] * 3 + [Fault(delay_s=0.4)]
    with pytest.raises(RemoteEngineError):
        await run(engine)
    await asyncio.sleep(0.02)
    probe = asyncio.create_task(run(engine))
    await asyncio.sleep(0.1)
    probe.cancel()
    await asyncio.wait([probe])

    result = await run(engine)
    await engine.close()

    assert result.stdout == b"5\n"


async def test_no_more_calls_run_at_once_than_allowed(provider: FakeProvider) -> None:
    engine = await started(make_engine(provider, timing=replace(QUICK, call_timeout_s=10)))
    provider.lasting_fault = Fault(delay_s=0.3, body=json.dumps(RESULT).encode())
    runs = [asyncio.create_task(run(engine)) for _ in range(MAX_CALLS + 3)]
    await asyncio.sleep(0.2)
    at_once = len(provider.bodies)
    await asyncio.gather(*runs)
    await engine.close()

    assert 1 < at_once <= MAX_CALLS
    assert len(provider.bodies) == MAX_CALLS + 3


async def test_a_huge_answer_is_too_much_output_and_not_read_to_its_end(
    provider: FakeProvider,
) -> None:
    engine = await started(make_engine(provider))
    huge = json.dumps(RESULT | {"output": "x" * 50_000_000}).encode()
    provider.faults = [Fault(body=huge)]

    result = await run(engine)
    await engine.close()

    assert (result.status, result.is_guess) == (RunStatus.OUTPUT_LIMIT, True)


async def test_output_at_its_limit_fits_even_if_every_byte_is_escaped(
    provider: FakeProvider,
) -> None:
    engine = await started(make_engine(provider))
    source = "import sys; sys.stdout.write(chr(1) * 1000); sys.stderr.write(chr(1) * 1000)"

    result = await run(engine, make_program(source))
    await engine.close()

    assert result.status is RunStatus.OK
    assert (len(result.stdout), len(result.stderr)) == (1000, 1000)


@pytest.mark.parametrize(
    ("program", "data", "why"),
    [
        (make_program("#" * 100_001), b"", "at most 100000 bytes of code"),
        (make_program(), b"x" * 100_001, "at most 100000 bytes of input"),
        (make_program(), b"\xff", "input as UTF-8 only"),
        (make_program(files=(SourceFile(name="a.txt", content=b""),)), b"", "no files"),
    ],
    ids=["long code", "long input", "bytes", "files"],
)
async def test_what_the_provider_can_not_do_is_not_asked_of_it(
    provider: FakeProvider, program: Program, data: bytes, why: str
) -> None:
    engine = await started(make_engine(provider))

    with pytest.raises(EngineUnavailableError, match=why):
        await run(engine, program, data)
    await engine.close()

    assert provider.bodies == []


async def test_names_come_from_the_manifests_unless_the_file_has_others(
    provider: FakeProvider, tmp_path: Path
) -> None:
    file = tmp_path / "compilers.toml"
    file.write_text('python = "python-3.14"\nrust = ""\n')
    engine = await started(make_engine(provider, compilers_file=file))

    await run(engine)
    told = {tool.language.id: tool for tool in await engine.toolchains()}
    await engine.close()

    assert provider.bodies[0]["compiler"] == "python-3.14"
    assert told["python"].version == "python-3.14"
    assert told["python"].language.third_party_name == "python-3.14"
    assert told["java"].version == "java-17.0.2"
    assert not told["rust"].is_available


async def test_a_language_that_the_provider_lacks_is_refused(
    provider: FakeProvider, tmp_path: Path
) -> None:
    file = tmp_path / "compilers.toml"
    file.write_text('python = ""\n')
    engine = await started(make_engine(provider, compilers_file=file))

    with pytest.raises(EngineUnavailableError, match="has no Python"):
        await run(engine)
    await engine.close()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("python = ", "CODE_EXECUTION_COMPILERS_FILE"),
        ('cobol = "x"', "cobol is no language"),
        ("python = 3", "python must be a text"),
        (None, "No such file"),
    ],
    ids=["no TOML", "unknown language", "no text", "missing"],
)
async def test_a_wrong_file_of_names_is_told_at_the_start(
    provider: FakeProvider, tmp_path: Path, text: str | None, why: str
) -> None:
    file = tmp_path / "compilers.toml"
    if text is not None:
        file.write_text(text)

    with pytest.raises(EngineUnavailableError, match=why):
        await make_engine(provider, compilers_file=file).start()


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

    def take(content: bytes) -> None:
        taken.append(results.deliver(content))

    def call_back(callback: bytes) -> None:
        token = json.loads(callback)["extra_params"]["token"].encode()
        for content in (*contents, callback, callback):
            loop.call_soon_threadsafe(take, content.replace(b"TOKEN", token))

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
    kept: list[bytes] = []
    callback_provider.call_back = kept.append
    engine = await started(make_engine(callback_provider, results=results))

    with pytest.raises(RemoteEngineError, match="no callback in time"):
        await run(engine)
    await engine.close()

    assert not results.deliver(kept[0])


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
