"""What the format can't say of a problem: a document of our own that other tools pass over.

It is written only where it is needed, and states a part of the definition whole.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from apps.problems.domain import LANGUAGES, MIB, MULTIPLIER_MAX, POINTS_MAX
from apps.problems.packages.definition import (
    DefinedGroup,
    DefinedLanguage,
    DefinedSubmission,
    DefinedTest,
    Definition,
)
from apps.problems.packages.fields import Fields
from apps.problems.packages.layout import EXTENSION_FILE
from apps.problems.packages.package import ExpectedVerdict
from apps.problems.packages.report import Report
from apps.problems.packages.yaml_documents import parse_mapping, write_mapping

_CHECKERS = frozenset({"exact", "tokens", "sorted_lines", "program", "interactor"})
_SCORINGS = frozenset({"all", "min", "sum"})
_PROTOCOLS = frozenset({"icpc", "testlib"})


def extension_of(wanted: Definition, meant: Definition) -> Mapping[str, Any]:
    """Give what has to be said so that a package that means `meant` means `wanted`.

    Tests and submissions of both are the same in the same files; their order and what is said of
    them may differ. The values are texts, as they will be read.
    """
    document: dict[str, Any] = {
        name: getattr(wanted, name)
        for name in ("memory_limit_bytes", "allows_compile_options", "checker")
        if getattr(wanted, name) != getattr(meant, name)
    }
    protocols = {each.protocol for each in wanted.programs}
    if protocols - {each.protocol for each in meant.programs}:
        document["protocol"] = protocols.pop()
    if wanted.languages:
        document["languages"] = {each.language: _multipliers(each) for each in wanted.languages}
    if (wanted.groups, wanted.tests) != (meant.groups, meant.tests):
        document["groups"] = {group.name: _group_document(group) for group in wanted.groups}
        document["tests"] = {test.name: _test_document(test) for test in wanted.tests}
    if wanted.submissions != meant.submissions:
        document["submissions"] = {
            each.name: {"language": each.language, "expected": " ".join(each.expected)}
            for each in wanted.submissions
        }
    return parse_mapping(write_mapping(document)) if document else {}


def extended(definition: Definition, extension: Mapping[str, Any], report: Report) -> Definition:
    """Give the definition with what the extension says; what it says wrong goes into the report."""
    fields = Fields(extension, path=EXTENSION_FILE, report=report)
    for key, take in _PARTS.items():
        if fields.has(key):
            definition = take(definition, fields)
    fields.raw("groups")
    fields.warn_of_the_rest()
    return definition


def _with_memory(definition: Definition, fields: Fields) -> Definition:
    memory_bytes = fields.whole("memory_limit_bytes", low=16 * MIB, high=2048 * MIB)
    return replace(definition, memory_limit_bytes=memory_bytes or definition.memory_limit_bytes)


def _with_compile_options(definition: Definition, fields: Fields) -> Definition:
    return replace(definition, allows_compile_options=fields.truth("allows_compile_options"))


def _with_checker(definition: Definition, fields: Fields) -> Definition:
    checker = _one_of(fields, "checker", _CHECKERS)
    options = definition.checker_options if checker == "tokens" else {}
    return replace(definition, checker=checker, checker_options=options)


def _with_protocol(definition: Definition, fields: Fields) -> Definition:
    protocol = _one_of(fields, "protocol", _PROTOCOLS)
    programs = tuple(replace(each, protocol=protocol) for each in definition.programs)
    return replace(definition, programs=programs)


def _with_languages(definition: Definition, fields: Fields) -> Definition:
    return replace(definition, languages=_languages(fields.section("languages")))


def _multipliers(language: DefinedLanguage) -> dict[str, float]:
    stated = {"time": language.time_multiplier, "memory": language.memory_multiplier}
    return {name: value for name, value in stated.items() if value is not None}


def _group_document(group: DefinedGroup) -> dict[str, Any]:
    return {
        "points": group.points,
        "scoring": group.scoring,
        "stop_at_first_failure": group.stop_at_first_failure,
        "requires": list(group.requires),
    }


def _test_document(test: DefinedTest) -> dict[str, Any]:
    document: dict[str, Any] = {"points": test.points, "is_sample": test.is_sample}
    return document | ({} if test.group is None else {"group": test.group})


def _one_of(fields: Fields, key: str, known: frozenset[str]) -> str:
    text = fields.text(key)
    if text not in known:
        fields.error(key, f"Use one of {', '.join(sorted(known))}.")
    return text


def _real(fields: Fields, key: str, low: float, high: float) -> float | None:
    text = fields.text(key)
    try:
        value = float(text) if text else None
    except ValueError:
        value = float("nan")
    if value is not None and not low <= value <= high:
        fields.error(key, f"Use a number from {low:g} to {high:g}.")
        return None
    return value


def _languages(fields: Fields) -> tuple[DefinedLanguage, ...]:
    languages = []
    for name in sorted(fields):
        if name not in LANGUAGES:
            fields.error(name, f"Use languages of {', '.join(LANGUAGES)}.")
            continue
        section = fields.section(name)
        time, memory = (_real(section, key, 1, MULTIPLIER_MAX) for key in ("time", "memory"))
        languages.append(
            DefinedLanguage(language=name, time_multiplier=time, memory_multiplier=memory)
        )
    return tuple(languages)


def _with_tests(definition: Definition, fields: Fields) -> Definition:
    """Take groups and tests as they are stated; the tests have to be those of the package."""
    groups: dict[str, DefinedGroup] = {}
    sections = fields.section("groups")
    for name in sections:
        section = sections.section(name)
        requires = section.raw("requires") or []
        if not isinstance(requires, list) or not all(each in list(groups) for each in requires):
            section.error("requires", "Name groups that stand before.")
            requires = []
        groups[name] = DefinedGroup(
            name=name,
            points=section.whole("points", low=0, high=POINTS_MAX) or 0,
            scoring=_one_of(section, "scoring", _SCORINGS),
            stop_at_first_failure=section.truth("stop_at_first_failure"),
            requires=tuple(requires),
        )
    found = {test.name: test for test in definition.tests}
    stated = fields.section("tests")
    if set(stated) != set(found):
        fields.error("tests", "Name each test of the package, and no other.")
        return definition
    return replace(
        definition,
        groups=tuple(groups.values()),
        tests=tuple(_test(found[name], stated.section(name), groups) for name in stated),
    )


def _test(test: DefinedTest, fields: Fields, groups: Mapping[str, DefinedGroup]) -> DefinedTest:
    group = fields.raw("group") or None
    if group is not None and (not isinstance(group, str) or group not in groups):
        fields.error("group", "It is none of the groups.")
        group = None
    return replace(
        test,
        group=group,
        is_sample=fields.truth("is_sample"),
        points=fields.whole("points", low=0, high=POINTS_MAX) or 0,
    )


def _with_submissions(definition: Definition, parent: Fields) -> Definition:
    fields = parent.section("submissions")
    found = {each.name: each for each in definition.submissions}
    known = {verdict.value for verdict in ExpectedVerdict}
    stated: list[DefinedSubmission] = []
    for name in sorted(fields):
        section = fields.section(name)
        expected = section.words("expected")
        language = _one_of(section, "language", frozenset(LANGUAGES))
        if name not in found or not known.issuperset(expected):
            section.error("expected", "Name submissions of the package, and verdicts such as AC.")
        else:
            stated.append(replace(found[name], language=language, expected=expected))
    return replace(definition, submissions=tuple(stated))


_PARTS: Mapping[str, Callable[[Definition, Fields], Definition]] = {
    "memory_limit_bytes": _with_memory,
    "allows_compile_options": _with_compile_options,
    "checker": _with_checker,
    "protocol": _with_protocol,
    "languages": _with_languages,
    "tests": _with_tests,
    "submissions": _with_submissions,
}
