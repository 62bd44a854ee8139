"""What the keeper is asked to do for a language: version, compile, run."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from app.domain.language import Language
from app.domain.limits import MIB, Limits
from app.domain.runs import RunInput
from app.engines.base import Program
from app.engines.sandbox.keeper_protocol import Command
from app.engines.sandbox.prepared import prepared_path

COMPILE_LIMITS = Limits(
    cpu_time_ms=30_000,
    wall_time_ms=60_000,
    memory_bytes=1024 * MIB,
    output_bytes=1 * MIB,
    file_bytes=128 * MIB,
    processes=256,
)
"""For every compiler: what honest programs need many times over, on a slow and busy host."""

_VERSION_LIMITS = replace(COMPILE_LIMITS, cpu_time_ms=10_000, output_bytes=64 * 1024)
_ENVIRONMENT = (
    ("PATH", "/usr/bin:/bin"),
    ("LANG", "C.UTF-8"),
    ("HOME", "/tmp"),  # noqa: S108 - inside the box, fresh per command
    ("TMPDIR", "/tmp"),  # noqa: S108 - as above
)
_MEMORY = "{memory_mib}"
_OPTIONS = "{options}"
_PREPARED = "{prepared}"


def version_command(language: Language) -> Command:
    """Ask the toolchain for its version."""
    return _command(language, language.version_command, _VERSION_LIMITS)


def prepare_command(language: Language) -> Command:
    """Make what the other commands find in `{prepared}`."""
    return _command(language, language.prepare_command, COMPILE_LIMITS)


def compile_command(language: Language, chosen_options: Sequence[str] = ()) -> Command:
    """Compile the source that lies in /box, or check its syntax.

    Raises:
        InvalidRequestError: an option is not one of the language's.
    """
    options = language.options_with(chosen_options)
    arguments = tuple(_with_options(language.compile_command, options))
    return replace(_command(language, arguments, COMPILE_LIMITS), is_compiling=True)


def run_command(program: Program, stdin: bytes, *, is_heard: bool = False) -> Command:
    """Run what the compile step left in /box, for somebody who listens or not."""
    language = program.language
    live = language.live_run_command if is_heard else ()
    return replace(_command(language, live or language.run_command, program.limits), stdin=stdin)


def judges_command(program: Program, run_input: RunInput) -> Command:
    """Run it for judges, with files and arguments."""
    command = run_command(program, run_input.stdin)
    return replace(
        command,
        arguments=(*command.arguments, *run_input.arguments),
        files=run_input.files,
        result_files=run_input.result_files,
        result_file_bytes=run_input.result_file_bytes,
    )


def _with_options(arguments: Sequence[str], options: Sequence[str]) -> Iterator[str]:
    for argument in arguments:
        yield from options if argument == _OPTIONS else (argument,)


def _command(language: Language, arguments: tuple[str, ...], limits: Limits) -> Command:
    memory_mib = str(max(1, limits.memory_bytes // MIB))
    path = prepared_path(language)

    def filled(text: str) -> str:
        return text.replace(_MEMORY, memory_mib).replace(_PREPARED, path)

    return Command(
        arguments=tuple(filled(argument) for argument in arguments),
        environment=tuple(
            (name, filled(value)) for name, value in (*_ENVIRONMENT, *language.environment)
        ),
        limits=replace(
            limits,
            memory_bytes=limits.memory_bytes + language.extra_memory_bytes,
            processes=limits.processes + language.extra_processes,
        ),
    )
