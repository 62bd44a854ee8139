"""Checkers, interactors and groups of tests, as a caller of the submissions door meets them."""

import hashlib
from collections.abc import Sequence
from typing import Any

import httpx
import pytest

from tests.integration.execution.fake_backend import FakeBackend
from tests.integration.execution.submissions import SUBMISSIONS, make_body, wait_until_final

pytestmark = pytest.mark.asyncio
ACCEPTING = "unless answer.txt 43\nexit 42"
"""A checker of the fake engine: accepts an output that is the answer, byte by byte."""


def make_program(**changes: Any) -> dict[str, Any]:
    program = {"kind": "program", "protocol": "icpc", "language": "cpp", "source": ACCEPTING}
    return program | changes


def make_tests(*tests: tuple[str, str, str | None]) -> list[dict[str, Any]]:
    """Make tests of input, expected output and group, numbered from 1."""
    return [
        {"id": str(number), "input": given, "expected_output": expected, "group": group}
        for number, (given, expected, group) in enumerate(tests, start=1)
    ]


def right(group: str | None = None) -> tuple[str, str, str | None]:
    return ("1", "1", group)


def wrong(group: str | None = None) -> tuple[str, str, str | None]:
    return ("1", "2", group)


async def judge(
    client: httpx.AsyncClient, tests: Sequence[dict[str, Any]], **changes: Any
) -> dict[str, Any]:
    body = make_body(**{"code": "echo", "test_cases": tests} | changes)
    created = await client.post(SUBMISSIONS, json=body)
    assert created.status_code == 201, created.text
    return await wait_until_final(client, created.json()["id"])


def column(result: dict[str, Any], name: str) -> list[Any]:
    return [run[name] for run in result["test_results"]]


@pytest.mark.parametrize(
    ("checker", "output", "verdict"),
    [
        ({"kind": "exact"}, "YES  0.5\n", "WA"),
        ({"kind": "tokens"}, "YES\n\n0.5000", "WA"),
        ({"kind": "tokens", "float_absolute": 0.01}, "YES\n\n0.5001", "AC"),
        ({"kind": "tokens", "float_relative": 0.01}, "YES 0.501", "AC"),
        ({"kind": "tokens", "float_relative": 0.01}, "yes 0.501", "WA"),
        ({"kind": "tokens", "case_sensitive": False}, "yes  0.5", "AC"),
        ({"kind": "tokens", "case_sensitive": False, "space_sensitive": True}, "yes  0.5", "WA"),
        ({"kind": "sorted_lines"}, "\nYES 0.5 \n\n", "WA"),
        ({"kind": "sorted_lines"}, "YES 0.5 \r\n\n", "AC"),
    ],
)
async def test_the_checker_decides_what_is_the_same(
    client: httpx.AsyncClient, checker: dict[str, Any], output: str, verdict: str
) -> None:
    result = await judge(client, make_tests((output, "YES 0.5\n", None)), checker=checker)

    assert result["verdict"] == verdict
    assert column(result, "score") == [1.0 if verdict == "AC" else 0.0]


@pytest.mark.parametrize(
    "checker",
    [
        {"kind": "telepathy"},
        {},
        {"kind": "tokens", "float_absolute_tolerance": 0.1},
        {"kind": "tokens", "float_absolute": -0.1},
        {"kind": "tokens", "float_relative": 1e10},
        {"kind": "exact", "case_sensitive": False},
        {"kind": "program", "protocol": "icpc", "language": "cpp"},
        make_program(source_sha256="0" * 64),
        make_program(protocol="psychic"),
        make_program(files={"a.h": {"sha256": "x"}}),
        make_program(arguments=["x" * 257]),
        make_program(limits={"cpu_time_ms": 1}),
    ],
)
async def test_a_rule_that_nobody_understands_is_refused(
    client: httpx.AsyncClient, checker: dict[str, Any]
) -> None:
    body = make_body(test_cases=make_tests(right()), checker=checker)

    answer = await client.post(SUBMISSIONS, json=body)

    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"][:2] == ["body", "checker"]


async def test_tests_are_skipped_after_the_first_failure_of_their_group(
    client: httpx.AsyncClient, backend: FakeBackend
) -> None:
    groups = [{"name": "easy", "stop_at_first_failure": True}, {"name": "hard"}]
    tests = make_tests(
        right("easy"), wrong("easy"), right("easy"), wrong("hard"), right("hard"), right()
    )

    result = await judge(client, tests, groups=groups)

    event = await backend.wait_for_result()
    assert column(result, "verdict") == ["AC", "WA", None, "WA", "AC", "AC"]
    assert column(result, "is_skipped") == [False, False, True, False, False, False]
    assert column(result, "passed") == [True, False, False, False, True, True]
    assert column(result, "score") == [1, 0, 0, 0, 1, 1]
    assert result["summary"] == {
        "total_tests": 6, "passed": 3, "failed": 2, "skipped": 1, "all_passed": False,
    }  # fmt: skip
    assert result["verdict"] == "WA"
    assert event["test_results"] == result["test_results"]


