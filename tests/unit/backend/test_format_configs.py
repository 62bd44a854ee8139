"""What a contest may tell its format."""

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.contests.formats import (
    FORMATS,
    FormatConfigError,
    describe,
    format_of,
)


@pytest.mark.parametrize("name", FORMATS)
def test_an_empty_config_means_the_usual(name: str) -> None:
    usual = {option.name: option.default for option in FORMATS[name].options}

    built = format_of(name, {})

    assert format_of(name, usual) == built == FORMATS[name]()
    assert {key: getattr(built, key) for key in usual} == usual


def test_says_what_a_config_may_hold() -> None:
    assert describe(FORMATS["ioi"].options) == (
        '{"max_per_subtask": false'
        " (Sum the best score of each subtask over all submissions; true or false),"
        ' "tie_break": "none"'
        " (What decides between equal points; one of: none, last_improvement)}"
    )


@pytest.mark.parametrize(
    ("name", "config", "advice"),
    [
        ("acm", {}, "Choose one of the formats: icpc, ioi, atcoder, last."),
        ("icpc", None, "Give the format's options as a JSON object"),
        ("icpc", [], "Give the format's options as a JSON object"),
        (
            "icpc",
            {"penalty": 20},
            "Take out 'penalty'; the format's options: penalty_minutes, compile_errors_are_free.",
        ),
        ("last", {"tie_break": "none"}, "Take out 'tie_break'; the format's options: none."),
        ("icpc", {"penalty_minutes": "20"}, "Give penalty_minutes as a whole number."),
        ("icpc", {"penalty_minutes": 20.0}, "Give penalty_minutes as a whole number."),
        ("icpc", {"penalty_minutes": True}, "Give penalty_minutes as a whole number."),
        ("icpc", {"penalty_minutes": -1}, "Give penalty_minutes a number from 0 to 1440."),
        ("atcoder", {"penalty_minutes": 1441}, "Give penalty_minutes a number from 0 to 1440."),
        ("icpc", {"compile_errors_are_free": 1}, "as true or false."),
        ("ioi", {"max_per_subtask": None}, "Give max_per_subtask as true or false."),
        ("ioi", {"tie_break": "time"}, "Give tie_break as one of: none, last_improvement."),
        ("ioi", {"tie_break": ["none"]}, "Give tie_break as one of: none, last_improvement."),
    ],
)
def test_refuses_a_config_that_does_not_fit_and_says_what_to_change(
    name: str, config: object, advice: str
) -> None:
    with pytest.raises(FormatConfigError) as refused:
        format_of(name, config)

    assert advice in str(refused.value)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=4,
)
KEYS = st.sampled_from([
    "penalty_minutes",
    "compile_errors_are_free",
    "max_per_subtask",
    "tie_break",
])


@given(st.sampled_from(list(FORMATS)), JSON | st.dictionaries(KEYS, JSON))
def test_any_config_builds_a_format_or_is_refused(name: str, config: Mapping[str, Any]) -> None:
    try:
        built = format_of(name, config)
    except FormatConfigError:
        return
    assert all(getattr(built, key) == value for key, value in config.items())
