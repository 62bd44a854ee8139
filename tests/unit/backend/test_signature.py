"""Signatures: what is signed verifies, and nothing else does, whatever it looks like."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.signature import (
    TOLERANCE_S,
    SignatureError,
    SignatureHeaders,
    decode_secrets,
    sign,
    verify,
)

NOW_S = 1_700_000_000
BODY = b'{"submission_id": 1}'
SECRETS = decode_secrets("newest,older")
ANY_TEXT = st.text(max_size=60)
ANY_HEADER = st.none() | ANY_TEXT


def headers_of(signed: dict[str, str]) -> SignatureHeaders:
    return SignatureHeaders(
        secret=signed["X-Webhook-Secret"],
        message_id=signed["webhook-id"],
        timestamp=signed["webhook-timestamp"],
        signature=signed["webhook-signature"],
    )


def check(
    headers: SignatureHeaders,
    *,
    body: bytes = BODY,
    now_s: float = NOW_S,
    secrets: str = "newest,older",
    is_plain_secret_allowed: bool = False,
) -> None:
    verify(
        decode_secrets(secrets),
        headers,
        body=body,
        now_s=now_s,
        is_plain_secret_allowed=is_plain_secret_allowed,
    )


def signed_headers(*, timestamp_s: int = NOW_S, message_id: str = "evt-1") -> SignatureHeaders:
    return headers_of(sign(SECRETS, message_id=message_id, timestamp_s=timestamp_s, body=BODY))


@given(body=st.binary(max_size=200), secret=st.text(min_size=1, max_size=40))
def test_what_is_signed_verifies(body: bytes, secret: str) -> None:
    try:
        secrets = decode_secrets(secret)
    except ValueError:
        return
    signed = sign(secrets, message_id="evt-1", timestamp_s=NOW_S, body=body)

    check(headers_of(signed), body=body, secrets=secret)


@pytest.mark.parametrize("secrets", ["newest", "older", "unknown,older", "older,newest"])
def test_a_secret_can_be_changed_without_a_pause(secrets: str) -> None:
    by_standard = SignatureHeaders(
        secret=None,
        message_id="evt-1",
        timestamp=str(NOW_S),
        signature=signed_headers().signature,
    )

    check(by_standard, secrets=secrets)


def test_the_newest_secret_signs_the_secret_header() -> None:
    only_secret = SignatureHeaders(
        secret=signed_headers().secret, message_id=None, timestamp=None, signature=None
    )

    check(only_secret, secrets="newest")
    with pytest.raises(SignatureError):
        check(only_secret, secrets="older")


@given(
    secret=ANY_HEADER,
    message_id=ANY_HEADER,
    timestamp=ANY_HEADER,
    signature=ANY_HEADER,
    body=st.binary(max_size=100),
)
def test_whatever_a_stranger_sends_is_a_signature_error(
    secret: str | None,
    message_id: str | None,
    timestamp: str | None,
    signature: str | None,
    body: bytes,
) -> None:
    headers = SignatureHeaders(
        secret=secret, message_id=message_id, timestamp=timestamp, signature=signature
    )

    with pytest.raises(SignatureError):
        check(headers, body=body, is_plain_secret_allowed=secret not in {"newest", "older"})


@given(
    signature=st.sampled_from(["v1,", "v1", "v1,,", "v1,é", "v2,AAAA", ",", " ", "v1,\ud800"])
    | st.text(max_size=200)
)
def test_a_malformed_signature_is_a_signature_error(signature: str) -> None:
    good = signed_headers()

    with pytest.raises(SignatureError):
        check(
            SignatureHeaders(
                secret=good.secret,
                message_id=good.message_id,
                timestamp=good.timestamp,
                signature=signature,
            )
        )


@pytest.mark.parametrize(
    "timestamp", ["", " 1700000000", "1700000000.0", "1e9", "-1", "\u0661" * 10, "9" * 13]
)
def test_a_malformed_timestamp_is_a_signature_error(timestamp: str) -> None:
    good = signed_headers()

    with pytest.raises(SignatureError):
        check(
            SignatureHeaders(
                secret=None,
                message_id=good.message_id,
                timestamp=timestamp,
                signature=good.signature,
            )
        )


@pytest.mark.parametrize("drift_s", [-TOLERANCE_S, 0, TOLERANCE_S])
def test_a_clock_may_differ_by_five_minutes(drift_s: int) -> None:
    check(signed_headers(), now_s=NOW_S + drift_s)


@pytest.mark.parametrize("drift_s", [-TOLERANCE_S - 1, TOLERANCE_S + 1])
def test_a_replay_after_five_minutes_is_refused(drift_s: int) -> None:
    with pytest.raises(SignatureError):
        check(signed_headers(), now_s=NOW_S + drift_s)


def test_both_schemes_have_to_be_right_when_both_are_sent() -> None:
    good = signed_headers()

    with pytest.raises(SignatureError):
        check(
            SignatureHeaders(
                secret="0" * 64,
                message_id=good.message_id,
                timestamp=good.timestamp,
                signature=good.signature,
            )
        )


def test_the_plain_secret_counts_only_where_it_is_allowed() -> None:
    plain = SignatureHeaders(secret="older", message_id=None, timestamp=None, signature=None)

    check(plain, is_plain_secret_allowed=True)
    with pytest.raises(SignatureError):
        check(plain, is_plain_secret_allowed=False)


def test_a_prefixed_secret_is_the_key_in_base64() -> None:
    key = base64.b64encode(b"k" * 24).decode()

    [secret] = decode_secrets(f"whsec_{key}")

    assert secret.standard_key == b"k" * 24
    assert secret.key == f"whsec_{key}".encode()


@pytest.mark.parametrize("setting", ["", " , ", "whsec_!!!", "good,whsec_*"])
def test_refuses_a_setting_without_a_usable_secret(setting: str) -> None:
    with pytest.raises(ValueError, match="secret"):
        decode_secrets(setting)
