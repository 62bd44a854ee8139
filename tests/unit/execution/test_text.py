import json

from hypothesis import given
from hypothesis import strategies as st

from app.domain.text import CUT_MARK, readable, storable


@given(st.binary(), st.integers(min_value=0, max_value=50))
def test_any_bytes_become_text_that_json_and_both_databases_hold(data: bytes, limit: int) -> None:
    text = readable(data, max_bytes=limit)

    assert "\0" not in text
    json.dumps(text).encode()
    text.encode("utf-8")


def test_utf8_is_kept_as_it_is() -> None:
    assert readable("héllo\n".encode(), max_bytes=100) == "héllo\n"


def test_a_text_loses_only_what_databases_refuse() -> None:
    assert storable("a\0b\x01é") == "a\N{REPLACEMENT CHARACTER}b\x01é"


def test_a_cut_is_marked() -> None:
    assert readable(b"abcdef", max_bytes=3) == "abc" + CUT_MARK
