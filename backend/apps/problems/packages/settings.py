"""`problem.yaml` and the files that state a time limit: read into values, and written again."""

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from apps.problems.packages.entries import MAIN_DOCUMENT, TIME_LIMIT_FILE, Entries
from apps.problems.packages.fields import Fields, decimal_of
from apps.problems.packages.package import (
    License,
    Limits,
    Metadata,
    Package,
    ProblemType,
    Validation,
)
from apps.problems.packages.report import Report
from apps.problems.packages.yaml_documents import DocumentError, parse_mapping

DOMJUDGE_FILE = "domjudge-problem.ini"
FORMAT_VERSION = "legacy"
TITLE_CHARS_MAX = 200
TIME_LIMIT_MS_MAX = 60_000
TIME_LIMIT_MS_MIN = 50
MEMORY_MIB_MIN = 16
MEMORY_MIB_MAX = 2048
LANGUAGE_CODE = re.compile(r"[a-z]{2,3}(-[A-Z]{2})?\Z")
_LIMIT_MAX = 1_000_000
_INI_LINE = re.compile(r"""\s*([A-Za-z_-]+)\s*=\s*(["']?)(.*?)\2\s*\Z""")
_WHOLE_LIMITS = {
    "output": "output_mib",
    "code": "code_kib",
    "compilation_time": "compilation_time_s",
    "compilation_memory": "compilation_memory_mib",
    "validation_time": "validation_time_s",
    "validation_memory": "validation_memory_mib",
    "validation_output": "validation_output_mib",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the package says of itself.

    A `name` that is no mapping stands for the package's main natural language, the empty one here.
    """

    titles: Mapping[str, str]
    problem_type: ProblemType
    metadata: Metadata
    limits: Limits
    validation: Validation
    shows_groups: bool


def read_settings(entries: Entries, report: Report) -> Settings:
    """Read `problem.yaml` and what states a time limit beside it.

    Raises:
        ArchiveError: A file is broken or too large.
    """
    if MAIN_DOCUMENT not in entries:
        report.error(
            MAIN_DOCUMENT, "It is missing; every package has it, at the top or in its one folder."
        )
    fields = Fields(
        read_document(entries, MAIN_DOCUMENT, report), path=MAIN_DOCUMENT, report=report
    )
    version = fields.text("problem_format_version")
    if version not in {"", FORMAT_VERSION}:
        fields.error(
            "problem_format_version",
            f"Only packages of version '{FORMAT_VERSION}' are taken, not '{version[:50]}'.",
        )
    problem_type = fields.choice("type", ProblemType, ProblemType.PASS_FAIL)
    settings = Settings(
        titles=_titles(fields),
        problem_type=problem_type,
        metadata=_metadata(fields),
        limits=_limits(fields.section("limits"), entries, report),
        validation=_validation(fields, problem_type),
        shows_groups=_shows_groups(fields.section("grading")),
    )
    fields.warn_of_the_rest()
    return settings


def read_document(entries: Entries, path: str, report: Report) -> dict[str, Any]:
    """Read a document; one that is missing or can't be taken is empty.

    Raises:
        ArchiveError: It is broken or too large.
    """
    try:
        return parse_mapping(entries.read(path)) if path in entries else {}
    except DocumentError as error:
        report.error(path, str(error))
        return {}


def settings_document(package: Package, name: str | Mapping[str, str]) -> dict[str, Any]:
    """Give `problem.yaml` as a mapping; only what differs from the format's defaults is in it."""
    metadata, validation = package.metadata, package.validation
    kind = ["custom"] if validation.is_custom else ["default"]
    kind += ["interactive"] * validation.is_interactive + ["score"] * validation.has_score
    document = {
        "problem_format_version": FORMAT_VERSION,
        "type": package.problem_type.value,
        "name": name,
        "uuid": metadata.uuid,
        "author": metadata.author,
        "source": metadata.source,
        "source_url": metadata.source_url,
        "license": metadata.license.value,
        "rights_owner": metadata.rights_owner,
        "limits": _limits_document(package.limits),
        "validation": " ".join(kind),
        "validator_flags": " ".join(validation.flags),
        "grading": {"show_test_data_groups": True} if package.shows_groups else {},
        "keywords": " ".join(metadata.keywords),
    }
    return {key: value for key, value in document.items() if value}


def time_limit_text(time_limit_ms: int) -> str:
    """Give the content of `.timelimit`: seconds."""
    return f"{format((Decimal(time_limit_ms) / 1000).normalize(), 'f')}\n"


def _titles(fields: Fields) -> Mapping[str, str]:
    name = fields.raw("name")
    if not isinstance(name, Mapping):
        title = fields.text("name", chars_max=TITLE_CHARS_MAX)
        return {"": title} if title else {}
    titles = {}
    for language, value in name.items():
        if not LANGUAGE_CODE.match(language):
            fields.error("name", f"'{language[:50]}' is no language code such as en or pt-BR.")
        elif title := fields.line("name", value, chars_max=TITLE_CHARS_MAX):
            titles[language] = title
    return titles


def _metadata(fields: Fields) -> Metadata:
    return Metadata(
        uuid=_uuid(fields),
        author=fields.text("author"),
        source=fields.text("source"),
        source_url=fields.text("source_url"),
        license=fields.choice("license", License, License.UNKNOWN),
        rights_owner=fields.text("rights_owner"),
        keywords=fields.words("keywords"),
    )


def _uuid(fields: Fields) -> str:
    text = fields.text("uuid")
    try:
        return str(uuid.UUID(text)) if text else ""
    except ValueError:
        fields.error("uuid", "It is no UUID; leave it out or make one.")
        return ""


def _validation(fields: Fields, problem_type: ProblemType) -> Validation:
    kind, *extras = fields.text("validation").split() or ["default"]
    known = {"interactive", "score"} if kind == "custom" else set()
    if kind not in {"default", "custom"} or not known.issuperset(extras):
        fields.error("validation", "Use default, or custom with interactive and score behind it.")
    if "score" in extras and problem_type is not ProblemType.SCORING:
        fields.error("validation", "A validator gives scores only where type is scoring.")
    return Validation(
        is_custom=kind == "custom",
        is_interactive="interactive" in extras,
        has_score="score" in extras,
        flags=fields.words("validator_flags"),
    )


def _shows_groups(grading: Fields) -> bool:
    if grading.text("objective") not in {"", "max"}:
        grading.error("objective", "Only problems where more points are better are taken; use max.")
    shows_groups = grading.truth("show_test_data_groups")
    grading.warn_of_the_rest()
    return shows_groups


def _limits(fields: Fields, entries: Entries, report: Report) -> Limits:
    whole = {name: fields.whole(key, low=1, high=_LIMIT_MAX) for key, name in _WHOLE_LIMITS.items()}
    limits = Limits(
        time_limit_ms=_time_limit_ms(fields, entries, report),
        time_multiplier=fields.decimal("time_multiplier", low=1, high=1_000),
        time_safety_margin=fields.decimal("time_safety_margin", low=1, high=1_000),
        memory_mib=fields.whole("memory", low=MEMORY_MIB_MIN, high=MEMORY_MIB_MAX),
        **whole,
    )
    fields.warn_of_the_rest()
    return limits


def _limits_document(limits: Limits) -> dict[str, Any]:
    document = {
        "time_multiplier": limits.time_multiplier,
        "time_safety_margin": limits.time_safety_margin,
        "memory": limits.memory_mib,
    } | {key: getattr(limits, name) for key, name in _WHOLE_LIMITS.items()}
    return {key: value for key, value in document.items() if value is not None}


def _time_limit_ms(fields: Fields, entries: Entries, report: Report) -> int | None:
    """Give the time limit; of several that differ none is right."""
    stated = {MAIN_DOCUMENT: fields.text("time_limit"), DOMJUDGE_FILE: _ini_time(entries, report)}
    if TIME_LIMIT_FILE in entries:
        stated[TIME_LIMIT_FILE] = entries.text(TIME_LIMIT_FILE).strip() or "empty"
    found = {}
    for path, text in stated.items():
        if text:
            seconds = decimal_of(text)
            if seconds is None or not TIME_LIMIT_MS_MIN <= seconds * 1000 <= TIME_LIMIT_MS_MAX:
                report.error(
                    path,
                    f"The time limit '{text[:50]}' has to be a number of seconds from"
                    f" {TIME_LIMIT_MS_MIN / 1000:g} to {TIME_LIMIT_MS_MAX // 1000}.",
                )
            else:
                found[path] = round(seconds * 1000)
    if len(set(found.values())) > 1:
        report.error("", f"These state different time limits: {', '.join(found)}. Keep one.")
    if not any(stated.values()):
        report.warning(
            "", f"No time limit is stated; put a number of seconds into '{TIME_LIMIT_FILE}'."
        )
    return next(iter(found.values()), None)


def _ini_time(entries: Entries, report: Report) -> str:
    if DOMJUDGE_FILE not in entries:
        return ""
    values = {}
    for line in entries.text(DOMJUDGE_FILE).splitlines():
        if match := _INI_LINE.match(line):
            values[match[1]] = match[3]
    time_limit = values.pop("timelimit", "")
    if values:
        names = ", ".join(sorted(values))[:200]
        report.warning(DOMJUDGE_FILE, f"Only the time limit is taken from it, not: {names}.")
    return time_limit
