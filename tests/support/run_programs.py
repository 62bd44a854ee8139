"""A tiny service: `python run_programs.py DATA_DIRECTORY LANGUAGE SOURCE` runs a program for real.

Prints a line when the program is compiled and one when it has run. It needs no package but
prometheus_client, which is Python only, so that it runs in any Python, under any user.
"""

import asyncio
import sys
from contextlib import aclosing
from pathlib import Path

from app.domain.limits import DEFAULT_LIMITS
from app.engines.base import Program
from app.engines.sandbox.engine import SandboxEngine
from app.languages import load_languages


async def run(data_directory: str, language_id: str, source: str) -> None:
    language = load_languages().get(language_id)
    engine = SandboxEngine([language], Path(data_directory))
    await engine.start()
    program = Program(language=language, source=source.encode(), limits=DEFAULT_LIMITS)
    async with aclosing(engine.execute(program, [b""])) as results:
        async for result in results:
            sys.stdout.write(f"{result}\n")
            sys.stdout.flush()


asyncio.run(run(*sys.argv[1:]))
