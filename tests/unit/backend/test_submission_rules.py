"""Languages, the life of a submission, display forms, and results from outside."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.code_execution.domain import (
    TERMINAL_STATUSES,
    Result,
    ResultError,
    Status,
    Verdict,
    can_change,
    clean_text,
    display_duration,
    display_memory,
    is_correct,
    language_id_of,
    parse_result,
    retry_pause,
)

MINIMAL = {
    "submission_id": 1,
    "user_id": 1,
    "status": "completed",
    "completed_at": "2024-01-01T00:00:00Z",
}
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)
KEYS = (
    "submission_id",
    "user_id",
    "reference",
    "status",
    "verdict",
    "output",
    "error_output",
    "exit_code",
    "execution_time",
    "memory_usage",
    "execution_time_ms",
    "memory_usage_bytes",
    "test_results",
    "completed_at",
)


@given(st.sampled_from(Status), st.sampled_from(Status))
def test_a_terminal_status_never_changes(current: Status, new: Status) -> None:
    if current in TERMINAL_STATUSES:
        assert not can_change(current, new)


@given(st.sampled_from(Status))
def test_nothing_goes_back_to_pending(current: Status) -> None:
    assert not can_change(current, Status.PENDING)


@pytest.mark.parametrize("new", [Status.RUNNING, *TERMINAL_STATUSES])
def test_a_pending_submission_may_be_told_to_run_or_to_have_ended(new: Status) -> None:
    assert can_change(Status.PENDING, new)


@pytest.mark.parametrize(
    ("name", "language"),
    [
        ("python", "python"),
        ("PY", "python"),
        (" Python3 ", "python"),
        ("js", "javascript"),
        ("node", "javascript"),
        ("C++", "cpp"),
        ("c", "c"),
        ("C#", "csharp"),
        ("cs", "csharp"),
        ("golang", "go"),
        ("rs", "rust"),
        ("Java", "java"),
        ("cobol", None),
        ("", None),
    ],
)
def test_finds_a_language_by_name_or_alias(name: str, language: str | None) -> None:
    assert language_id_of(name) == language


@pytest.mark.parametrize(
    ("duration_ms", "text"),
    [(None, None), (0, "0.00s"), (45, "0.045s"), (50, "0.05s"), (1000, "1.00s"), (1234, "1.234s")],
)
def test_shows_seconds_with_two_or_three_decimals(
    duration_ms: int | None, text: str | None
) -> None:
    assert display_duration(duration_ms) == text


@pytest.mark.parametrize(
    ("size_bytes", "text"),
    [(None, None), (0, "0.0MB"), (8_598_323, "8.2MB"), (2_202_009, "2.1MB"), (1048576, "1.0MB")],
)
def test_shows_mebibytes_with_one_decimal(size_bytes: int | None, text: str | None) -> None:
    assert display_memory(size_bytes) == text


@given(st.integers(0, 10**9))
def test_reads_back_the_time_that_it_shows(duration_ms: int) -> None:
    document = {**MINIMAL, "execution_time": display_duration(duration_ms)}

    assert parse_result(document, id_key="submission_id").execution_time_ms == duration_ms


@pytest.mark.parametrize(
    ("verdict", "has_tests", "expected"),
    [
        (Verdict.AC, True, True),
        (Verdict.WA, True, False),
        (Verdict.CE, True, False),
        (Verdict.IE, True, None),
        (None, True, None),
        (Verdict.AC, False, None),
    ],
)
def test_grades_only_what_was_tested_and_is_no_fault_of_ours(
    verdict: Verdict | None, *, has_tests: bool, expected: bool | None
) -> None:
    assert is_correct(verdict, has_tests=has_tests) is expected


def test_reads_the_least_that_a_sender_may_say() -> None:
    result = parse_result(MINIMAL, id_key="submission_id")

    assert (result.microservice_id, result.user_id, result.status) == (1, 1, Status.COMPLETED)
    assert result.completed_at is not None


@given(JSON)
def test_any_document_is_a_result_or_a_result_error(document: Any) -> None:
    read(document)


@given(st.dictionaries(st.sampled_from(KEYS), JSON, max_size=4))
def test_any_value_of_any_field_is_taken_or_a_result_error(fields: dict[str, Any]) -> None:
    read({**MINIMAL, **fields})


def read(document: Any) -> Result | None:
    """Read a document, and make sure that a database can hold what comes out."""
    try:
        result = parse_result(document, id_key="submission_id")
    except ResultError:
        return None
    texts = json.dumps([result.output, result.error_output, result.test_results])
    assert "\\u0000" not in texts
    for text in (result.output or "", result.error_output or ""):
        text.encode()
    assert result.completed_at is None or result.completed_at.tzinfo is not None
    return result


@given(st.text(alphabet=st.characters(), max_size=50))
def test_cleaned_text_is_storable_and_short(text: str) -> None:
    cleaned = clean_text(text, 20)

    assert len(cleaned) <= 20
    assert "\x00" not in cleaned.encode().decode()


@given(st.integers(0, 10_000))
def test_pauses_grow_and_stay_within_five_minutes(attempts: int) -> None:
    assert 0 < retry_pause(attempts).total_seconds() <= retry_pause(attempts + 1).total_seconds()
    assert retry_pause(attempts).total_seconds() <= 300