async def test_a_group_is_skipped_when_one_that_it_requires_has_failed(
    client: httpx.AsyncClient,
) -> None:
    groups = [{"name": "c", "requires": ["b"]}, {"name": "b", "requires": ["a"]}, {"name": "a"}]
    tests = make_tests(right("c"), right("a"), wrong("a"), right("a"), right("b"), right("c"))

    result = await judge(client, tests, groups=groups)

    assert column(result, "verdict") == [None, "AC", "WA", "AC", None, None]
    assert column(result, "test_case_id") == ["1", "2", "3", "4", "5", "6"]
    assert result["verdict"] == "WA"


async def test_the_verdict_is_that_of_the_first_test_that_failed_and_not_of_one_skipped(
    client: httpx.AsyncClient,
) -> None:
    groups = [{"name": "a"}, {"name": "b", "requires": ["a"]}]
    tests = make_tests(right("b"), wrong("a"))

    result = await judge(client, tests, groups=groups, code="exit 3")

    assert column(result, "verdict") == [None, "RTE"]
    assert result["verdict"] == "RTE"
    assert result["error_output"] == "Test 2: Runtime Error: exit code 3"


@pytest.mark.parametrize(
    ("groups", "complaint"),
    [
        ([{"name": "a"}, {"name": "a"}], "Two test groups have the same name"),
        ([{"name": "a", "requires": ["b"]}], "Group 'a' requires unknown group 'b'"),
        ([{"name": "b"}], "Test group 'a' is not among the groups"),
    ],
)
async def test_groups_that_contradict_themselves_are_refused(
    client: httpx.AsyncClient, groups: list[dict[str, Any]], complaint: str
) -> None:
    body = make_body(test_cases=make_tests(right("a")), groups=groups)

    answer = await client.post(SUBMISSIONS, json=body)

    assert answer.status_code == 400
    assert answer.json()["detail"] == complaint


async def test_a_problems_own_checker_decides_and_speaks_to_judges_only(
    client: httpx.AsyncClient,
) -> None:
    checker = make_program(source=f"error the answer is secret\n{ACCEPTING}")
    tests = make_tests(right(), wrong())
    tests[0]["is_sample"] = True

    result = await judge(client, tests, checker=checker)

    assert column(result, "verdict") == ["AC", "WA"]
    assert column(result, "judge_message") == ["the answer is secret"] * 2
    told = {name: value for name, value in result.items() if name != "test_results"}
    assert "secret" not in str(told)
    assert "secret" not in str([run | {"judge_message": None} for run in result["test_results"]])


async def test_partial_credit_is_a_score_between_and_ends_no_group(
    client: httpx.AsyncClient,
) -> None:
    checker = make_program(protocol="testlib", source="error points 0.25\nexit 7")
    groups = [{"name": "a", "stop_at_first_failure": True}, {"name": "b", "requires": ["a"]}]

    result = await judge(
        client, make_tests(right("a"), right("a"), right("b")), checker=checker, groups=groups
    )

    assert column(result, "score") == [0.25, 0.25, 0.25]
    assert column(result, "verdict") == ["WA", "WA", "WA"]
    assert column(result, "passed") == [False, False, False]
    assert result["verdict"] == "WA"


@pytest.mark.parametrize("source", ["exit 3", "compile-error lost", "status time_limit"])
async def test_a_checker_that_fails_is_an_internal_error_and_ends_the_judging(
    client: httpx.AsyncClient, source: str
) -> None:
    result = await judge(client, make_tests(right(), right()), checker=make_program(source=source))

    assert result["verdict"] == "IE"
    assert result["status"] == "error"
    assert result["error_output"] == "Test 1: Internal Error: The checker failed"
    assert column(result, "verdict") == ["IE", None]
    assert column(result, "judge_message")[0]


async def test_no_checker_is_asked_about_a_program_that_crashed(
    client: httpx.AsyncClient,
) -> None:
    result = await judge(
        client, make_tests(right()), code="exit 1", checker=make_program(source="exit 3")
    )

    assert column(result, "verdict") == ["RTE"]
    assert column(result, "judge_message") == [None]


async def test_source_and_files_of_a_checker_may_be_named_by_hash(
    client: httpx.AsyncClient,
) -> None:
    source, header = b"file lib.h\n" + ACCEPTING.encode(), b"\0\xff"
    hashes = {content: hashlib.sha256(content).hexdigest() for content in (source, header)}
    checker = make_program(
        source_sha256=hashes[source], files={"lib.h": {"sha256": hashes[header]}, "b.h": "text"}
    )
    del checker["source"]
    body = make_body(code="echo", test_cases=make_tests(right()), checker=checker)

    refused = await client.post(SUBMISSIONS, json=body)
    for content, sha256 in hashes.items():
        await client.put(f"/api/v1/test-data/{sha256}", content=content)
    result = await judge(client, make_tests(right()), checker=checker)

    assert refused.json()["missing"] == sorted(hashes.values())
    assert result["verdict"] == "AC"


