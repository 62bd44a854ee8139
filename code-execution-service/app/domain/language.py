"""What the service knows about a programming language."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.errors import InvalidRequestError


@dataclass(frozen=True, slots=True, kw_only=True)
class OptionGroup:
    """Compile options of which a program takes one, such as the standards of C++.

    The first is taken where none is chosen; an empty text stands for no option.
    """

    name: str
    options: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Language:
    """One language, as its manifest in `app/languages/` describes it.

    Commands are argument lists that start with an absolute path or a path relative to the box's
    working directory. `{memory_mib}` in an argument or in the environment stands for the memory
    limit of the program, without what its runtime is given on top. An argument `{options}` of the
    compile command stands for the compile options. `{prepared}` stands for the folder that
    `prepare_command` fills, which a box may lack: the other commands work without it too.
    """

    id: str
    name: str
    aliases: tuple[str, ...]
    source_file: str
    compile_command: tuple[str, ...]
    """Compiles, or for an interpreter checks the syntax; a non-zero exit is a compile error."""
    run_command: tuple[str, ...]
    live_run_command: tuple[str, ...] = ()
    """Runs it for whoever listens, if `run_command` would keep lines back until many are there."""
    prepare_command: tuple[str, ...] = ()
    """Makes once per toolchain, in `{prepared}`, what makes compiling or starting cheaper."""
    environment: tuple[tuple[str, str], ...]
    version_command: tuple[str, ...]
    host_files: tuple[str, ...] = ()
    """What must be on the host for the toolchain to be complete."""
    debian_packages: tuple[str, ...]
    time_multiplier: float = 1.0
    """How much more CPU time than a problem's limit; so for a limit that says nothing else."""
    memory_multiplier: float = 1.0
    """How much more memory than a problem's limit, as above."""
    option_groups: tuple[OptionGroup, ...] = ()
    """The compile options that may be chosen."""
    extra_memory_bytes: int
    """What the runtime itself needs on top of the program's memory limit."""
    extra_processes: int
    """Threads and processes that the runtime starts by itself."""
    memory_refusals: tuple[str, ...] = ()
    """What the runtime writes on stderr when it ends itself because it was refused memory."""
    reference_source: str
    """A program that prints 42: test, health check and `doctor` line."""
    third_party_name: str
    """Name of the compiler at third-party APIs (contract S001-V10 to V17)."""

    def options_with(self, chosen: Sequence[str]) -> tuple[str, ...]:
        """Return one compile option of each group: the chosen one, else the group's first.

        Raises:
            InvalidRequestError: an option is not allowed, or two are of one group.
        """
        allowed = {option for group in self.option_groups for option in group.options if option}
        for option in chosen:
            if option not in allowed:
                raise InvalidRequestError(
                    f"{self.name} takes no compile option {option!r}; "
                    + (f"it takes {', '.join(sorted(allowed))}" if allowed else "it takes none")
                )
        picked = (_pick(group, chosen) for group in self.option_groups)
        return tuple(option for option in picked if option)


def _pick(group: OptionGroup, chosen: Sequence[str]) -> str:
    found = [option for option in group.options if option in chosen]
    if len(found) > 1:
        raise InvalidRequestError(f"Choose one of {' and '.join(found)}: both are {group.name}")
    return found[0] if found else group.options[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Toolchain:
    """A language on this host: `version` as the compiler or runtime tells it, `None` if missing."""

    language: Language
    version: str | None

    @property
    def is_available(self) -> bool:
        """Whether programs in the language can be run here."""
        return self.version is not None
