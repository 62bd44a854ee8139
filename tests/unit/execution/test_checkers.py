import random
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.domain.checkers import (
    PIECE_BYTES,
    Checker,
    ExactChecker,
    SortedLinesChecker,
    TokensChecker,
    check,
    is_same_output,
)

WHITE_SPACE = st.text(alphabet=" \n\r\t").map(str.encode)
SOME_SPACE = st.text(alphabet=" \n\r\t\v\f", min_size=1).map(str.encode)
TOKENS = st.lists(st.binary(min_size=1).filter(lambda token: len(token.split()) == 1))
LINES = st.lists(st.text(alphabet="ab ", max_size=3).map(str.encode))
TOLERANT = TokensChecker(float_absolute=1e-6, float_relative=1e-6)
CHECKERS = (
    ExactChecker(),
    SortedLinesChecker(),
    TOLERANT,
    TokensChecker(),
    TokensChecker(case_sensitive=False, space_sensitive=True),
    TokensChecker(space_sensitive=True, float_absolute=0.5),
)


def accepts(checker: Checker, output: bytes, expected: bytes) -> bool:
    outcome = check(checker, output, expected)
    assert outcome.score == (1.0 if outcome.is_accepted else 0.0)
    return outcome.is_accepted


@given(st.binary(), WHITE_SPACE, WHITE_SPACE)
def test_white_space_at_the_end_never_matters(text: bytes, left: bytes, right: bytes) -> None:
    assert is_same_output(text + left, text + right)


@given(st.binary(min_size=1))
def test_a_missing_visible_byte_matters(text: bytes) -> None:
    visible = text + b"x"

    assert not is_same_output(visible[:-1], visible)


def test_white_space_inside_matters() -> None:
    assert not is_same_output(b"1  2", b"1 2")


def test_white_space_at_the_start_matters() -> None:
    assert not is_same_output(b" 42", b"42")


@given(st.sampled_from(CHECKERS), st.binary())
def test_every_checker_accepts_the_expected_output_itself(checker: Checker, text: bytes) -> None:
    assert accepts(checker, text, text)


@given(st.sampled_from(CHECKERS), st.binary(), st.binary())
@example(TOLERANT, b"\0", b"\xff\xfe")
@example(TOLERANT, b"1" * 5000, b"1e999")
@example(TOLERANT, b"-nan", b"1e-400")
def test_every_checker_has_an_answer_to_any_bytes(
    checker: Checker, output: bytes, expected: bytes
) -> None:
    outcome = check(checker, output, expected)

    assert outcome.score == (1.0 if outcome.is_accepted else 0.0)
    assert "\0" not in outcome.message


@given(TOKENS, st.data())
def test_tokens_may_stand_apart_as_they_like(tokens: list[bytes], data: st.DataObject) -> None:
    spaced = b"".join(token + data.draw(SOME_SPACE) for token in tokens)

    assert accepts(TokensChecker(), data.draw(WHITE_SPACE) + spaced, b" ".join(tokens))


@given(TOKENS, TOKENS)
def test_other_tokens_are_wrong(output: list[bytes], expected: list[bytes]) -> None:
    is_right = accepts(TokensChecker(), b" ".join(output), b"\n".join(expected))

    assert is_right == (output == expected)


@given(st.text(alphabet="aB 1\n\t"), st.text(alphabet="aB 1\n\t"))
def test_with_space_and_case_every_byte_counts(output: str, expected: str) -> None:
    is_right = accepts(TokensChecker(space_sensitive=True), output.encode(), expected.encode())

    assert is_right == (output == expected)


@pytest.mark.parametrize(
    ("output", "expected", "is_right"),
    [
        (b"YES", b"yes", True),
        ("Ä".encode(), "ä".encode(), False),  # only ASCII has letters that all agree on
        (b"1E3", b"1e3", True),
        (b"no", b"yes", False),
    ],
)
def test_case_can_be_ignored(output: bytes, expected: bytes, *, is_right: bool) -> None:
    assert accepts(TokensChecker(case_sensitive=False), output, expected) == is_right


