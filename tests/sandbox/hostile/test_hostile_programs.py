"""Every program of the corpus gets its verdict, leaves nothing, and disturbs nobody."""

import asyncio
import os
import re
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import pytest
import pytest_asyncio

from app.domain.checkers import is_same_output
from app.domain.runs import CompileResult, RunResult, RunStatus
from app.domain.verdicts import Verdict, verdict_of
from app.engines.sandbox.engine import SandboxEngine
from app.errors import EngineUnavailableError
from app.languages import load_languages
from app.languages.registry import LanguageRegistry
from tests.support import programs
from tests.support.host_secrets import HostSecrets, secrets_on_the_host
from tests.support.hostile_programs import ESCAPED, FOLDER, HostileProgram, load_hostile_programs
from tests.support.leftovers import HostState, adopt_orphans, await_nothing_left, host_state
from tests.support.sandbox import Sandbox, without_sandbox

pytestmark = [
    pytest.mark.sandbox,
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.timeout(300),
]

CORPUS = load_hostile_programs()
every_program = pytest.mark.parametrize("hostile", CORPUS, ids=lambda hostile: hostile.id)

COMPILER = replace(
    load_languages().get("python"),
    id="compiler",
    aliases=(),
    compile_command=("/usr/bin/python3", "-I", "main.py"),
    run_command=("/box/main",),
)
"""A language whose compiler does whatever the source says."""
PARALLEL = min(os.cpu_count() or 1, 4)
"""So many honest programs at once use what a hostile one may have spoilt, whichever part it got."""
HEALTH_PATIENCE_S = 30
"""Many times what honest programs take on a busy host."""
UNCHANGED_LOOKS = 5

NEIGHBOUR = """
import os, signal, time
mine = "/tmp/neighbour"
with open(mine, "w") as file: file.write(TOKEN)
for number in (signal.SIGTERM, signal.SIGUSR1, signal.SIGHUP, signal.SIGCONT):
    signal.signal(number, lambda number, _: print("got signal", number))
child = os.fork()
if child == 0: time.sleep(60)
time.sleep(0.8)
print(os.listdir("/tmp"), open(mine).read() == TOKEN, os.waitpid(child, os.WNOHANG))
"""


@dataclass(frozen=True, slots=True)
class Attacked:
    """A running engine, the folder that it writes to, and how the host looks while it idles."""

    sandbox: Sandbox
    folder: Path
    idle: HostState


@pytest.fixture(scope="module")
def host_secrets() -> Iterator[HostSecrets]:
    with secrets_on_the_host() as secrets:
        yield secrets


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def attacked(
    host_secrets: HostSecrets, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Attacked]:
    adopt_orphans()
    folder = tmp_path_factory.mktemp("engine")
    languages = LanguageRegistry([*load_languages().languages, COMPILER])
    engine = SandboxEngine(languages.languages, folder, lanes=PARALLEL)
    try:
        await engine.start()
    except EngineUnavailableError as error:
        without_sandbox(error.detail)
    sandbox = Sandbox(engine, languages)
    await asyncio.gather(*(sandbox.run("python", "print(42)") for _ in range(PARALLEL)))
    await engine.prepared()
    yield Attacked(sandbox, folder, await _idle_state())
    await engine.close()


async def _idle_state() -> HostState:
    """Give what is there once nothing has come for a while: lanes get ready for what comes next."""
    seen = [host_state()]
    while len(seen) < UNCHANGED_LOOKS or len(set(seen[-UNCHANGED_LOOKS:])) > 1:
        await asyncio.sleep(0.5)
        seen.append(host_state())
    return seen[-1]


@every_program
async def test_a_hostile_program_gets_its_verdict_and_changes_nothing(
    hostile: HostileProgram, attacked: Attacked, host_secrets: HostSecrets
) -> None:
    if hostile.machine not in {None, os.uname().machine}:
        pytest.skip(f"made for {hostile.machine}")

    neighbour, (compiled, runs) = await asyncio.gather(
        _neighbour(attacked.sandbox, hostile, host_secrets),
        _execute(attacked.sandbox, hostile, host_secrets),
    )

    _expect_verdict(hostile, compiled, runs, host_secrets)
    _expect_time(hostile, runs)
    assert neighbour == "['neighbour'] True (0, 0)"
    assert await await_nothing_left(attacked.idle, attacked.folder) == []
    await _expect_health(attacked.sandbox)


