"""What of a submission is shown to whom may see so much of it."""

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.code_execution.disclosure import disclosed
from apps.code_execution.domain import Status, Verdict
from apps.contests.visibility import Detail

SAMPLE = {"is_sample": True, "verdict": "AC", "output": "3", "judge_message": "for judges"}
HIDDEN = {"is_sample": False, "verdict": "WA", "output": "secret", "judge_message": "for judges"}
TEXTS = ("code", "input_data", "compile_options", "output", "error_output", "test_results")
EXISTENCE = {
    "id": 1,
    "user": 2,
    "username": "alice",
    "contest": 3,
    "problem": 4,
    "participant": 5,
    "purpose": "contest",
    "language": "cpp",
    "contest_time_ms": 60_000,
    "created_at": "2026-01-01T00:00:00Z",
}


def make_body(**fields: Any) -> dict[str, Any]:
    return {
        **EXISTENCE,
        "microservice_submission_id": 7,
        "status": "error",
        "progress": None,
        "verdict": "RTE",
        "score": 30.0,
        "is_correct": False,
        "execution_time": "0.045s",
        "memory_usage": "8.2MB",
        "execution_time_ms": 45,
        "memory_usage_bytes": 8_598_323,
        "updated_at": "2026-01-01T00:01:00Z",
        "completed_at": "2026-01-01T00:01:00Z",
        "code": "print(42)",
        "input_data": "",
        "compile_options": [],
        "output": "42",
        "error_output": "Test 2: Runtime Error",
        "exit_code": 1,
        "test_results": [SAMPLE, HIDDEN],
        **fields,
    }


def outputs(shown: dict[str, Any]) -> list[str | None]:
    return [row["output"] for row in shown["test_results"]]


def test_the_jury_gets_everything() -> None:
    body = make_body()

    assert disclosed(body, Detail.EVERYTHING, has_code=True) == body


def test_full_feedback_has_every_test_without_what_hidden_ones_printed() -> None:
    shown = disclosed(make_body(), Detail.TESTS, has_code=True)

    assert outputs(shown) == ["3", None]
    assert [row["judge_message"] for row in shown["test_results"]] == [None, None]
    assert (shown["verdict"], shown["error_output"]) == ("RTE", "Test 2: Runtime Error")


def test_a_verdict_does_not_say_which_test_failed() -> None:
    shown = disclosed(make_body(), Detail.VERDICT, has_code=True)

    assert (shown["verdict"], shown["score"]) == ("RTE", 30.0)
    assert outputs(shown) == ["3"]
    assert (shown["error_output"], shown["exit_code"]) == (None, None)


def test_of_samples_only_nothing_tells_the_verdict() -> None:
    shown = disclosed(make_body(), Detail.SAMPLES, has_code=True)

    assert outputs(shown) == ["3"]
    assert shown["status"] == "completed"
    hidden = ("verdict", "score", "is_correct", "execution_time", "memory_usage", "output")
    assert [shown[name] for name in hidden] == [None] * len(hidden)


@pytest.mark.parametrize("detail", [Detail.SAMPLES, Detail.VERDICT])
def test_a_program_that_does_not_compile_is_told_why(detail: Detail) -> None:
    body = make_body(verdict="CE", error_output="Compilation Error:\nline 1", test_results=None)

    shown = disclosed(body, detail, has_code=True)

    assert (shown["verdict"], shown["error_output"]) == ("CE", "Compilation Error:\nline 1")


@pytest.mark.parametrize("detail", [Detail.SAMPLES, Detail.VERDICT])
def test_who_may_not_know_which_test_failed_can_count_none_that_are_run(detail: Detail) -> None:
    running = {"status": "running", "verdict": None, "test_results": None}
    shown = [
        disclosed(
            make_body(
                **running,
                progress={"stage": "testing", "tests_done": done, "tests_total": 9},
                updated_at=f"2026-01-01T00:00:0{done}Z",
            ),
            detail,
            has_code=True,
        )
        for done in (1, 2)
    ]

    assert shown[0] == shown[1]
    assert shown[0]["progress"] == {"stage": "testing", "tests_done": None, "tests_total": None}


