"""The execution service's account of its host: what it has, what is missing, what to do."""

from collections.abc import Mapping
from dataclasses import dataclass

from apps.code_execution.client import ServiceUnavailableError, get_client
from apps.code_execution.domain import clean_text

# The service lets a caller wait for 20 s.
TIMEOUT_S = 25.0
GROUPS_MAX, FINDINGS_MAX = 20, 200
TEXT_CHARS_MAX = 4000


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at; `detail` says what was found or how to mend it."""

    name: str
    is_ok: bool
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingGroup:
    """Findings that belong together."""

    name: str
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Examination:
    """What was found; `fault` says why there is nothing."""

    examined_at: str = ""
    is_usable: bool = False
    groups: tuple[FindingGroup, ...] = ()
    fault: str | None = None

    @property
    def lacks(self) -> list[Finding]:
        """What is missing, from all groups."""
        return [each for group in self.groups for each in group.findings if not each.is_ok]


def examine_service() -> Examination:
    """Ask the service to examine its host; one that can't is a finding too, and no error."""
    try:
        document = get_client().examination(timeout_s=TIMEOUT_S)
    except ServiceUnavailableError as error:
        return Examination(fault=str(error))
    if not isinstance(document, Mapping) or not isinstance(document.get("groups"), list):
        return Examination(fault="Its answer is not an examination; is it of another version?")
    return Examination(
        examined_at=_text(document.get("examined_at")),
        is_usable=document.get("is_usable") is True,
        groups=tuple(
            _group(each) for each in document["groups"][:GROUPS_MAX] if isinstance(each, Mapping)
        ),
    )


def _group(document: Mapping[str, object]) -> FindingGroup:
    findings = document.get("findings")
    found = findings[:FINDINGS_MAX] if isinstance(findings, list) else []
    return FindingGroup(
        name=_text(document.get("name")),
        findings=tuple(_finding(each) for each in found if isinstance(each, Mapping)),
    )


def _finding(document: Mapping[str, object]) -> Finding:
    return Finding(
        name=_text(document.get("name")),
        is_ok=document.get("is_ok") is True,
        detail=_text(document.get("detail")),
    )


def _text(value: object) -> str:
    return clean_text(value, TEXT_CHARS_MAX) if isinstance(value, str) else ""