async def _execute(
    sandbox: Sandbox, hostile: HostileProgram, secrets: HostSecrets
) -> tuple[CompileResult, list[RunResult]]:
    language = COMPILER.id if hostile.as_compiler else hostile.language
    source = secrets.in_source(hostile.source)
    inputs = [b"x" * hostile.stdin_bytes] * hostile.runs
    return await sandbox.execute(language, source, *inputs, **asdict(hostile.limits))


async def _neighbour(sandbox: Sandbox, hostile: HostileProgram, secrets: HostSecrets) -> str:
    """Run an honest program that tells what it noticed, if the hostile one is to have company."""
    source = NEIGHBOUR.replace("TOKEN", repr(secrets.token))
    if not hostile.beside:
        return "['neighbour'] True (0, 0)"
    run = await sandbox.run("python", source, wall_time_ms=20_000)
    assert run.status is RunStatus.OK, run
    return run.stdout.decode().strip()


def _expect_verdict(
    hostile: HostileProgram, compiled: CompileResult, runs: list[RunResult], secrets: HostSecrets
) -> None:
    answer = (hostile.answer or secrets.token).encode()
    verdicts = [
        verdict_of(run.status, is_output_right=is_same_output(run.stdout, answer)) for run in runs
    ]
    written = "\n".join([
        compiled.message,
        *((run.stdout + run.stderr).decode(errors="replace") for run in runs),
    ])
    facts = f"{hostile.tries} {verdicts or compiled} {runs}"[:4_000]
    assert ESCAPED not in written, facts
    assert secrets.token not in written, facts
    assert set(verdicts or [Verdict.CE]) <= hostile.verdicts, facts
    assert len(runs) == (hostile.runs if compiled.is_ok else 0)
    assert [text for text in hostile.says if text not in written] == [], facts


def _expect_time(hostile: HostileProgram, runs: list[RunResult]) -> None:
    times_ms = [run.usage.wall_time_ms for run in runs]
    assert [time_ms for time_ms in times_ms if time_ms > hostile.longest_run_ms] == []


async def _expect_health(sandbox: Sandbox) -> None:
    """Honest programs, several at once and then again, are judged as if nothing had happened."""
    for language in ("python", "c"):
        started = time.monotonic()
        outcomes = await asyncio.gather(
            *(
                sandbox.execute(language, programs.ECHOING[language], b"1 2\n", b"30 4\n")
                for _ in range(PARALLEL)
            )
        )
        for compiled, runs in outcomes:
            assert compiled.is_ok, compiled
            assert [(run.status, run.stdout) for run in runs] == [
                (RunStatus.OK, b"3\n"),
                (RunStatus.OK, b"34\n"),
            ]
            assert all(run.usage.cpu_time_ms < 1_000 for run in runs), runs
        assert time.monotonic() - started < HEALTH_PATIENCE_S


@pytest.mark.parametrize(
    "hostile", [hostile for hostile in CORPUS if hostile.runs > 1], ids=lambda hostile: hostile.id
)
async def test_the_same_program_finds_nothing_of_its_earlier_self(
    hostile: HostileProgram, attacked: Attacked, host_secrets: HostSecrets
) -> None:
    first = await _execute(attacked.sandbox, hostile, host_secrets)
    second = await _execute(attacked.sandbox, hostile, host_secrets)

    _expect_verdict(hostile, *first, host_secrets)
    _expect_verdict(hostile, *second, host_secrets)


async def test_every_language_has_programs_of_its_own() -> None:
    counts = Counter(hostile.language for hostile in CORPUS)

    assert set(counts) == {language.id for language in load_languages().languages}
    assert min(counts.values()) >= 5
    assert sum(counts.values()) >= 80


async def test_the_table_of_the_corpus_counts_its_programs() -> None:
    rows = re.findall(
        r"^\| ([a-z]+) \|.*\| (\d+) \|$", (FOLDER / "README.md").read_text(), re.MULTILINE
    )

    assert {theme: int(count) for theme, count in rows} == Counter(
        hostile.theme for hostile in CORPUS
    )
