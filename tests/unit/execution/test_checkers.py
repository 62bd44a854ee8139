from hypothesis import given
from hypothesis import strategies as st

from app.domain.checkers import is_same_output

WHITE_SPACE = st.text(alphabet=" \n\r\t").map(str.encode)


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
