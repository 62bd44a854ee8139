"""A problem package as a value: what the files of the format say, whatever zip they came from."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any

DATA = "data"
SAMPLE = f"{DATA}/sample"
SECRET = f"{DATA}/secret"
PARTIALLY_ACCEPTED = "partially_accepted"


class ProblemType(StrEnum):
    """Whether a submission is right or wrong, or gets points."""

    PASS_FAIL = "pass-fail"  # noqa: S105
    SCORING = "scoring"


class Markup(StrEnum):
    """What a statement is written in, as the ending of its file name."""

    MARKDOWN = "md"
    LATEX = "tex"


class License(StrEnum):
    """Under what terms the problem may be used."""

    UNKNOWN = "unknown"
    PUBLIC_DOMAIN = "public domain"
    CC0 = "cc0"
    CC_BY = "cc by"
    CC_BY_SA = "cc by-sa"
    EDUCATIONAL = "educational"
    PERMISSION = "permission"


class OnReject(StrEnum):
    """Whether judging of a group ends at its first failed test."""

    BREAK = "break"
    CONTINUE = "continue"


class VerdictMode(StrEnum):
    """How the verdict of a group follows from its tests and subgroups."""

    WORST_ERROR = "worst_error"
    FIRST_ERROR = "first_error"
    ALWAYS_ACCEPT = "always_accept"


class ScoreMode(StrEnum):
    """How the score of a group follows from its tests and subgroups."""

    SUM = "sum"
    AVERAGE = "avg"
    MINIMUM = "min"
    MAXIMUM = "max"


class ExpectedVerdict(StrEnum):
    """A verdict that a reference submission may be meant to get."""

    ACCEPTED = "AC"
    WRONG_ANSWER = "WA"
    TIME_LIMIT = "TLE"
    MEMORY_LIMIT = "MLE"
    OUTPUT_LIMIT = "OLE"
    RUN_TIME_ERROR = "RTE"
    COMPILE_ERROR = "CE"


@dataclass(frozen=True, slots=True)
class Content:
    """The bytes of one file by their hash; they stay where they are until `read` is called."""

    sha256: str
    size_bytes: int
    read: Callable[[], bytes] = field(compare=False, repr=False)


def content_of(data: bytes) -> Content:
    """Give bytes in memory as a content."""
    return Content(hashlib.sha256(data).hexdigest(), len(data), lambda: data)


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageFile:
    """A file with its path inside the folder of its kind."""

    path: str
    content: Content


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """The text of the problem in one natural language."""

    language: str
    markup: Markup
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """Who made the problem, and who may use it; empty where nothing is said."""

    uuid: str = ""
    author: str = ""
    source: str = ""
    source_url: str = ""
    license: License = License.UNKNOWN
    rights_owner: str = ""
    keywords: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What programs may use; `None` where the package leaves it to the judge."""

    time_limit_ms: int | None = None
    time_multiplier: Decimal | None = None
    time_safety_margin: Decimal | None = None
    memory_mib: int | None = None
    output_mib: int | None = None
    code_kib: int | None = None
    compilation_time_s: int | None = None
    compilation_memory_mib: int | None = None
    validation_time_s: int | None = None
    validation_memory_mib: int | None = None
    validation_output_mib: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """One program: a single file of the same name, or the files of a folder.

    `language` is the platform's id, or `None` where the file names don't tell one that it has.
    """

    name: str
    language: str | None
    files: tuple[PackageFile, ...]

    @property
    def is_single_file(self) -> bool:
        """Tell whether the program is one file of its own name."""
        return len(self.files) == 1 and self.files[0].path == self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Validation:
    """How outputs are judged: by comparing tokens, or by the package's own program."""

    is_custom: bool = False
    is_interactive: bool = False
    has_score: bool = False
    flags: tuple[str, ...] = ()
    program: Program | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TestCase:
    """One input with its answer; `name` is the file's without its ending."""

    __test__ = False

    name: str
    input: Content
    answer: Content


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupSettings:
    """How a group is judged and graded; a range without an end is `None` there.

    `input_validator_flags` maps a validator to its arguments; the empty name stands for each.
    """

    on_reject: OnReject = OnReject.BREAK
    verdict_mode: VerdictMode = VerdictMode.WORST_ERROR
    score_mode: ScoreMode = ScoreMode.SUM
    ignores_sample: bool = False
    accepts_if_any_accepted: bool = False
    accept_score: Decimal = Decimal(1)
    reject_score: Decimal = Decimal(0)
    range_low: Decimal | None = None
    range_high: Decimal | None = None
    input_validator_flags: Mapping[str, str] = field(default_factory=dict)
    output_validator_flags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TestGroup:
    """A folder below `data` by its path, with settings that hold for it, inherited ones too."""

    __test__ = False

    path: str
    settings: GroupSettings
    cases: tuple[TestCase, ...]

    @property
    def is_sample(self) -> bool:
        """Tell whether participants see the group's tests."""
        return self.path == SAMPLE or self.path.startswith(f"{SAMPLE}/")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceSubmission:
    """A program whose verdict is known: one of `expected`, or any while that is empty."""

    folder: str
    program: Program
    expected: frozenset[ExpectedVerdict]


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """Everything of a problem.

    `titles` are by natural language, `included` files by folders named after programming languages.
    `groups` starts with `data` itself, parents before children, each level in the order of names.
    `extension` is what the platform's own document says beyond the format, all of it texts.
    """

    short_name: str
    titles: Mapping[str, str]
    problem_type: ProblemType = ProblemType.PASS_FAIL
    metadata: Metadata = Metadata()
    limits: Limits = Limits()
    validation: Validation = Validation()
    shows_groups: bool = False
    statements: tuple[Statement, ...] = ()
    statement_files: tuple[PackageFile, ...] = ()
    attachments: tuple[PackageFile, ...] = ()
    included: tuple[PackageFile, ...] = ()
    input_validators: tuple[PackageFile, ...] = ()
    groups: tuple[TestGroup, ...] = ()
    submissions: tuple[ReferenceSubmission, ...] = ()
    extension: Mapping[str, Any] = field(default_factory=dict)
