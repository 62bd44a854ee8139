"""Remote engines that try again at once, and programs for them."""

from contextlib import aclosing
from dataclasses import replace
from typing import Any

from app.domain.limits import DEFAULT_LIMITS
from app.domain.runs import CompileResult, RunResult
from app.engines.base import Program
from app.engines.onlinecompiler.client import Timing
from app.engines.onlinecompiler.engine import OnlineCompilerEngine
from app.languages import load_languages
from tests.support.online_compiler import API_KEY, FakeProvider, Fault
from tests.support.patience import PATIENCE_S

LANGUAGES = load_languages()
PYTHON = LANGUAGES.get("python")
LIMITS = replace(DEFAULT_LIMITS, output_bytes=1000)
TIMING = Timing(
    call_timeout_s=PATIENCE_S,
    callback_timeout_s=PATIENCE_S,
    retry_pauses_s=(0.01, 0.01),
    longest_pause_s=1.5,
    busy_pause_s=7.0,
)
BROKEN = Fault(status=500, body=b"oh")
RESULT = {"output": "5\n", "error": "", "status": "success", "exit_code": 0}


def make_engine(provider: FakeProvider, **changes: Any) -> OnlineCompilerEngine:
    arguments: dict[str, Any] = {"url": provider.url, "api_key": API_KEY, "timing": TIMING}
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
