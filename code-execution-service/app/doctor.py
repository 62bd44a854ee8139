"""What this host can run and what it lacks: `python -m app.doctor [--help]`."""

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Iterable, Sequence
from contextlib import aclosing
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

from app.clients.backend import BackendClient
from app.clients.tickets import connected, create_ticket_app
from app.config import Settings, SettingsError, load_settings
from app.domain.language import Language, Toolchain
from app.domain.limits import DEFAULT_LIMITS
from app.domain.runs import CompileResult, RunResult, RunStatus
from app.engines.base import Engine, Program
from app.engines.onlinecompiler.engine import OnlineCompilerEngine
from app.engines.sandbox.build import DATA_DIRECTORY, build_keeper
from app.engines.sandbox.cgroups import CgroupSupport
from app.engines.sandbox.engine import SandboxEngine
from app.engines.sandbox.host import find_tool, needed_tools, survey_host
from app.engines.sandbox.plain_lane import expect_plain_lanes
from app.errors import (
    BrokerUnavailableError,
    EngineError,
    EngineUnavailableError,
    NoJudgeWorkerError,
    ServerError,
    SignatureRefusedError,
)
from app.languages import load_languages
from app.repositories.unit_of_work import Transactions
from app.services.judge_workers import JudgeWorkers, is_there
from app.services.trust import is_refusal
from app.wiring import VERSION, database_opened

