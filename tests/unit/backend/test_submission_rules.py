"""Languages, the life of a submission, and how it is shown."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.code_execution.domain import (
    TERMINAL_STATUSES,
    Status,
    Verdict,
    can_change,
    clean_text,
    display_duration,
    display_memory,
    is_correct,
    language_id_of,
    retry_pause,
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


@given(st.text(alphabet=st.characters(), max_size=50))
def test_cleaned_text_is_storable_and_short(text: str) -> None:
    cleaned = clean_text(text, 20)

    assert len(cleaned) <= 20
    assert "\x00" not in cleaned.encode().decode()


@given(st.integers(0, 10_000))
def test_pauses_grow_and_stay_within_five_minutes(attempts: int) -> None:
    assert 0 < retry_pause(attempts).total_seconds() <= retry_pause(attempts + 1).total_seconds()
    assert retry_pause(attempts).total_seconds() <= 300
