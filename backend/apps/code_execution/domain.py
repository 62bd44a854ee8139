"""Submission rules as pure functions: languages, the life of a submission, how it is shown."""

from datetime import timedelta
from enum import StrEnum

from apps.problems.domain import LANGUAGES

CODE_BYTES_MAX = 100 * 1024
INPUT_CHARS_MAX = 1024 * 1024
TEXT_CHARS_MAX = 1024 * 1024
TEST_TEXT_CHARS_MAX = 64 * 1024
REFERENCE_CHARS_MAX = 64
INT32_MAX = 2**31 - 1
INT64_MAX = 2**63 - 1
BYTES_PER_MIB = 1024 * 1024
COMPILE_OPTIONS_MAX = 8
COMPILE_OPTION_CHARS_MAX = 64
# The execution service's ceilings, which no multiplier exceeds.
TIME_LIMIT_MAX_MS = 120_000
MEMORY_LIMIT_MAX_BYTES = 4096 * BYTES_PER_MIB


class Status(StrEnum):
    """Where a submission is in its life."""

    PENDING = "pending"
    RUNNING = "running"
    COMPLETED = "completed"
    ERROR = "error"
    CANCELLED = "cancelled"


class Stage(StrEnum):
    """What is being done with a submission that is being judged."""

    COMPILING = "compiling"
    TESTING = "testing"


class Verdict(StrEnum):
    """The judgement: accepted, wrong answer, a limit, a crash, does not compile, our own fault."""

    AC = "AC"
    WA = "WA"
    TLE = "TLE"
    MLE = "MLE"
    OLE = "OLE"
    RTE = "RTE"
    CE = "CE"
    IE = "IE"


TERMINAL_STATUSES = frozenset({Status.COMPLETED, Status.ERROR, Status.CANCELLED})
_NEXT_STATUSES = {
    Status.PENDING: {Status.RUNNING, *TERMINAL_STATUSES},
    Status.RUNNING: set(TERMINAL_STATUSES),
}

_LANGUAGE_ALIASES = {
    "py": "python",
    "python3": "python",
    "js": "javascript",
    "node": "javascript",
    "nodejs": "javascript",
    "c++": "cpp",
    "cxx": "cpp",
    "c#": "csharp",
    "cs": "csharp",
    "golang": "go",
    "rs": "rust",
}


def language_id_of(name: str) -> str | None:
    """Find the language that a name or alias means, in any case; `None` if there is none."""
    normalised = name.strip().lower()
    language = _LANGUAGE_ALIASES.get(normalised, normalised)
    return language if language in LANGUAGES else None


def effective_time_ms(limit_ms: int, multiplier: float | None) -> int | None:
    """Apply a multiplier as the execution service does; `None` while it is not known."""
    return None if multiplier is None else min(round(limit_ms * multiplier), TIME_LIMIT_MAX_MS)


def effective_memory_bytes(limit_bytes: int, multiplier: float | None) -> int | None:
    """Apply a multiplier as the execution service does; `None` while it is not known."""
    if multiplier is None:
        return None
    return min(round(limit_bytes * multiplier), MEMORY_LIMIT_MAX_BYTES)


def can_change(current: Status, new: Status) -> bool:
    """Tell whether a submission may go from one status to another; a terminal one never changes."""
    return new in _NEXT_STATUSES.get(current, set())


def is_correct(verdict: Verdict | None, *, has_tests: bool) -> bool | None:
    """Grade a verdict; `None` when there is nothing to grade against, or when the fault is ours."""
    if not has_tests or verdict is None or verdict is Verdict.IE:
        return None
    return verdict is Verdict.AC


def display_duration(duration_ms: int | None) -> str | None:
    """Write a duration as `0.045s`: seconds with two decimals, or three where it takes them."""
    if duration_ms is None:
        return None
    text = f"{duration_ms / 1000:.3f}"
    return f"{text.removesuffix('0')}s"


def display_memory(size_bytes: int | None) -> str | None:
    """Write a size as `8.2MB`: MiB with one decimal."""
    return None if size_bytes is None else f"{size_bytes / BYTES_PER_MIB:.1f}MB"


def clean_text(text: str, chars_max: int) -> str:
    """Make a program's text storable: PostgreSQL takes no NUL, UTF-8 no lone surrogate."""
    encodable = text[:chars_max].encode("utf-8", errors="replace").decode("utf-8")
    return encodable.replace("\x00", "\ufffd")


_RETRY_PAUSES = tuple(timedelta(seconds=pause_s) for pause_s in (1, 5, 15, 60, 300))


def retry_pause(attempts: int) -> timedelta:
    """Say how long to wait after so many failed attempts; it grows to five minutes and stays."""
    return _RETRY_PAUSES[min(max(attempts, 1), len(_RETRY_PAUSES)) - 1]
