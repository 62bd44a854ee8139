"""What holds for a problem as a whole, beyond its single fields: pure, for every way to write one.

Faults are messages by the field to change, as the API names them.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from apps.problems.domain import (
    FILE_BYTES_MAX,
    FILE_NAME,
    MIB,
    PROBLEM_FILES_MAX,
    PROGRAM_ARGUMENT_CHARS_MAX,
    PROGRAM_ARGUMENTS_MAX,
    PROGRAM_FILES_MAX,
    TEST_CASES_MAX,
    TEST_DATA_TOTAL_BYTES_MAX,
    TEST_GROUPS_MAX,
    VERDICTS,
)

TOKENS = "tokens"
TOLERANCES = ("float_absolute", "float_relative")
SWITCHES = ("case_sensitive", "space_sensitive")
# The program that a checker needs.
NEEDED_ROLE = {"program": "checker", "interactor": "interactor"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgramFacts:
    """A checker or an interactor, but for its source."""

    role: str
    files: Any
    arguments: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemFacts:
    """What the rules look at; groups are in their order, each with those that it requires.

    `foreign_group_count` counts tests whose group is another problem's.
    """

    checker: str
    checker_options: Any = field(default_factory=dict)
    programs: Sequence[ProgramFacts] = ()
    groups: Sequence[tuple[str, Sequence[str]]] = ()
    test_count: int = 0
    test_data_bytes: int = 0
    foreign_group_count: int = 0
    file_count: int = 0
    expected_verdicts: Mapping[str, Any] = field(default_factory=dict)


def faults_of(facts: ProblemFacts) -> dict[str, list[str]]:
    """Say what to change, by field; empty if nothing."""
    faults: dict[str, list[str]] = {}
    for name, message in _faults(facts):
        faults.setdefault(name, []).append(message)
    return faults


def checker_options_fault(checker: str, options: Any) -> str | None:
    """Say what is wrong with a checker's options."""
    if not isinstance(options, Mapping):
        return "Give an object of options, such as {}."
    if options and checker != TOKENS:
        return f"Only the checker '{TOKENS}' has options; give {{}} here."
    return token_options_fault(options)


def token_options_fault(options: Mapping[Any, Any]) -> str | None:
    """Say which option the checker of tokens does not have, or not with such a value."""
    for name, value in options.items():
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if name in TOLERANCES and (value is None or (is_number and 0 <= value <= 1)):
            continue
        if name in SWITCHES and isinstance(value, bool):
            continue
        return (
            f"'{name}' is no option with such a value. {', '.join(SWITCHES)} are true or false; "
            f"{', '.join(TOLERANCES)} a number from 0 to 1."
        )
    return None


def _faults(facts: ProblemFacts) -> Iterator[tuple[str, str]]:
    fault = checker_options_fault(facts.checker, facts.checker_options)
    if fault is not None:
        yield "checker_options", fault
    yield from _program_faults(facts)
    yield from _test_faults(facts)
    yield from _group_faults(facts.groups)
    if facts.file_count > PROBLEM_FILES_MAX:
        yield "files", f"There are {facts.file_count}; keep at most {PROBLEM_FILES_MAX}."
    for name, expected in facts.expected_verdicts.items():
        if not _is_list_of_verdicts(expected):
            text = f"'{name}' expects {expected}; give a list of verdicts among"
            yield "reference_submissions", f"{text} {', '.join(VERDICTS)}."


def _program_faults(facts: ProblemFacts) -> Iterator[tuple[str, str]]:
    role = NEEDED_ROLE.get(facts.checker)
    if role is not None and role not in {program.role for program in facts.programs}:
        text = f"The checker '{facts.checker}' needs a program of the role '{role}'"
        yield "programs", f"{text}; add it, or choose another checker."
    if role is not None and facts.test_count == 0:
        yield "test_cases", f"The checker '{facts.checker}' needs a test case; add one."
    for program in facts.programs:
        for fault in (*_file_faults(program.files), *_argument_faults(program.arguments)):
            yield "programs", f"The {program.role}: {fault}"


def _test_faults(facts: ProblemFacts) -> Iterator[tuple[str, str]]:
    if facts.test_count > TEST_CASES_MAX:
        text = f"There are {facts.test_count} test cases; keep at most {TEST_CASES_MAX}."
        yield "test_cases", text
    if facts.test_data_bytes > TEST_DATA_TOTAL_BYTES_MAX:
        mib, mib_max = facts.test_data_bytes / MIB, TEST_DATA_TOTAL_BYTES_MAX // MIB
        text = f"Inputs and answers have {mib:.1f} MiB together; make it at most {mib_max} MiB."
        yield "test_cases", text
    if facts.foreign_group_count:
        text = f"{facts.foreign_group_count} test cases name a group of another problem"
        yield "test_cases", f"{text}; choose one of this problem's."


def _group_faults(groups: Sequence[tuple[str, Sequence[str]]]) -> Iterator[tuple[str, str]]:
    if len(groups) > TEST_GROUPS_MAX:
        yield "test_groups", f"There are {len(groups)} groups; keep at most {TEST_GROUPS_MAX}."
    before: set[str] = set()
    for name, required in groups:
        wrong = [other for other in required if other not in before]
        if wrong:
            text = f"'{name}' requires '{wrong[0]}', which does not stand before it"
            yield "test_groups", f"{text}: a group requires groups before it only."
        before.add(name)


def _file_faults(files: Any) -> Iterator[str]:
    if not isinstance(files, Mapping) or not _are_texts(files.values()):
        yield 'give files as names with texts, such as {"testlib.h": "..."}.'
        return
    if len(files) > PROGRAM_FILES_MAX:
        yield f"it has {len(files)} files; keep at most {PROGRAM_FILES_MAX}."
    for name, text in files.items():
        if not re.match(FILE_NAME, name):
            yield f"the file '{name[:80]}' needs another name, such as testlib.h."
        if len(text.encode()) > FILE_BYTES_MAX:
            yield f"the file '{name[:80]}' is too large; make it at most {FILE_BYTES_MAX} bytes."


def _argument_faults(arguments: Any) -> Iterator[str]:
    if not isinstance(arguments, list) or not _are_texts(arguments):
        yield 'give arguments as a list of texts, such as ["--strict"].'
        return
    if len(arguments) > PROGRAM_ARGUMENTS_MAX:
        yield f"it has {len(arguments)} arguments; keep at most {PROGRAM_ARGUMENTS_MAX}."
    if any(len(each) > PROGRAM_ARGUMENT_CHARS_MAX or "\0" in each for each in arguments):
        yield f"an argument has at most {PROGRAM_ARGUMENT_CHARS_MAX} characters, and no NUL."


def _are_texts(values: Any) -> bool:
    return all(isinstance(value, str) for value in values)


def _is_list_of_verdicts(expected: Any) -> bool:
    is_list = isinstance(expected, list) and bool(expected)
    return is_list and all(isinstance(each, str) and each in VERDICTS for each in expected)
