"""What the service knows about a programming language."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Language:
    """One language, as its manifest in `app/languages/` describes it.

    Commands are argument lists that start with an absolute path or a path relative to the box's
    working directory. `{memory_mib}` in an argument or in the environment stands for the memory
    limit of the program, without what its runtime is given on top.
    """

    id: str
    name: str
    aliases: tuple[str, ...]
    source_file: str
    compile_command: tuple[str, ...]
    """Compiles, or for an interpreter checks the syntax; a non-zero exit is a compile error."""
    run_command: tuple[str, ...]
    environment: tuple[tuple[str, str], ...]
    version_command: tuple[str, ...]
    host_files: tuple[str, ...] = ()
    """What must be on the host for the toolchain to be complete."""
    debian_packages: tuple[str, ...]
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Toolchain:
    """A language on this host: `version` as the compiler or runtime tells it, `None` if missing."""

    language: Language
    version: str | None

    @property
    def is_available(self) -> bool:
        """Whether programs in the language can be run here."""
        return self.version is not None
