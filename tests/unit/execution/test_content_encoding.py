import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import TooLargeError
from app.routes.content_encoding import unpack


@given(st.binary(max_size=1000))
def test_unpacks_gzip_and_both_kinds_of_deflate(body: bytes) -> None:
    raw = zlib.compressobj(wbits=-zlib.MAX_WBITS)

    assert unpack(gzip.compress(body), encoding="gzip", max_body_bytes=1000) == body
    assert unpack(zlib.compress(body), encoding="deflate", max_body_bytes=1000) == body
    packed = raw.compress(body) + raw.flush()
    assert unpack(packed, encoding="deflate", max_body_bytes=1000) == body


def test_a_body_that_is_not_packed_at_all_is_passed_on() -> None:
    assert unpack(b'{"a": 1}', encoding="gzip", max_body_bytes=1000) == b'{"a": 1}'


def test_a_bomb_is_refused() -> None:
    bomb = gzip.compress(b"0" * 1_000_000)

    with pytest.raises(TooLargeError):
        unpack(bomb, encoding="gzip", max_body_bytes=10_000)
