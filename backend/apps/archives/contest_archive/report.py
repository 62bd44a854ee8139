"""What is wrong with an archive: where, why, and what to change."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from typing_extensions import override

# Of each kind; the rest is counted.
FINDINGS_MAX = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where in an archive: a file, its line from 1, and the id of the object there."""

    file_name: str
    line: int | None = None
    object_id: str | None = None

    @override
    def __str__(self) -> str:
        line = "" if self.line is None else f", line {self.line}"
        object_id = "" if self.object_id is None else f", id {self.object_id}"
        return f"{self.file_name}{line}{object_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing to change, or to know."""

    place: Place
    message: str

    @override
    def __str__(self) -> str:
        return f"{self.place}: {self.message}"


@dataclass(slots=True)
class Report:
    """Errors, because of which nothing is taken over, and warnings; only the first are kept."""

    _errors: list[Finding] = field(default_factory=list)
    _warnings: list[Finding] = field(default_factory=list)
    error_count: int = 0
    warning_count: int = 0

    @property
    def errors(self) -> Sequence[Finding]:
        """Give the first errors."""
        return self._errors

    @property
    def warnings(self) -> Sequence[Finding]:
        """Give the first warnings."""
        return self._warnings

    def add_error(self, place: Place, message: str) -> None:
        """Note what has to be changed."""
        self.error_count += 1
        if len(self._errors) < FINDINGS_MAX:
            self._errors.append(Finding(place=place, message=message))

    def add_warning(self, place: Place, message: str) -> None:
        """Note what is good to know."""
        self.warning_count += 1
        if len(self._warnings) < FINDINGS_MAX:
            self._warnings.append(Finding(place=place, message=message))
