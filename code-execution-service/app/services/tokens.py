"""JSON Web Tokens: reading what one says, and checking who signed it."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import jwt

from app.domain.claims import Claims
from app.errors import UnauthenticatedError
from app.services.key_store import KeyStore

MAX_TOKEN_CHARACTERS = 8192
RSA = ("RS256",)
PUBLIC_KEY_ALGORITHMS = (
    *("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    *("ES256", "ES384", "ES512", "EdDSA"),
)
_SIGNATURES = jwt.PyJWS(options={"enforce_minimum_key_length": True})


@dataclass(frozen=True, slots=True, kw_only=True)
class UnverifiedToken:
    """What a token says, whoever wrote it."""

    text: str
    header: dict[str, Any]
    claims: Claims
    has_signature: bool


def peek(token: str) -> UnverifiedToken:
    """Take a token apart; nothing of it is to be believed yet.

    Raises:
        UnauthenticatedError: it is none.
    """
    if len(token) > MAX_TOKEN_CHARACTERS:
        raise UnauthenticatedError("Bad token: it is too long")
    try:
        parts = jwt.decode_complete(token, options={"verify_signature": False})
    except (jwt.PyJWTError, UnicodeError) as error:
        raise UnauthenticatedError("Bad token: it is no JSON Web Token") from error
    return UnverifiedToken(
        text=token,
        header=parts["header"],
        claims=parts["payload"],
        has_signature=bool(parts["signature"]),
    )


async def verify_signature(
    token: UnverifiedToken, *, keys: KeyStore, algorithms: Collection[str]
) -> None:
    """Return if one of the keys signed the token, by one of the algorithms.

    Raises:
        UnauthenticatedError: none did.
        KeysUnavailableError: the key is unknown, and nobody tells us whether the issuer has it.
    """
    key_id = token.header.get("kid")
    # Before the key is looked for: nobody needs to be asked about what we would refuse anyway.
    if token.header.get("alg") not in algorithms or not isinstance(key_id, str):
        raise UnauthenticatedError("Bad token: its algorithm is not allowed, or it names no key")
    key = await keys.find(key_id)
    if key is None:
        raise UnauthenticatedError("The token is signed with an unknown key")
    try:
        _SIGNATURES.decode(token.text, key, algorithms=list(algorithms))
    except jwt.PyJWTError as error:
        raise UnauthenticatedError(f"Bad token: {error}") from error
