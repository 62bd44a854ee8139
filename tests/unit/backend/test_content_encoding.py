import gzip
import io
import zlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.content_encoding import UnpackedBodies

BODY_BYTES_MAX = 1000
BODY = b'{"language": "python"}'


def received(body: bytes, encoding: str) -> tuple[bytes, int]:
    """Return the body and the length that the application behind gets to see."""
    seen: list[tuple[bytes, int]] = []

    def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        seen.append((environ["wsgi.input"].read(), int(environ["CONTENT_LENGTH"])))
        return []

    environ = {
        "HTTP_CONTENT_ENCODING": encoding,
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body),
    }
    UnpackedBodies(application, body_bytes_max=BODY_BYTES_MAX)(environ, None)
    return seen[0]


@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        pytest.param(gzip.compress(BODY), "gzip", id="gzip"),
        pytest.param(gzip.compress(BODY), "GZIP", id="upper case"),
        pytest.param(zlib.compress(BODY), "deflate", id="deflate with a header"),
        pytest.param(zlib.compress(BODY)[2:-4], "deflate", id="deflate without one"),
        pytest.param(BODY, "br", id="another encoding, not true"),
        pytest.param(BODY, "gzip", id="gzip, not true"),
        pytest.param(BODY, "", id="none"),
    ],
)
def test_a_body_arrives_unpacked_however_it_is_packed(body: bytes, encoding: str) -> None:
    assert received(body, encoding) == (BODY, len(BODY))


def test_a_bomb_arrives_as_too_long_and_unread() -> None:
    bomb = gzip.compress(b" " * (BODY_BYTES_MAX + 1))

    assert received(bomb, "gzip") == (b"", BODY_BYTES_MAX + 1)


@given(st.binary(max_size=200), st.sampled_from(["gzip", "deflate", "br", "x"]))
def test_any_bytes_arrive_somehow(body: bytes, encoding: str) -> None:
    arrived, length = received(body, encoding)

    assert len(arrived) <= length <= BODY_BYTES_MAX + 1
