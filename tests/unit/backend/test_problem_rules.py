"""What must hold for a problem as a whole, and what its author is told to change."""

from dataclasses import replace
from typing import Any

import pytest

from apps.problems.domain import (
    FILE_BYTES_MAX,
    MIB,
    PROBLEM_FILES_MAX,
    PROGRAM_ARGUMENTS_MAX,
    PROGRAM_FILES_MAX,
    TEST_CASES_MAX,
    TEST_GROUPS_MAX,
)
from apps.problems.rules import ProblemFacts, ProgramFacts, checker_options_fault, faults_of

PLAIN = ProblemFacts(checker="exact", test_count=1)
CHECKER = ProgramFacts(role="checker", files={}, arguments=[])
INTERACTOR = ProgramFacts(role="interactor", files={}, arguments=[])
ALL_TOKEN_OPTIONS = {
    "case_sensitive": False,
    "space_sensitive": True,
    "float_absolute": 1e-6,
    "float_relative": None,
}


@pytest.mark.parametrize(
    "facts",
    [
        PLAIN,
        ProblemFacts(checker="sorted_lines"),
        ProblemFacts(checker="tokens", checker_options=ALL_TOKEN_OPTIONS),
        ProblemFacts(checker="program", programs=[CHECKER], test_count=1),
        ProblemFacts(
            checker="interactor", programs=[CHECKER, INTERACTOR], test_count=TEST_CASES_MAX
        ),
        replace(PLAIN, groups=[("a", []), ("b", ["a"]), ("c", ["b", "a"])]),
        replace(PLAIN, test_data_bytes=256 * MIB, file_count=PROBLEM_FILES_MAX),
        replace(PLAIN, expected_verdicts={"accepted/a.py": ["AC"], "mixed/b.py": ["WA", "TLE"]}),
        replace(PLAIN, programs=[replace(CHECKER, files={"testlib.h": ""}, arguments=["-a"])]),
    ],
)
def test_accepts_what_can_be_judged(facts: ProblemFacts) -> None:
    assert faults_of(facts) == {}


@pytest.mark.parametrize(
    ("options", "part"),
    [
        ([], "Give an object of options"),
        ("", "Give an object of options"),
        (None, "Give an object of options"),
        ({"case": True}, "'case' is no option"),
        ({"case_sensitive": 1}, "'case_sensitive' is no option with such a value"),
        ({"float_absolute": True}, "a number from 0 to 1"),
        ({"float_absolute": -1e-9}, "a number from 0 to 1"),
        ({"float_relative": 2}, "a number from 0 to 1"),
        ({"float_relative": "1e-6"}, "a number from 0 to 1"),
        ({"float_relative": float("nan")}, "a number from 0 to 1"),
    ],
)
def test_refuses_options_that_the_checker_of_tokens_has_not(options: Any, part: str) -> None:
    assert part in (checker_options_fault("tokens", options) or "")


@pytest.mark.parametrize("checker", ["exact", "sorted_lines", "program", "interactor"])
def test_refuses_options_of_checkers_without_any(checker: str) -> None:
    fault = checker_options_fault(checker, {"case_sensitive": True})

    assert fault == "Only the checker 'tokens' has options; give {} here."


@pytest.mark.parametrize(
    ("facts", "field", "part"),
    [
        (
            ProblemFacts(checker="program", programs=[INTERACTOR], test_count=1),
            "programs",
            "The checker 'program' needs a program of the role 'checker'; add it, or choose",
        ),
        (
            ProblemFacts(checker="interactor", programs=[CHECKER], test_count=1),
            "programs",
            "needs a program of the role 'interactor'",
        ),
        (
            ProblemFacts(checker="interactor", programs=[INTERACTOR]),
            "test_cases",
            "The checker 'interactor' needs a test case; add one.",
        ),
        (
            replace(PLAIN, test_data_bytes=256 * MIB + 1),
            "test_cases",
            "have 256.0 MiB together; make it at most 256 MiB.",
        ),
        (replace(PLAIN, test_count=TEST_CASES_MAX + 1), "test_cases", "keep at most 500"),
        (
            replace(PLAIN, foreign_group_count=2),
            "test_cases",
            "2 test cases name a group of another",
        ),
        (replace(PLAIN, file_count=PROBLEM_FILES_MAX + 1), "files", "keep at most 16"),
        (replace(PLAIN, groups=[("a", ["b"]), ("b", [])]), "test_groups", "'a' requires 'b'"),
        (replace(PLAIN, groups=[("a", ["b"]), ("b", ["a"])]), "test_groups", "'a' requires 'b'"),
        (replace(PLAIN, groups=[("a", ["a"])]), "test_groups", "'a' requires 'a'"),
        (replace(PLAIN, groups=[("a", ["nowhere"])]), "test_groups", "requires 'nowhere'"),
        (
            replace(PLAIN, groups=[(str(n), ()) for n in range(TEST_GROUPS_MAX + 1)]),
            "test_groups",
            "keep at most 100",
        ),
        (replace(PLAIN, expected_verdicts={"a": []}), "reference_submissions", "give a list of"),
        (replace(PLAIN, expected_verdicts={"a": "AC"}), "reference_submissions", "give a list of"),
        (replace(PLAIN, expected_verdicts={"a": ["OK"]}), "reference_submissions", "AC, WA, TLE"),
        (replace(PLAIN, expected_verdicts={"a": [["AC"]]}), "reference_submissions", "AC, WA"),
    ],
)
def test_says_what_to_change(facts: ProblemFacts, field: str, part: str) -> None:
    faults = faults_of(facts)

    assert list(faults) == [field]
    assert part in " ".join(faults[field])


@pytest.mark.parametrize(
    ("files", "arguments", "part"),
    [
        ([], [], "give files as names with texts"),
        ({"a.h": 1}, [], "give files as names with texts"),
        ({"../a.h": ""}, [], "'../a.h' needs another name"),
        ({"main.cpp": ""}, [], "'main.cpp' needs another name"),
        ({"a.h": "x" * (FILE_BYTES_MAX + 1)}, [], "'a.h' is too large"),
        ({f"{n}.h": "" for n in range(PROGRAM_FILES_MAX + 1)}, [], "it has 17 files"),
        ({}, {}, "give arguments as a list of texts"),
        ({}, "-a", "give arguments as a list of texts"),
        ({}, [1], "give arguments as a list of texts"),
        ({}, ["x" * 201], "at most 200 characters"),
        ({}, ["a\0b"], "no NUL"),
        ({}, ["-a"] * (PROGRAM_ARGUMENTS_MAX + 1), "it has 33 arguments"),
    ],
)
def test_says_what_is_wrong_with_a_program(files: Any, arguments: Any, part: str) -> None:
    program = ProgramFacts(role="checker", files=files, arguments=arguments)

    faults = faults_of(replace(PLAIN, programs=[program]))

    assert list(faults) == ["programs"]
    assert faults["programs"][0].startswith("The checker: ")
    assert part in faults["programs"][0]


def test_tells_every_fault_at_once() -> None:
    facts = ProblemFacts(checker="interactor", checker_options={"x": 1}, groups=[("a", ["b"])])

    assert set(faults_of(facts)) == {"checker_options", "programs", "test_cases", "test_groups"}
