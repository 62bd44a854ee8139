"""How tests are judged, on the wire: checkers, interactors, groups."""

import hashlib
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from app.domain.checkers import Checker, ExactChecker, SortedLinesChecker, TokensChecker
from app.domain.checking import Protocol, StoredFile, StoredProgram
from app.domain.files import MAX_FILE_BYTES, MAX_FILES
from app.domain.limits import MIB
from app.domain.test_groups import TestGroup
from app.schemas.contents import NO_NUL, Base64File, HashedFile, Name, Sha256, Text, content_of

MAX_ARGUMENTS = 64
MAX_REQUIRED_GROUPS = 100
Tolerance = Annotated[float, Field(ge=0, le=1e9, allow_inf_nan=False)]
Argument = Annotated[str, StringConstraints(max_length=256, pattern=NO_NUL)]


class LimitsIn(BaseModel):
    """What each run may use, before the multipliers; the service's defaults where absent."""

    cpu_time_ms: int | None = Field(default=None, ge=50, le=60_000)
    memory_bytes: int | None = Field(default=None, ge=16 * MIB, le=2048 * MIB)
    time_multiplier: float | None = Field(
        default=None, ge=1, le=20, description="In place of the language's."
    )
    memory_multiplier: float | None = Field(
        default=None, ge=1, le=20, description="In place of the language's."
    )


class _Rule(BaseModel):
    """A misspelt option must not be taken for the default."""

    model_config = ConfigDict(extra="forbid")


class ExactCheckerIn(_Rule):
    """Equal, but for white space at the very end."""

    kind: Literal["exact"]

    def to_checker(self) -> Checker:
        """Return what the service works with."""
        return ExactChecker()


class TokensCheckerIn(_Rule):
    """The same tokens between white space; with a tolerance numbers are compared as numbers."""

    kind: Literal["tokens"]
    case_sensitive: bool = True
    space_sensitive: bool = Field(default=False, description="White space has to be the same too.")
    float_absolute: Tolerance | None = Field(default=None, description="The largest difference.")
    float_relative: Tolerance | None = Field(
        default=None, description="The same, as a share of the expected number; one is enough."
    )

    def to_checker(self) -> Checker:
        """Return what the service works with."""
        return TokensChecker(**self.model_dump())


class SortedLinesCheckerIn(_Rule):
    """The same lines in any order; white space at the end of lines and of the text aside."""

    kind: Literal["sorted_lines"]

    def to_checker(self) -> Checker:
        """Return what the service works with."""
        return SortedLinesChecker()


class JudgeProgramIn(_Rule):
    """A program of the problem's authors that runs in a sandbox of its own."""

    protocol: Protocol = Field(
        description="`icpc`: an output validator of the Problem Package Format. `testlib`."
    )
    language: str = Field(max_length=50, description="An id or alias of GET /api/v1/languages.")
    source: Text | None = Field(default=None, max_length=MAX_FILE_BYTES)
    source_sha256: Sha256 | None = Field(default=None, description="In place of `source`.")
    files: dict[str, str | Base64File | HashedFile] = Field(
        default={},
        max_length=MAX_FILES,
        description="What lies beside the source, as in a submission; or the hash of it.",
        examples=[{"testlib.h": {"sha256": "0" * 64}}],
    )
    arguments: list[Argument] = Field(default=[], max_length=MAX_ARGUMENTS)
    limits: LimitsIn = LimitsIn()

    @model_validator(mode="after")
    def _have_one_source(self) -> Self:
        if (self.source is None) == (self.source_sha256 is None):
            raise ValueError("give source or source_sha256")
        return self

    def to_program(self, contents: dict[str, bytes]) -> StoredProgram:
        """Return what the service works with; what has come along is added to the contents."""
        source = self.source_sha256 or _hash_of(self.source or "", contents)
        files = {name: _hash_of(file, contents) for name, file in sorted(self.files.items())}
        return StoredProgram(
            protocol=self.protocol,
            language=self.language,
            source_sha256=source,
            files=tuple(StoredFile(name=name, sha256=sha256) for name, sha256 in files.items()),
            arguments=tuple(self.arguments),
            **self.limits.model_dump(),
        )


class ProgramCheckerIn(JudgeProgramIn):
    """A checker that comes with the problem."""

    kind: Literal["program"]


CheckerIn = Annotated[
    ExactCheckerIn | TokensCheckerIn | SortedLinesCheckerIn | ProgramCheckerIn,
    Field(discriminator="kind"),
]


class TestGroupIn(_Rule):
    """Tests that belong together."""

    __test__ = False

    name: Name
    stop_at_first_failure: bool = Field(
        default=False, description="Skip the rest of the group once one of its tests has failed."
    )
    requires: list[Name] = Field(
        default=[],
        max_length=MAX_REQUIRED_GROUPS,
        description="Groups, run before this one, of which no test may fail: else it is skipped.",
    )

    def to_group(self) -> TestGroup:
        """Return what the service works with."""
        return TestGroup(
            name=self.name,
            stop_at_first_failure=self.stop_at_first_failure,
            requires=tuple(self.requires),
        )


def checker_of(checker: CheckerIn, contents: dict[str, bytes]) -> Checker | StoredProgram:
    """Return what the service works with; what has come along is added to the contents."""
    if isinstance(checker, ProgramCheckerIn):
        return checker.to_program(contents)
    return checker.to_checker()


def _hash_of(file: str | Base64File | HashedFile, contents: dict[str, bytes]) -> str:
    if isinstance(file, HashedFile):
        return file.sha256
    content = content_of(file)
    sha256 = hashlib.sha256(content).hexdigest()
    contents[sha256] = content
    return sha256
