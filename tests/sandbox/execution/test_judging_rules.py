"""Groups of tests and checkers where runs go side by side: results never depend on timing."""

import hashlib
from collections.abc import Sequence

import pytest

from app.domain.checkers import ExactChecker
from app.domain.checking import Protocol, StoredFile, StoredProgram
from app.domain.judging import JudgementResult, TestCase
from app.domain.judging_rules import JudgingRules
from app.domain.test_groups import TestGroup, TestPlan
from app.services.test_judging import TestJudge, judge_planned, judges_of
from tests.support.sandbox import Sandbox

pytestmark = [pytest.mark.sandbox, pytest.mark.asyncio, pytest.mark.timeout(300)]

SLEEPS_THEN_ECHOES = """
import sys, time
text = sys.stdin.read()
time.sleep(float(text.split()[0]))
print(text.split()[1])
"""
# Accepts any output that has as many bytes as the input and the header say.
CHECKER = b"""
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include "lib.h"
static std::string content(std::istream &file)
{
    return {std::istreambuf_iterator<char>(file), {}};
}
int main(int, char **argv)
{
    std::ifstream input(argv[1], std::ios::binary);
    std::string output = content(std::cin);
    std::ofstream(std::string(argv[3]) + "judgemessage.txt") << output.size() << " bytes";
    return output.size() == content(input).size() * FACTOR ? 42 : 43;
}
"""
HEADER = b"#define FACTOR 2\n"


def make_test(name: str, given: bytes, expected: bytes = b"1") -> TestCase:
    return TestCase(id=name, input=given, expected_output=expected, is_sample=False)


async def judge(
    sandbox: Sandbox,
    source: str,
    tests: Sequence[TestCase],
    rules: JudgingRules,
    contents: dict[str, bytes] | None = None,
) -> JudgementResult:
    """Judge tests of which each belongs to the group that its id begins with."""
    judges = judges_of(rules, contents or {}, sandbox.languages)
    test_judge = TestJudge(sandbox.engine, sandbox.program("python", source), judges)
    names = [group.name for group in rules.groups]
    plan = TestPlan([test.id[0] if test.id[0] in names else None for test in tests], rules.groups)
    return await judge_planned(test_judge, tests, plan, lambda _: None)


def shown(result: JudgementResult) -> list[str]:
    return [run.verdict.value if run.verdict else "-" for run in result.runs]


@pytest.mark.parametrize("first_s", [0.3, 0.0])
async def test_what_ran_ahead_of_a_failure_counts_as_skipped(
    sandbox: Sandbox, first_s: float
) -> None:
    """With a slow first test others of its group have long ended when it fails."""
    tests = [
        make_test("a1", f"{first_s} 0".encode()),
        make_test("a2", b"0 1"),
        make_test("a3", b"0 1"),
        make_test("b1", b"0 1"),
        make_test("b2", b"0 0"),
        make_test("c1", b"0 1"),
        make_test("d1", b"0 1"),
    ]
    groups = (
        TestGroup(name="a", stop_at_first_failure=True),
        TestGroup(name="b"),
        TestGroup(name="c", requires=("a",)),
    )

    result = await judge(sandbox, SLEEPS_THEN_ECHOES, tests, JudgingRules(groups=groups))

    assert shown(result) == ["WA", "-", "-", "AC", "WA", "-", "AC"]


async def test_tests_that_nobody_wants_any_more_are_not_waited_for(sandbox: Sandbox) -> None:
    tests = [make_test("a0", b"0 0"), *(make_test(f"a{n}", b"0.9 1") for n in range(1, 100))]
    groups = (TestGroup(name="a", stop_at_first_failure=True),)

    result = await judge(sandbox, SLEEPS_THEN_ECHOES, tests, JudgingRules(groups=groups))

    assert shown(result) == ["WA"] + ["-"] * 99


async def test_bytes_that_are_no_text_reach_the_program_and_are_compared(sandbox: Sandbox) -> None:
    data = bytes(range(256)) * 10
    source = "import sys\nsys.stdout.buffer.write(sys.stdin.buffer.read())"
    rules = JudgingRules(checker=ExactChecker())

    result = await judge(
        sandbox, source, [make_test("1", data, data), make_test("2", data, data[:-1])], rules
    )

    assert shown(result) == ["AC", "WA"]


async def test_a_checker_with_a_header_is_put_together_and_asked_for_each_test(
    sandbox: Sandbox,
) -> None:
    contents = {hashlib.sha256(each).hexdigest(): each for each in (CHECKER, HEADER)}
    source_sha256, header_sha256 = contents
    checker = StoredProgram(
        protocol=Protocol.ICPC,
        language="cpp",
        source_sha256=source_sha256,
        files=(StoredFile(name="lib.h", sha256=header_sha256),),
    )
    source = "import sys\nsys.stdout.write(sys.stdin.read() * 2)"
    tests = [make_test("1", b"abc"), make_test("2", b""), make_test("3", "ü".encode())]

    result = await judge(sandbox, source, tests, JudgingRules(checker=checker), contents)

    assert shown(result) == ["AC", "AC", "AC"]
    assert [run.judge_message for run in result.runs] == ["6 bytes", "0 bytes", "4 bytes"]
