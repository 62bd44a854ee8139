"""What the execution service tells of its languages is kept, and asked for seldom."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.limits import limits_for
from app.languages import load_languages
from apps.code_execution.client import ServiceUnavailableError
from apps.code_execution.documents import ResultError, parse_languages
from apps.code_execution.domain import effective_memory_bytes, effective_time_ms
from apps.code_execution.languages import FRESH_S, RETRY_S, PublishedLanguages

GOOD = {
    "id": "c",
    "name": "C",
    "time_multiplier": 1,
    "memory_multiplier": 1.5,
    "compile_options": {"speed": ["", "-O2"]},
    "debian_packages": ["gcc"],
}


class Source:
    """Answers with what it holds, and counts the questions."""

    def __init__(self) -> None:
        self.answer: Any = [GOOD]
        self.questions = 0

    def fetch(self) -> object:
        self.questions += 1
        if self.answer is None:
            raise ServiceUnavailableError("down")
        return self.answer


def test_an_answer_holds_for_a_minute() -> None:
    source = Source()
    languages = PublishedLanguages(source.fetch)

    first = languages.get(now_s=100)
    languages.get(now_s=100 + FRESH_S - 1)
    assert source.questions == 1

    languages.get(now_s=100 + FRESH_S)
    assert source.questions == 2
    assert first["c"].memory_multiplier == 1.5


@pytest.mark.parametrize("answer", [None, {}, "x", [{}], [GOOD | {"compile_options": 3}]])
def test_without_an_answer_the_last_one_holds_and_the_service_is_left_alone_a_while(
    answer: Any,
) -> None:
    source = Source()
    languages = PublishedLanguages(source.fetch)
    languages.get(now_s=100)
    source.answer = answer

    assert set(languages.get(now_s=200)) == {"c"}
    assert set(languages.get(now_s=200 + RETRY_S - 1)) == {"c"}
    assert source.questions == 2
    languages.get(now_s=200 + RETRY_S)
    assert source.questions == 3


def test_nothing_is_known_of_a_service_that_never_answered() -> None:
    source = Source()
    source.answer = None

    assert PublishedLanguages(source.fetch).get(now_s=100) == {}


@pytest.mark.parametrize(
    "document",
    [
        None,
        {"c": GOOD},
        [None],
        ["c"],
        [GOOD | {"time_multiplier": "fast"}],
        [GOOD | {"time_multiplier": None}],
        [GOOD | {"compile_options": {"speed": 3}}],
        [GOOD] * 101,
    ],
)
def test_a_document_of_another_shape_is_refused(document: object) -> None:
    with pytest.raises(ResultError):
        parse_languages(document)


@given(st.integers(50, 60_000), st.integers(2**24, 2**31), st.floats(1, 20), st.floats(1, 20))
def test_shown_limits_are_those_that_the_execution_service_applies(
    time_limit_ms: int, memory_limit_bytes: int, time_multiplier: float, memory_multiplier: float
) -> None:
    applied = limits_for(
        load_languages().get("c"),
        cpu_time_ms=time_limit_ms,
        memory_bytes=memory_limit_bytes,
        time_multiplier=time_multiplier,
        memory_multiplier=memory_multiplier,
    )

    assert effective_time_ms(time_limit_ms, time_multiplier) == applied.cpu_time_ms
    assert effective_memory_bytes(memory_limit_bytes, memory_multiplier) == applied.memory_bytes