@pytest.mark.parametrize("status", ["pending", "running", "cancelled"])
def test_whether_it_is_judged_yet_is_no_secret_of_the_own(status: str) -> None:
    shown = disclosed(make_body(status=status), Detail.SAMPLES, has_code=True)

    assert shown["status"] == status


def test_of_others_that_exist_only_that_is_told() -> None:
    shown = disclosed(make_body(), Detail.EXISTS, has_code=False)

    told = {key: value for key, value in shown.items() if value is not None}
    assert told == {**EXISTENCE, "status": "pending"}


def test_others_programs_are_not_part_of_their_verdicts() -> None:
    shown = disclosed(make_body(), Detail.VERDICT, has_code=False)

    assert (shown["verdict"], shown["score"]) == ("RTE", 30.0)
    assert [shown[name] for name in TEXTS] == [None] * len(TEXTS)


def test_a_form_without_texts_stays_without() -> None:
    summary = {key: value for key, value in make_body().items() if key not in TEXTS}

    for detail in Detail:
        assert disclosed(summary, detail, has_code=False).keys() == summary.keys()


OUTCOMES = st.fixed_dictionaries({
    "status": st.sampled_from([Status.COMPLETED.value, Status.ERROR.value]),
    "verdict": st.none() | st.sampled_from([each.value for each in Verdict]),
    "score": st.none() | st.floats(0, 100),
    "is_correct": st.none() | st.booleans(),
    "execution_time": st.none() | st.text(),
    "execution_time_ms": st.none() | st.integers(0),
    "memory_usage": st.none() | st.text(),
    "memory_usage_bytes": st.none() | st.integers(0),
    "output": st.none() | st.text(),
    "error_output": st.none() | st.text(),
    "exit_code": st.none() | st.integers(),
})
HIDDEN_RESULTS = st.lists(
    st.fixed_dictionaries({
        "is_sample": st.just(value=False),
        "verdict": st.sampled_from([each.value for each in Verdict]),
        "output": st.none() | st.text(),
        "judge_message": st.none() | st.text(),
    })
)


@given(
    one=OUTCOMES,
    other=OUTCOMES,
    tests=HIDDEN_RESULTS,
    other_tests=HIDDEN_RESULTS,
    has_code=st.booleans(),
)
def test_whatever_a_hidden_verdict_is_others_get_the_same(
    one: dict[str, Any],
    other: dict[str, Any],
    tests: list[Any],
    other_tests: list[Any],
    *,
    has_code: bool,
) -> None:
    body = make_body(**one, test_results=[SAMPLE, *tests])
    changed = make_body(**other, test_results=[SAMPLE, *other_tests])

    seen = disclosed(body, Detail.EXISTS, has_code=False)
    assert disclosed(changed, Detail.EXISTS, has_code=False) == seen
    if "CE" not in {one["verdict"], other["verdict"]}:
        own = disclosed(body, Detail.SAMPLES, has_code=has_code)
        assert disclosed(changed, Detail.SAMPLES, has_code=has_code) == own


@given(
    detail=st.sampled_from(Detail),
    outcome=OUTCOMES,
    tests=HIDDEN_RESULTS,
    has_code=st.booleans(),
)
def test_nobody_but_the_jury_gets_what_hidden_tests_printed_or_judges_wrote(
    detail: Detail, outcome: dict[str, Any], tests: list[Any], *, has_code: bool
) -> None:
    body = make_body(**outcome, test_results=[SAMPLE, *tests])

    shown = disclosed(body, detail, has_code=has_code)["test_results"] or []

    if detail is not Detail.EVERYTHING:
        assert all(row["output"] is None for row in shown if not row["is_sample"])
        assert all(row["judge_message"] is None for row in shown)


@given(outcome=OUTCOMES, tests=HIDDEN_RESULTS, has_code=st.booleans())
def test_more_detail_never_shows_less(
    outcome: dict[str, Any], tests: list[Any], *, has_code: bool
) -> None:
    body = make_body(**outcome, test_results=[SAMPLE, *tests])
    told = [
        {key for key, value in disclosed(body, detail, has_code=has_code).items() if value}
        for detail in Detail
    ]

    for less, more in pairwise(told):
        assert less <= more
