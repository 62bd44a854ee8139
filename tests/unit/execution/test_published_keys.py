"""What key servers answer, and how long it is worth something."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from app.clients.key_servers import (
    DEFAULT_FRESH_S,
    LONGEST_FRESH_S,
    SHORTEST_FRESH_S,
    fresh_s,
    is_safe,
    read_key_file,
    read_keys,
)
from app.errors import KeysUnavailableError
from tests.support.issuers import ec_key, jwk_of, rsa_key


def certificate() -> str:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "securetoken")])
    now = datetime.now(tz=UTC)
    builder = x509.CertificateBuilder(
        issuer_name=name,
        subject_name=name,
        public_key=rsa_key().public_key(),
        serial_number=1,
        not_valid_before=now - timedelta(days=1),
        not_valid_after=now + timedelta(days=14),
    )
    return builder.sign(rsa_key(), SHA256()).public_bytes(Encoding.PEM).decode()


def test_reads_a_key_set() -> None:
    document = {"keys": [jwk_of(rsa_key(), "a"), jwk_of(ec_key(), "b")]}

    keys = read_keys(document, fresh_s=60).keys

    assert {kid: key.algorithm_name for kid, key in keys.items()} == {"a": "RS256", "b": "ES256"}


def test_reads_certificates_as_google_publishes_them() -> None:
    keys = read_keys({"a": certificate(), "b": "no certificate"}, fresh_s=60).keys

    assert {kid: key.algorithm_name for kid, key in keys.items()} == {"a": "RS256"}
    assert keys["a"].key.public_numbers() == rsa_key().public_key().public_numbers()


def test_leaves_out_keys_that_it_can_not_work_with() -> None:
    useless = [
        {"kty": "RSA", "kid": "no numbers"},
        {"kty": "quantum", "kid": "unknown kind"},
        {name: value for name, value in jwk_of(rsa_key(), "").items() if name != "kid"},
        jwk_of(rsa_key(), "") | {"kid": ["a", "list"]},
        jwk_of(rsa_key(), "for secrets") | {"use": "enc"},
        "a text",
        None,
    ]

    assert list(read_keys({"keys": [*useless, jwk_of(rsa_key(), "a")]}, fresh_s=60).keys) == ["a"]


@pytest.mark.parametrize("document", [{}, {"keys": "none"}, {"error": {"code": 500}}])
def test_refuses_what_has_no_keys(document: dict[str, object]) -> None:
    with pytest.raises(KeysUnavailableError):
        read_keys(document, fresh_s=60)


@pytest.mark.parametrize(
    ("headers", "expected_s"),
    [
        ({}, DEFAULT_FRESH_S),
        ({"Cache-Control": "public, max-age=21600, must-revalidate"}, 21600),
        ({"Cache-Control": "s-maxage=7200,max-age=600"}, 600),
        ({"Cache-Control": "max-age=21600", "Age": "21000"}, 600),
        ({"Cache-Control": "max-age=600", "Age": "often"}, 600),
        ({"Cache-Control": "max-age=0"}, SHORTEST_FRESH_S),
        ({"Cache-Control": "max-age=600", "Age": "900"}, SHORTEST_FRESH_S),
        ({"Cache-Control": "max-age=999999999"}, LONGEST_FRESH_S),
        ({"Cache-Control": "no-cache"}, DEFAULT_FRESH_S),
    ],
)
def test_an_answer_is_fresh_as_long_as_its_server_says(
    headers: dict[str, str], expected_s: float
) -> None:
    assert fresh_s(httpx.Headers(headers)) == expected_s


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://login.example.org/keys", True),
        ("http://127.0.0.1:9000/keys", True),
        ("http://login.example.org/keys", False),
        ("http://localhost.example.org/keys", False),
        ("file:///etc/passwd", False),
        ("/keys", False),
        ("https://[", False),
    ],
)
def test_keys_come_by_https_or_from_this_machine(url: str, expected: bool) -> None:
    assert is_safe(url) is expected


@pytest.mark.asyncio
async def test_a_file_that_is_missing_or_no_json_has_no_keys(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("[" * 100_000)

    for name in ("missing", "text"):
        with pytest.raises(KeysUnavailableError):
            await read_key_file(tmp_path / name)