@pytest.mark.parametrize(
    ("output", "expected", "is_right"),
    [
        (b"0.3333333", b"0.333333333333", True),
        (b"0.3333", b"0.333333333333", False),
        (b"1000000.9", b"1000000", True),  # relative
        (b"1000002", b"1000000", False),
        (b"3.0", b"3", True),
        (b"+3.", b"3", True),
        (b".5e1", b"5", True),
        (b"-0.0", b"0", True),
        (b"1e-400", b"0", True),
        (b"5" + b"0" * 400, b"5" + b"0" * 400, True),
        (b"5" + b"0" * 399 + b"1", b"5" + b"0" * 400, False),  # no double: text
        (b"0." + b"3" * 10**6, b"0.33333333", True),
        (b"nan", b"1", False),
        (b"inf", b"1", False),
        (b"nan", b"nan", True),
        (b"1e999", b"1", False),
        (b"1", b"inf", False),
        (b"INF", b"inf", False),
        (b"0x10", b"16", False),
        (b"1_0", b"10", False),
        ("٣".encode(), b"3", False),
        (b"1\x00", b"1", False),
        (b"1,5", b"1.5", False),
        (b"abc", b"abc", True),
        (b"abd", b"abc", False),
        (b"", b"1", False),
        (b"1 1", b"1", False),
    ],
)
def test_numbers_may_differ_by_the_tolerance(
    output: bytes, expected: bytes, *, is_right: bool
) -> None:
    assert accepts(TOLERANT, output, expected) == is_right


@given(st.floats(-1e9, 1e9), st.floats(0, 1), st.floats(-2, 2))
def test_an_absolute_tolerance_is_the_largest_difference(
    expected: float, tolerance: float, factor: float
) -> None:
    output = expected + factor * tolerance

    is_right = accepts(
        TokensChecker(float_absolute=tolerance), repr(output).encode(), repr(expected).encode()
    )

    assert is_right == (abs(output - expected) <= tolerance)


def test_without_a_tolerance_numbers_are_text() -> None:
    assert not accepts(TokensChecker(), b"3.0", b"3")


def test_a_tolerance_of_zero_still_reads_numbers() -> None:
    assert accepts(TokensChecker(float_absolute=0), b"3.0", b"3")


@given(LINES, st.randoms(use_true_random=False), WHITE_SPACE)
def test_lines_may_come_in_any_order(
    lines: list[bytes], shuffler: random.Random, end: bytes
) -> None:
    lines = [line for line in lines if line.strip()]
    shuffled = shuffler.sample(lines, len(lines))

    assert accepts(SortedLinesChecker(), b" \r\n".join(shuffled) + end, b"\n".join(lines))


@given(LINES, LINES)
def test_each_line_counts_as_often_as_it_comes(output: list[bytes], expected: list[bytes]) -> None:
    def told(lines: list[bytes]) -> list[bytes]:
        return sorted(line.rstrip() for line in b"\n".join(lines).rstrip().split(b"\n"))

    is_right = accepts(SortedLinesChecker(), b"\n".join(output), b"\n".join(expected))

    assert is_right == (told(output) == told(expected))


@pytest.mark.parametrize("checker", CHECKERS)
@pytest.mark.parametrize("shift", range(-2, 3))
def test_where_a_large_text_is_cut_into_pieces_does_not_matter(
    checker: Checker, shift: int
) -> None:
    text = b"x" * (PIECE_BYTES + shift) + b"  \n\n 1 \n 2\n"

    assert accepts(checker, text + b"\n" * (not isinstance(checker, TokensChecker)), text)
    assert not accepts(checker, text, text + b"3\n")


@pytest.mark.parametrize("checker", CHECKERS)
def test_the_work_on_hostile_output_is_bounded(checker: Checker) -> None:
    started_s = time.process_time()

    for output in (b"1 " * 10**6, b"1\n" * 10**6, b"9" * 2 * 10**6, b" \0" * 10**6, b"e" * 10**6):
        for expected in (b"1.0\t" * 10**6, b"", output + b"x", output.swapcase() + b" "):
            check(checker, output, expected)

    assert time.process_time() - started_s < 30  # about 5 on a slow core; quadratic: hours


def test_a_message_tells_judges_where_it_differs() -> None:
    assert check(TokensChecker(), b"1 2 3", b"1 5 3").message == "Token 2: expected '5', got '2'"
    assert check(TokensChecker(), b"1", b"1 5").message == "Token 2: expected '5', got the end"
    assert check(SortedLinesChecker(), b"b\na", b"a").message == "Unexpected line 'b'"
    assert check(SortedLinesChecker(), b"a", b"a\nb").message == "Expected one more line 'b'"


def test_a_message_repeats_little_of_a_long_token() -> None:
    message = check(TokensChecker(), b"\0" * 10**6, b"1" * 10**6).message

    assert len(message) < 1000
