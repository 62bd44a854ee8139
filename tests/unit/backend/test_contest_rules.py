"""What a contest takes of a participant."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.contests.submission_rules import SubmissionRules

NOW = datetime(2026, 1, 1, tzinfo=UTC)
CODE = "print(3)"


@given(st.text(max_size=50), st.sampled_from(["cpp", "python"]))
def test_without_rules_everything_is_taken(code: str, language: str) -> None:
    rules = SubmissionRules()

    assert rules.faults_of(language=language, code=code) == {}
    assert not rules.looks_back
    assert not rules.are_used_up(10**6)
    assert rules.pause_s(newest=NOW, now=NOW) == 0


def test_every_fault_is_told_at_once() -> None:
    rules = SubmissionRules(languages=("cpp", "java"), code_bytes_max=3)

    assert rules.faults_of(language="python", code=CODE) == {
        "language": ["The contest takes no python. Use one of cpp, java."],
        "code": ["The contest takes programs of at most 3 bytes; this one has 8."],
    }


@pytest.mark.parametrize(("code", "is_taken"), [("abcd", True), ("abcde", False), ("éé", True)])
def test_a_program_is_as_long_as_its_bytes(code: str, *, is_taken: bool) -> None:
    faults = SubmissionRules(code_bytes_max=4).faults_of(language="cpp", code=code)

    assert (faults == {}) is is_taken


@pytest.mark.parametrize(("count", "is_used_up"), [(0, False), (4, False), (5, True), (6, True)])
def test_so_many_submissions_and_no_more(count: int, *, is_used_up: bool) -> None:
    assert SubmissionRules(submissions_max=5).are_used_up(count) is is_used_up


@given(st.integers(1, 86_400), st.floats(0, 200_000))
def test_who_waits_as_long_as_told_waits_no_more(cooldown_s: int, since_s: float) -> None:
    rules = SubmissionRules(cooldown=timedelta(seconds=cooldown_s))
    newest = NOW - timedelta(seconds=since_s)

    pause_s = rules.pause_s(newest=newest, now=NOW)

    assert rules.pause_s(newest=newest, now=NOW + timedelta(seconds=pause_s)) == 0
    assert (pause_s == 0) == (NOW - newest >= timedelta(seconds=cooldown_s))


def test_one_that_came_a_moment_later_is_no_reason_to_wait_without_a_cool_down() -> None:
    assert SubmissionRules().pause_s(newest=NOW + timedelta(milliseconds=1), now=NOW) == 0


def test_the_first_submission_waits_for_nothing() -> None:
    assert SubmissionRules(cooldown=timedelta(hours=1)).pause_s(newest=None, now=NOW) == 0
