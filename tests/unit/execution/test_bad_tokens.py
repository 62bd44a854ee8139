"""Every way in which a token can be wrong, at every kind of issuer."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from app.clients.key_servers import PublishedKeys
from app.domain.claims import firebase_caller, openid_caller, platform_caller
from app.errors import KeysUnavailableError, UnauthenticatedError
from app.services.callers import Callers, EmulatedIssuer, SigningIssuer
from app.services.key_store import KeyStore
from app.services.tokens import PUBLIC_KEY_ALGORITHMS, RSA
from tests.support.issuers import (
    FIREBASE,
    OPENID,
    OPENID_AUDIENCE,
    PLATFORM,
    PROJECT,
    ec_key,
    firebase_claims,
    guest_claims,
    jwk_of,
    openid_claims,
    platform_claims,
    rsa_key,
    sign,
    unsigned,
)

pytestmark = pytest.mark.asyncio
Claims = Callable[..., dict[str, Any]]
ISSUERS: list[Claims] = [firebase_claims, openid_claims, platform_claims, guest_claims]
NOW_S = int(time.time())


def store(*published: Mapping[str, Any]) -> KeyStore:
    keys = {str(each["kid"]): jwt.PyJWK.from_dict(dict(each)) for each in published}

    async def fetch() -> PublishedKeys:
        return PublishedKeys(keys=keys, fresh_s=3600)

    return KeyStore(fetch)


def firebase(keys: KeyStore) -> SigningIssuer:
    return SigningIssuer(
        name=FIREBASE, audience=PROJECT, read=firebase_caller, keys=keys, algorithms=RSA
    )


def every_issuer(*published: Mapping[str, Any]) -> Callers:
    """Trust three issuers, each with the same keys."""
    return Callers([
        firebase(store(*published)),
        SigningIssuer(
            name=OPENID,
            audience=OPENID_AUDIENCE,
            read=openid_caller,
            keys=store(*published),
            algorithms=PUBLIC_KEY_ALGORITHMS,
        ),
        SigningIssuer(
            name=PLATFORM,
            audience="code-execution",
            read=platform_caller,
            keys=store(*published),
            algorithms=RSA,
        ),
    ])


@pytest.fixture
def callers() -> Callers:
    return every_issuer(jwk_of(rsa_key(), "key-1"), jwk_of(ec_key(), "key-ec"))


def now() -> datetime:
    return datetime.now(tz=UTC)


def encode(part: object) -> str:
    content = part if isinstance(part, bytes) else json.dumps(part).encode()
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def confused(claims: dict[str, Any]) -> str:
    """Sign by HMAC, with the public key as the secret: who reads `alg` alone is taken in."""
    public = rsa_key().public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    head = f"{encode({'alg': 'HS256', 'typ': 'JWT', 'kid': 'key-1'})}.{encode(claims)}"
    return f"{head}.{encode(hmac.digest(public, head.encode(), hashlib.sha256))}"


def tampered(claims: dict[str, Any]) -> str:
    header, _, signature = sign(claims).split(".")
    return f"{header}.{encode(claims | {'sub': 'somebody', 'uid': 'somebody'})}.{signature}"


def headed(claims: dict[str, Any], **header: Any) -> str:
    """Sign what PyJWT would refuse to sign."""
    head = f"{encode({'alg': 'RS256', 'kid': 'key-1'} | header)}.{encode(claims)}"
    return f"{head}.{encode(rsa_key().sign(head.encode(), PKCS1v15(), SHA256()))}"


@pytest.mark.parametrize("claims", ISSUERS)
async def test_takes_a_good_token(callers: Callers, claims: Claims) -> None:
    assert await callers.identify(headed(claims()), now())

    caller = await callers.identify(sign(claims()), now())

    assert caller.expires_at > now()


@pytest.mark.parametrize("claims", ISSUERS)
@pytest.mark.parametrize(
    "write",
    [
        pytest.param(unsigned, id="no algorithm"),
        pytest.param(lambda claims: f"{unsigned(claims)}AAAA", id="no algorithm, but a signature"),
        pytest.param(lambda claims: f"{sign(claims).rpartition('.')[0]}.", id="no signature"),
        pytest.param(confused, id="the public key as a secret"),
        pytest.param(tampered, id="changed after it was signed"),
        pytest.param(lambda claims: sign(claims, rsa_key(1)), id="another key"),
        pytest.param(lambda claims: sign(claims, kid="unknown"), id="an unknown key"),
        pytest.param(lambda claims: sign(claims, kid="key-ec"), id="the key of another algorithm"),
        pytest.param(lambda claims: headed(claims, kid=None), id="no key named"),
        pytest.param(lambda claims: headed(claims, crit=["b64"], b64=False), id="unknown demands"),
        pytest.param(lambda claims: sign(claims | {"iss": "https://evil.example"}), id="issuer"),
        pytest.param(lambda claims: sign(claims | {"iss": f"{claims['iss']}/"}), id="almost"),
        pytest.param(lambda claims: headed(claims | {"iss": [claims["iss"]]}), id="issuers"),
        pytest.param(lambda claims: sign(claims | {"aud": "elsewhere"}), id="audience"),
        pytest.param(lambda claims: sign(claims | {"exp": NOW_S - 1}), id="expired"),
        pytest.param(lambda claims: sign(claims | {"iat": NOW_S + 3600}), id="from the future"),
        pytest.param(lambda claims: sign(claims | {"nbf": NOW_S + 3600}), id="not valid yet"),
        pytest.param(lambda claims: sign(claims | {"sub": ""}), id="nobody"),
        *(
            pytest.param(
                lambda claims, name=name: sign({k: v for k, v in claims.items() if k != name}),
                id=f"no {name}",
            )
            for name in ("iss", "aud", "exp", "iat", "sub")
        ),
    ],
)
async def test_refuses_a_bad_token(
    callers: Callers, claims: Claims, write: Callable[[dict[str, Any]], str]
) -> None:
    with pytest.raises(UnauthenticatedError):
        await callers.identify(write(claims()), now())


@pytest.mark.parametrize(
    "token",
    [
        "",
        "text",
        "a.b.c",
        "é.é.é",
        "\ud800.a.b",
        f"{encode({'alg': 'RS256'})}.{encode([])}.AAAA",
        f"{encode({'alg': 'RS256'})}.{encode(b'[' * 5000)}.AAAA",
        f"{encode(b'[' * 5000)}.{encode({})}.AAAA",
        f"{encode([])}.{encode({})}.AAAA",
        f"{encode({'alg': ['RS256'], 'kid': 'key-1'})}.{encode({'iss': PLATFORM})}.AAAA",
        f"{encode({'alg': 'RS256', 'kid': 7})}.{encode({'iss': PLATFORM})}.AAAA",
        f"{encode({'alg': 'RS256', 'kid': 'key-1'})}.{encode({'iss': {}})}.AAAA",
        "a" * 8193,
    ],
    ids=range(13),
)
async def test_refuses_what_is_no_token(callers: Callers, token: str) -> None:
    with pytest.raises(UnauthenticatedError):
        await callers.identify(token, now())


@pytest.mark.parametrize("claims", [firebase_claims, platform_claims])
async def test_an_issuer_signs_by_its_own_algorithms_only(callers: Callers, claims: Claims) -> None:
    token = sign(claims(), ec_key(), kid="key-ec")

    with pytest.raises(UnauthenticatedError):
        await callers.identify(token, now())


async def test_further_issuers_may_sign_by_elliptic_curves(callers: Callers) -> None:
    token = sign(openid_claims(), ec_key(), kid="key-ec")

    assert (await callers.identify(token, now())).uid == "248289761001"


async def test_a_secret_that_an_issuer_publishes_signs_nothing() -> None:
    callers = every_issuer({"kty": "oct", "k": encode(b"x" * 32), "kid": "key-1", "alg": "HS256"})
    token = jwt.encode(openid_claims(), b"x" * 32, algorithm="HS256", headers={"kid": "key-1"})

    with pytest.raises(UnauthenticatedError):
        await callers.identify(token, now())


async def test_a_short_key_signs_nothing() -> None:
    short = rsa_key(9, 1024)
    with pytest.warns(jwt.warnings.InsecureKeyLengthWarning):
        token = sign(openid_claims(), short)

    with pytest.raises(UnauthenticatedError):
        await every_issuer(jwk_of(short, "key-1")).identify(token, now())


async def test_nobodys_keys_are_asked_for_what_would_be_refused_anyway() -> None:
    async def fetch() -> PublishedKeys:
        pytest.fail("asked for")

    callers = Callers([firebase(KeyStore(fetch))])

    for token in (unsigned(firebase_claims()), sign(openid_claims()), confused(firebase_claims())):
        with pytest.raises(UnauthenticatedError):
            await callers.identify(token, now())


async def test_it_is_no_bad_token_while_the_keys_are_out_of_reach() -> None:
    async def fetch() -> PublishedKeys:
        raise KeysUnavailableError("away")

    callers = Callers([firebase(KeyStore(fetch))])

    with pytest.raises(KeysUnavailableError):
        await callers.identify(sign(firebase_claims()), now())


class TestEmulator:
    """The Firebase Auth emulator, in development."""

    @pytest.fixture
    def emulated(self) -> Callers:
        return Callers([EmulatedIssuer(name=FIREBASE, audience=PROJECT, read=firebase_caller)])

    async def test_its_tokens_are_not_signed(self, emulated: Callers) -> None:
        caller = await emulated.identify(unsigned(firebase_claims()), now())

        assert caller.uid == "fX2aPq0bTnQz"

    @pytest.mark.parametrize(
        "token",
        [
            pytest.param(sign(firebase_claims()), id="signed"),
            pytest.param(f"{sign(firebase_claims()).rpartition('.')[0]}.", id="signature cut off"),
            pytest.param(f"{unsigned(firebase_claims())}AAAA", id="a signature without algorithm"),
            pytest.param(unsigned(firebase_claims(aud="elsewhere")), id="audience"),
            pytest.param(unsigned(firebase_claims(exp=NOW_S - 1)), id="expired"),
            pytest.param(unsigned(firebase_claims(sub="")), id="nobody"),
            pytest.param(unsigned(platform_claims()), id="another issuer"),
        ],
    )
    async def test_it_has_rules_too(self, emulated: Callers, token: str) -> None:
        with pytest.raises(UnauthenticatedError):
            await emulated.identify(token, now())
