"""The folder `data`: tests in groups, and what `testdata.yaml` says of each group."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import replace
from decimal import Decimal
from enum import StrEnum
from pathlib import PurePosixPath
from typing import Any, TypeVar

from apps.problems.domain import MIB, TEST_CASES_MAX, TEST_DATA_TOTAL_BYTES_MAX
from apps.problems.packages.entries import Entries
from apps.problems.packages.fields import Fields, decimal_of
from apps.problems.packages.package import (
    DATA,
    SAMPLE,
    SECRET,
    GroupSettings,
    OnReject,
    ProblemType,
    ScoreMode,
    TestCase,
    TestGroup,
    VerdictMode,
)
from apps.problems.packages.report import Report
from apps.problems.packages.yaml_documents import DocumentError, parse_mapping

SCORE_MAX = 1_000_000
SETTINGS_FILE = "testdata.yaml"
IGNORE_SAMPLE = "ignore_sample"
ACCEPT_IF_ANY = "accept_if_any_accepted"
_INPUT, _ANSWER = ".in", ".ans"
# What a test may have beside it; participants and judging don't need it.
_NOTES = frozenset({".desc", ".hint", ".interaction", ".png", ".jpg", ".jpeg", ".svg"})
_SCORING_KEYS = ("accept_score", "reject_score", "range")
_NO_LOWEST = "-inf"
_NO_HIGHEST = frozenset({"inf", "+inf"})

Mode = TypeVar("Mode", bound=StrEnum)


def read_groups(
    entries: Entries, problem_type: ProblemType, report: Report
) -> tuple[TestGroup, ...]:
    """Read every test; a folder without tests in it or below it is no group.

    Raises:
        ArchiveError: A file is broken or too large.
    """
    cases = _cases(entries, report)
    folders = {DATA} | {
        str(folder) for path in cases for folder in PurePosixPath(path).parents if folder.name
    }
    _note_the_rest(entries, folders, report)
    settings: dict[str, GroupSettings] = {}
    groups = []
    for folder in sorted(folders, key=lambda path: path.split("/")):
        parent = settings.get(folder.rpartition("/")[0], GroupSettings())
        settings[folder] = _settings(entries, folder, parent, problem_type, report)
        own = (case for path, case in cases.items() if path.rpartition("/")[0] == folder)
        groups.append(TestGroup(path=folder, settings=settings[folder], cases=tuple(own)))
    if not any(path.startswith(f"{SECRET}/") for path in cases):
        report.error(SECRET, "There is no secret test; add an .in and an .ans file.")
    _check_sizes(cases.values(), report)
    return tuple(groups)


def _check_sizes(cases: Collection[TestCase], report: Report) -> None:
    if len(cases) > TEST_CASES_MAX:
        report.error(DATA, f"It has {len(cases)} tests; make it at most {TEST_CASES_MAX}.")
    size_bytes = sum(case.input.size_bytes + case.answer.size_bytes for case in cases)
    if size_bytes > TEST_DATA_TOTAL_BYTES_MAX:
        mib_max = TEST_DATA_TOTAL_BYTES_MAX // MIB
        text = f"Its inputs and answers have {size_bytes} bytes together"
        report.error(DATA, f"{text}; make it at most {mib_max} MiB.")


def settings_document(settings: GroupSettings, problem_type: ProblemType) -> dict[str, Any]:
    """Give `testdata.yaml` as a mapping, whole, so that nothing is inherited."""
    grader_flags = [settings.verdict_mode.value, settings.score_mode.value]
    grader_flags += [IGNORE_SAMPLE] * settings.ignores_sample
    grader_flags += [ACCEPT_IF_ANY] * settings.accepts_if_any_accepted
    input_flags = settings.input_validator_flags
    document: dict[str, Any] = {
        "on_reject": settings.on_reject.value,
        "grader_flags": " ".join(grader_flags),
        "input_validator_flags": input_flags[""] if set(input_flags) == {""} else input_flags or "",
        "output_validator_flags": " ".join(settings.output_validator_flags),
    }
    if problem_type is ProblemType.SCORING:
        low, high = _bound(settings.range_low, "-inf"), _bound(settings.range_high, "+inf")
        document |= {
            "accept_score": settings.accept_score,
            "reject_score": settings.reject_score,
            "range": f"{low} {high}",
        }
    return document


def _cases(entries: Entries, report: Report) -> dict[str, TestCase]:
    """Give the tests by their paths without ending, in order."""
    cases = {}
    for path in (f"{DATA}/{path}" for path in entries.below(DATA)):
        stem = path.removesuffix(_INPUT)
        if path.endswith(_ANSWER) and path.removesuffix(_ANSWER) + _INPUT not in entries:
            report.error(path, f"There is no {_INPUT} file of this name; add it.")
        elif path.endswith(_INPUT) and stem + _ANSWER not in entries:
            report.error(path, f"There is no {_ANSWER} file of this name; add it.")
        elif path.endswith(_INPUT) and path.startswith((f"{SAMPLE}/", f"{SECRET}/")):
            cases[stem] = TestCase(
                name=stem.rpartition("/")[2],
                input=entries.content(path),
                answer=entries.content(stem + _ANSWER),
            )
    return cases


def _note_the_rest(entries: Entries, folders: set[str], report: Report) -> None:
    notes: Counter[str] = Counter()
    for path in (f"{DATA}/{path}" for path in entries.below(DATA)):
        folder, _, name = path.rpartition("/")
        ending = PurePosixPath(path).suffix
        if ending in _NOTES:
            notes[ending] += 1
        elif name == SETTINGS_FILE:
            if folder not in folders:
                report.warning(path, "Its folder has no tests: ignored.")
        elif ending not in {_INPUT, _ANSWER} or not path.startswith((f"{SAMPLE}/", f"{SECRET}/")):
            report.warning(path, "It is no test of the samples or the secret data: ignored.")
    if notes:
        counts = ", ".join(f"{count} {ending}" for ending, count in sorted(notes.items()))
        report.warning(DATA, f"Notes on tests are not kept: {counts}.")


def _settings(
    entries: Entries,
    folder: str,
    parent: GroupSettings,
    problem_type: ProblemType,
    report: Report,
) -> GroupSettings:
    path = f"{folder}/{SETTINGS_FILE}"
    inherited = replace(parent, ignores_sample=False)
    if path not in entries:
        return inherited
    try:
        values = parse_mapping(entries.read(path))
    except DocumentError as error:
        report.error(path, str(error))
        return inherited
    if problem_type is not ProblemType.SCORING:
        for key in values.keys() & set(_SCORING_KEYS):
            report.warning(path, f"{key} is for problems of type scoring only: ignored.")
            del values[key]
    fields = Fields(values, path=path, report=report)
    settings = _parsed(fields, inherited, is_root=folder == DATA)
    fields.warn_of_the_rest()
    return settings


def _parsed(fields: Fields, inherited: GroupSettings, *, is_root: bool) -> GroupSettings:
    """Give the settings of a document; what it leaves out is inherited.

    The format has the whole nearest document hold, Kattis' own tools each of its keys. They agree
    on documents that are complete.
    """
    if fields.text("grading") not in {"", "default"}:
        fields.error("grading", "The package's own graders are not run; use default.")
    settings = inherited
    if fields.has("on_reject"):
        settings = replace(settings, on_reject=fields.choice("on_reject", OnReject, OnReject.BREAK))
    if fields.has("grader_flags"):
        settings = _with_grader_flags(fields, settings, is_root=is_root)
    if fields.has("input_validator_flags"):
        settings = replace(settings, input_validator_flags=_input_validator_flags(fields))
    if fields.has("output_validator_flags"):
        settings = replace(settings, output_validator_flags=_output_validator_flags(fields))
    accept_score = fields.decimal("accept_score", low=-SCORE_MAX, high=SCORE_MAX)
    reject_score = fields.decimal("reject_score", low=-SCORE_MAX, high=SCORE_MAX)
    if accept_score is not None:
        settings = replace(settings, accept_score=accept_score)
    if reject_score is not None:
        settings = replace(settings, reject_score=reject_score)
    return _with_range(fields, settings) if fields.has("range") else settings


def _with_grader_flags(fields: Fields, settings: GroupSettings, *, is_root: bool) -> GroupSettings:
    flags = fields.words("grader_flags")
    known = {*VerdictMode, *ScoreMode, IGNORE_SAMPLE, ACCEPT_IF_ANY}
    for flag in flags:
        if flag not in known:
            fields.error(
                "grader_flags", f"'{flag[:50]}' is not known; use {', '.join(sorted(known))}."
            )
    if IGNORE_SAMPLE in flags and not is_root:
        fields.error("grader_flags", f"{IGNORE_SAMPLE} may stand only in {DATA}/{SETTINGS_FILE}.")
    return replace(
        settings,
        verdict_mode=_last(flags, VerdictMode, VerdictMode.WORST_ERROR),
        score_mode=_last(flags, ScoreMode, ScoreMode.SUM),
        ignores_sample=IGNORE_SAMPLE in flags,
        accepts_if_any_accepted=ACCEPT_IF_ANY in flags,
    )


def _last(flags: tuple[str, ...], modes: type[Mode], default: Mode) -> Mode:
    return next((mode for flag in reversed(flags) for mode in modes if mode == flag), default)


def _input_validator_flags(fields: Fields) -> Mapping[str, str]:
    key = "input_validator_flags"
    value = fields.raw(key)
    if not isinstance(value, Mapping):
        line = fields.line(key, value)
        return {"": line} if line else {}
    flags = {fields.line(key, name): fields.line(key, text) for name, text in value.items()}
    if "" in flags:
        fields.error(key, "A validator has no name.")
    return flags


def _output_validator_flags(fields: Fields) -> tuple[str, ...]:
    key = "output_validator_flags"
    if isinstance(fields.raw(key), Mapping):
        section = fields.section(key)
        section.text("name")
        flags = section.words("flags")
        section.warn_of_the_rest()
        return flags
    return fields.words(key)


def _with_range(fields: Fields, settings: GroupSettings) -> GroupSettings:
    low_text, high_text = (*fields.text("range").split(), "", "")[:2]
    low, high = decimal_of(low_text), decimal_of(high_text)
    is_stated = (low is not None or low_text == _NO_LOWEST) and (
        high is not None or high_text in _NO_HIGHEST
    )
    bounds = [bound for bound in (low, high) if bound is not None]
    if not is_stated or bounds != sorted(bounds) or any(abs(b) > SCORE_MAX for b in bounds):
        fields.error("range", "Give the lowest and the highest score, such as '0 100'.")
        return settings
    return replace(settings, range_low=low, range_high=high)


def _bound(value: Decimal | None, infinite: str) -> str:
    return infinite if value is None else format(value.normalize(), "f")
