"""What a problem allows a language, from the manager's form to the compiler."""

from typing import Any

import pytest

from tests.e2e.stack import Person

pytestmark = pytest.mark.e2e

GRADER = "#pragma once\ninline int twice(int number) { return 2 * number; }\n"
USING_GRADER = """
#include <iostream>
#include "lib/grader.h"
int main() { int number; std::cin >> number; std::cout << twice(number) << ' ' << __cplusplus; }
"""
SLOW = """
import time
number = int(input())
while time.process_time() < 1.2:
    pass
print(number * 2, 201703)
"""
ENDLESS = "int main() { for (;;) ; }"


@pytest.fixture(scope="module")
def doubling(bob: Person) -> dict[str, int]:
    """A problem with more time for Python and a header for C++."""
    problem = bob.post(
        "/api/code-execution/problems/",
        {
            "title": "Twice",
            "statement": "Print the number doubled, and the standard of C++17.",
            "time_limit_ms": 500,
            "test_cases": [{"input": "21\n", "expected_output": "42 201703\n", "is_sample": True}],
            "languages": [{"language": "python", "time_multiplier": 20}],
            "files": [{"name": "lib/grader.h", "language": "cpp", "content": GRADER}],
        },
    )
    contest = bob.post(
        "/api/code-execution/contests/",
        {"title": "Rules", "problems": [{"problem": problem["id"], "order": 1, "points": 100}]},
    )
    return {"contest": contest["id"], "problem": problem["id"]}


def judge(person: Person, **submission: Any) -> dict[str, Any]:
    return person.wait_for_verdict(person.submit(**submission))


def test_participants_see_the_limits_that_hold(alice: Person, doubling: dict[str, int]) -> None:
    rules = alice.language_rules(doubling["problem"])

    assert rules["python"]["time_limit_ms"] == 10_000
    assert rules["cpp"]["time_limit_ms"] == 500
    assert "-std=c++17" in rules["cpp"]["compile_options"]["standard"]


def test_the_problems_multiplier_gives_python_more_time(
    alice: Person, doubling: dict[str, int]
) -> None:
    slow = judge(alice, language="python", code=SLOW, **doubling)
    endless = judge(alice, language="cpp", code=ENDLESS, **doubling)

    assert slow["verdict"] == "AC", slow["error_output"]
    assert endless["verdict"] == "TLE"
    # On a busy host it is the wall clock that runs out first.
    assert endless["error_output"].endswith(("500 ms of CPU time", "2000 ms of wall time"))


def test_the_header_is_found_and_the_standard_is_the_chosen_one(
    alice: Person, doubling: dict[str, int]
) -> None:
    chosen = judge(
        alice, language="cpp", code=USING_GRADER, compile_options=["-std=c++17"], **doubling
    )
    usual = judge(alice, language="cpp", code=USING_GRADER, **doubling)

    assert chosen["verdict"] == "AC", chosen["error_output"]
    assert chosen["compile_options"] == ["-std=c++17"]
    assert usual["verdict"] == "WA"
    assert usual["output"] == "42 202002"


def test_an_option_that_is_not_allowed_is_refused_with_those_that_are(
    alice: Person, doubling: dict[str, int]
) -> None:
    body = {"language": "cpp", "code": USING_GRADER, "compile_options": ["-fplugin=/x"]}

    answer = alice.http.post("/api/code-execution/submissions/", json=body | doubling)

    assert answer.status_code == 400
    assert "-std=c++17" in answer.json()["compile_options"][0]