async def test_a_checker_that_came_along_is_kept_once(client: httpx.AsyncClient) -> None:
    await judge(client, make_tests(right()), checker=make_program())
    await judge(client, make_tests(right()), checker=make_program(protocol="testlib"))

    sha256 = hashlib.sha256(ACCEPTING.encode()).hexdigest()
    assert (await client.head(f"/api/v1/test-data/{sha256}")).status_code == 200


async def test_what_is_too_large_for_a_file_of_a_checker_is_refused(
    client: httpx.AsyncClient,
) -> None:
    large = b"x" * (1024 * 1024 + 1)
    sha256 = hashlib.sha256(large).hexdigest()
    await client.put(f"/api/v1/test-data/{sha256}", content=large)
    checker = make_program(files={"large": {"sha256": sha256}})

    answer = await client.post(
        SUBMISSIONS, json=make_body(test_cases=make_tests(right()), checker=checker)
    )

    assert answer.status_code == 400
    assert "has 1048577 bytes; the limit is 1048576" in answer.json()["detail"]


async def test_what_is_too_much_for_a_checker_altogether_is_refused(
    client: httpx.AsyncClient,
) -> None:
    files = {f"{letter}.txt": letter * 1024 * 1024 for letter in "abcd"}
    body = make_body(test_cases=make_tests(right()), checker=make_program(files=files))

    answer = await client.post(SUBMISSIONS, json=body)

    assert answer.status_code == 400
    assert answer.json()["detail"] == (
        f"A checker or interactor of {4 * 1024 * 1024 + len(ACCEPTING)} bytes; the limit is 4194304"
    )


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"language": "brainfudge"}, "brainfudge"),
        ({"files": {"main.cpp": ""}}, "The name 'main.cpp' is used twice"),
        ({"files": {"../x": ""}}, "'../x' can't be the name of a file"),
    ],
)
async def test_a_checker_that_could_not_run_is_refused_at_once(
    client: httpx.AsyncClient, changes: dict[str, Any], complaint: str
) -> None:
    body = make_body(test_cases=make_tests(right()), checker=make_program(**changes))

    answer = await client.post(SUBMISSIONS, json=body)

    assert answer.status_code == 400
    assert complaint in answer.json()["detail"]


async def test_an_interactor_decides(client: httpx.AsyncClient) -> None:
    interactor = make_program(source=f"print 7\n{ACCEPTING}")
    del interactor["kind"]

    result = await judge(
        client,
        make_tests(("", "7\n", None), ("", "8\n", None)),
        interactor=interactor,
        checker={"kind": "tokens"},
    )

    assert column(result, "verdict") == ["AC", "WA"]


async def test_an_interactor_has_nothing_to_do_without_tests(client: httpx.AsyncClient) -> None:
    interactor = make_program()
    del interactor["kind"]

    answer = await client.post(SUBMISSIONS, json=make_body(interactor=interactor))

    assert answer.status_code == 400
    assert answer.json()["detail"] == "An interactor needs test cases"


@pytest.mark.parametrize(
    "changes",
    [
        {"checker": {"kind": "tokens"}},
        {"checker": make_program(source="exit 42")},
        {"checker": make_program(arguments=["1"])},
        {"groups": [{"name": "a", "stop_at_first_failure": True}]},
        {"test_cases": make_tests(right("a"))},
    ],
)
async def test_rules_are_part_of_the_request_that_a_key_stands_for(
    client: httpx.AsyncClient, changes: dict[str, Any]
) -> None:
    body = make_body(test_cases=make_tests(right()), checker=make_program(), groups=[{"name": "a"}])
    headers = {"Idempotency-Key": "key-1"}

    first = await client.post(SUBMISSIONS, json=body, headers=headers)
    same = await client.post(SUBMISSIONS, json=body, headers=headers)
    other = await client.post(SUBMISSIONS, json=body | changes, headers=headers)

    assert same.json()["id"] == first.json()["id"]
    assert other.status_code == 409


async def test_a_large_output_is_compared_like_a_small_one(client: httpx.AsyncClient) -> None:
    numbers = " ".join(["1"] * 300_000)
    tests = make_tests((numbers, numbers.replace(" ", "\n"), None), (numbers, numbers + " 2", None))

    result = await judge(client, tests, checker={"kind": "tokens"})

    assert column(result, "verdict") == ["AC", "WA"]
    assert column(result, "judge_message") == [None, "Token 300001: expected '2', got the end"]