_EXPECTED = b"42\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at; `detail` says what was found or how to mend it."""

    name: str
    is_ok: bool
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Everything that was looked at."""

    engine: tuple[Finding, ...]
    languages: tuple[Finding, ...]
    backend: tuple[Finding, ...] = ()
    queue: tuple[Finding, ...] = ()

    @property
    def is_usable(self) -> bool:
        """Whether programs in at least one language can be judged."""
        return all(finding.is_ok for finding in self.engine) and any(
            finding.is_ok for finding in self.languages
        )


async def examine(languages: Sequence[Language], data_directory: Path) -> Report:
    """Look at the host, start the engine, and run the reference program of every language."""
    driver = Finding(name="driver", is_ok=True, detail="local: the sandbox on this host")
    findings = [driver, *_examine_tools(), _examine_keeper(data_directory)]
    if not all(finding.is_ok for finding in findings):
        return Report(engine=tuple(findings), languages=())
    engine = SandboxEngine(languages, data_directory)
    started_s = time.monotonic()
    try:
        await engine.start()
    except EngineError as error:
        box = Finding(name="box", is_ok=False, detail=error.detail)
        return Report(engine=(*findings, box), languages=())
    box = Finding(name="box", is_ok=True, detail=_wall_notes(time.monotonic() - started_s))
    limits = Finding(name="limits", is_ok=True, detail=_limit_notes(engine.cgroup_support))
    complaints = await engine.prepared()
    toolchains = await engine.toolchains()
    languages_found = []
    for toolchain in toolchains:
        finding = await _examine_language(engine, toolchain)
        complaint = complaints.get(toolchain.language.id)
        languages_found.append(_with_complaint(finding, complaint))
    await engine.close()
    return Report(engine=(*findings, box, limits), languages=tuple(languages_found))


async def examine_remote(languages: Sequence[Language], settings: Settings) -> Report:
    """Ask the provider to run the reference program of every language that it has."""
    engine = OnlineCompilerEngine(
        languages,
        url=settings.code_execution_api_url,
        api_key=settings.code_execution_api_key.get_secret_value(),
        compilers_file=settings.code_execution_compilers_file,
    )
    driver = Finding(name="driver", is_ok=True, detail=f"remote: {settings.code_execution_api_url}")
    try:
        await engine.start()
    except EngineError as error:
        return Report(engine=(replace(driver, is_ok=False, detail=error.detail),), languages=())
    toolchains = await engine.toolchains()
    answer = await _examine_answer(engine, toolchains)
    found = []
    if answer.is_ok:
        found = [await _examine_language(engine, toolchain) for toolchain in toolchains]
    elif settings.code_execution_callback_url:
        # Only the service itself can take a result that is posted back.
        base = settings.code_execution_callback_url.rstrip("/")
        url = f"{base}/api/v1/remote-results/"
        hint = f"{answer.detail}; results that are posted back go to {url}, not to doctor"
        answer = replace(answer, detail=hint)
    await engine.close()
    return Report(engine=(driver, answer), languages=tuple(found))


async def _examine_answer(engine: Engine, toolchains: Sequence[Toolchain]) -> Finding:
    """Tell whether the provider answers at all, so that its silence costs one time-out."""
    language = next((each.language for each in toolchains if each.is_available), None)
    if language is None:
        return Finding(name="provider", is_ok=False, detail="the provider has no language")
    started_s = time.monotonic()
    try:
        await _run_reference(engine, language)
    except EngineError as error:
        return Finding(name="provider", is_ok=False, detail=error.detail)
    return Finding(
        name="provider", is_ok=True, detail=f"answers in {time.monotonic() - started_s:.1f} s"
    )


def _examine_tools() -> Iterable[Finding]:
    for tool in needed_tools():
        try:
            yield Finding(name=tool.name, is_ok=True, detail=f"{tool.purpose}: {find_tool(tool)}")
        except EngineUnavailableError as error:
            yield Finding(name=tool.name, is_ok=False, detail=error.detail)


def _examine_keeper(data_directory: Path) -> Finding:
    try:
        return Finding(name="keeper", is_ok=True, detail=str(build_keeper(data_directory)))
    except EngineUnavailableError as error:
        complaint = error.detail
    try:
        expect_plain_lanes(complaint)
    except EngineUnavailableError as error:
        return Finding(name="keeper", is_ok=False, detail=error.detail)
    detail = f"every command gets a plain bubblewrap of its own instead, slower: {complaint}"
    return Finding(name="keeper", is_ok=True, detail=detail)


def _wall_notes(start_s: float) -> str:
    walls = survey_host()
    notes = [
        "namespaces and system call filter work",
        f"engine starts in {start_s:.1f} s",
    ]
    if not walls.has_proc:
        notes.append(
            "a container masks /proc (systempaths=unconfined mends it), so that some runtimes "
            "can't run and memory is only known after the end of a run"
        )
    return "; ".join(notes)


def _limit_notes(support: CgroupSupport) -> str:
    """Say who watches memory, processes and CPU time, and what would make that better."""
    if not support.controllers:
        return (
            "no cgroup; the keeper looks every 5 ms, which is weaker against memory that no "
            f"process maps and against many short-lived processes. {support.advice or ''}"
        ).strip()
    watched = f"cgroup {support.version}: {', '.join(support.controllers)}"
    if not support.can_tell_memory_peak:
        watched += "; the peak of memory is the keeper's own measure"
    return f"{watched}. {support.advice}" if support.advice else watched


async def _examine_language(engine: Engine, toolchain: Toolchain) -> Finding:
    language = toolchain.language
    if toolchain.version is None:
        lack = _lack_of(language) if isinstance(engine, SandboxEngine) else "not at the provider"
        return Finding(name=language.name, is_ok=False, detail=lack)
    try:
        run = await _run_reference(engine, language)
    except EngineError as error:
        return Finding(name=language.name, is_ok=False, detail=error.detail)
    if isinstance(run, CompileResult):
        detail = f"the reference program does not compile: {run.message}"
        return Finding(name=language.name, is_ok=False, detail=detail)
    is_right = run.status is RunStatus.OK and run.stdout == _EXPECTED
    answer = f"reference program right in {run.usage.wall_time_ms} ms"
    if not is_right:
        words = run.stderr.decode(errors="replace").strip() or repr(run.stdout)
        answer = f"the reference program fails ({run.status}): {words}"
    return Finding(name=language.name, is_ok=is_right, detail=f"{toolchain.version}; {answer}")


def _with_complaint(finding: Finding, complaint: str | None) -> Finding:
    """Add why a toolchain is not prepared: it works, but compiles slower."""
    if complaint is None:
        return finding
    return replace(finding, detail=f"{finding.detail}; slower, not prepared: {complaint}")


async def examine_backend() -> Finding:
    """Look whether the backend accepts what the service signs."""
    name = "signature"
    try:
        settings = load_settings()
    except SettingsError as error:
        return Finding(name=name, is_ok=False, detail=str(error))
    url = settings.backend_service_url
    async with aclosing(BackendClient(url, secrets=settings.webhook_secrets)) as backend:
        answer = await backend.ping()
    if answer.is_success:
        return Finding(name=name, is_ok=True, detail=f"accepted by {url}")
    if is_refusal(answer):
        return Finding(name=name, is_ok=False, detail=SignatureRefusedError.title)
    status = answer.status_code or answer.text
    detail = f"{url} could not be asked ({status}); start the backend, and look again"
    return Finding(name=name, is_ok=False, detail=detail)


async def examine_queue() -> tuple[Finding, ...]:
    """Look how judges learn of submissions, and whether there are any."""
    try:
        settings = load_settings()
    except SettingsError:
        return ()  # `examine_backend` tells bad ones
    if not settings.code_execution_queue_url:
        detail = f"the service judges by itself, {settings.judge_workers} side by side"
        return (Finding(name="broker", is_ok=True, detail=detail),)
    broker = await asyncio.to_thread(_examine_broker, settings.code_execution_queue_url)
    return (broker, await _examine_workers(settings))


def _examine_broker(url: str) -> Finding:
    name = "broker"
    try:
        with connected(create_ticket_app(url)):
            return Finding(name=name, is_ok=True, detail=f"{urlsplit(url).scheme} answers")
    except BrokerUnavailableError as error:
        detail = f"{error.title}: {error.__cause__}"
        return Finding(name=name, is_ok=False, detail=detail)


async def _examine_workers(settings: Settings) -> Finding:
    name = "judge workers"
    async with database_opened(settings) as database:
        workers = JudgeWorkers(
            transactions=Transactions(database), place=settings.replica_name, version=VERSION
        )
        try:
            there = [worker for worker in await workers.known() if is_there(worker)]
        except ServerError as error:
            return Finding(name=name, is_ok=False, detail=error.detail)
    if not there:
        return Finding(name=name, is_ok=False, detail=NoJudgeWorkerError.title)
    places = ", ".join(f"{worker.place} ({worker.lanes} side by side)" for worker in there)
    return Finding(name=name, is_ok=True, detail=places)


def _lack_of(language: Language) -> str:
    if all(Path(file).exists() for file in language.host_files):
        return "installed, but does not start in a box"
    return f"not installed: apt-get install {' '.join(language.debian_packages)}"


async def _run_reference(engine: Engine, language: Language) -> CompileResult | RunResult:
    """Run it once; the compile result if it does not compile."""
    program = Program(
        language=language, source=language.reference_source.encode(), limits=DEFAULT_LIMITS
    )
    async with aclosing(engine.execute(program, [b""])) as results:
        return [result async for result in results][-1]


def _render(report: Report) -> str:
    findings = (*report.engine, *report.languages, *report.backend, *report.queue)
    width = max(len(finding.name) for finding in findings)
    lines = ["Engine", *(_line(finding, width) for finding in report.engine)]
    lines += ["Languages", *(_line(finding, width) for finding in report.languages)]
    if not report.languages:
        lines.append("  not looked at: there is no engine to run them")
    lines += ["Backend", *(_line(finding, width) for finding in report.backend)]
    lines += ["Queue", *(_line(finding, width) for finding in report.queue)]
    verdict = "Programs can be judged on this host." if report.is_usable else "Nothing can be run."
    return "\n".join([*lines, verdict])


def _line(finding: Finding, width: int) -> str:
    mark = "ok     " if finding.is_ok else "MISSING"
    return f"  {mark}  {finding.name:<{width}}  {finding.detail}"


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m app.doctor", description=__doc__)
    parser.add_argument("--json", action="store_true", help="write the findings as JSON")
    return parser.parse_args(arguments)


def _remote_settings() -> Settings | None:
    """Return the settings if they ask for the remote engine; `examine_backend` tells bad ones."""
    try:
        settings = load_settings()
    except SettingsError:
        return None
    return settings if settings.code_execution_driver == "remote" else None


async def _examine_everything(languages: Sequence[Language]) -> Report:
    settings = _remote_settings()
    if settings is None:
        report = await examine(languages, DATA_DIRECTORY)
    else:
        report = await examine_remote(languages, settings)
    return replace(report, backend=(await examine_backend(),), queue=await examine_queue())


def main(arguments: Sequence[str]) -> int:
    """Write the findings; 0 if programs in at least one language can be judged here."""
    options = _parse(arguments)
    languages = load_languages().languages
    report = asyncio.run(_examine_everything(languages))
    facts = {"is_usable": report.is_usable, **asdict(report)}
    text = json.dumps(facts, indent=2) if options.json else _render(report)
    sys.stdout.write(f"{text}\n")
    return 0 if report.is_usable else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
