from hypothesis import given
from hypothesis import strategies as st

from app.domain.text import ReadableStream, readable

PIECES = st.lists(
    st.one_of(st.binary(max_size=8), st.text(max_size=4).map(str.encode)), max_size=12
)


@given(pieces=PIECES, max_bytes=st.integers(min_value=0, max_value=40))
def test_pieces_together_are_what_the_whole_would_be(pieces: list[bytes], max_bytes: int) -> None:
    stream = ReadableStream(max_bytes=max_bytes)

    texts = [*map(stream.feed, pieces), stream.end()]

    assert "".join(texts) == readable(b"".join(pieces), max_bytes=max_bytes)


def test_a_character_comes_when_it_is_whole() -> None:
    stream = ReadableStream(max_bytes=100)
    first, second = "ä".encode()[:1], "ä".encode()[1:]

    assert [stream.feed(first), stream.feed(second), stream.end()] == ["", "ä", ""]
