"""A problem as the platform keeps it, in plain values: between its rows and its package."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from apps.problems.packages.package import Content, PackageFile

DEFAULT_TIME_LIMIT_MS = 2_000
DEFAULT_MEMORY_MIB = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class DefinedGroup:
    """A group of tests with points; `scoring` is all, min or sum."""

    name: str
    points: int
    scoring: str
    stop_at_first_failure: bool
    requires: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DefinedTest:
    """A test; `name` is its path below `data`, and tells nothing of how it is judged."""

    name: str = field(compare=False)
    input: Content
    answer: Content
    is_sample: bool
    points: int = 1
    group: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DefinedLanguage:
    """The multipliers that a problem has for a language."""

    language: str
    time_multiplier: float | None = None
    memory_multiplier: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DefinedFile:
    """A file beside every program in a language; in any while that is empty."""

    language: str
    name: str
    content: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DefinedProgram:
    """A checker or an interactor; `protocol` is icpc or testlib."""

    role: str
    protocol: str
    language: str
    source: str
    files: Mapping[str, str]
    arguments: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DefinedSubmission:
    """A reference submission; `name` is its path below `submissions`."""

    name: str = field(compare=False)
    language: str
    code: str
    expected: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """All of a problem; `kept` are files of its package that nothing else here stands for.

    Tests are in the order of judging, the other parts in the order of their names.
    """

    short_name: str
    title: str
    statement: str
    statement_format: str = "markdown"
    time_limit_ms: int = DEFAULT_TIME_LIMIT_MS
    memory_limit_bytes: int = DEFAULT_MEMORY_MIB * 1024 * 1024
    checker: str = "exact"
    checker_options: Mapping[str, Any] = field(default_factory=dict)
    allows_compile_options: bool = True
    metadata: Mapping[str, Any] = field(default_factory=dict)
    groups: tuple[DefinedGroup, ...] = ()
    tests: tuple[DefinedTest, ...] = ()
    languages: tuple[DefinedLanguage, ...] = ()
    files: tuple[DefinedFile, ...] = ()
    programs: tuple[DefinedProgram, ...] = ()
    submissions: tuple[DefinedSubmission, ...] = ()
    kept: tuple[PackageFile, ...] = ()
