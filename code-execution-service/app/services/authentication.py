"""Who calls: a signature by the shared secret, or an access token that the backend signed."""

import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from app.domain.claims import Claims, ClaimsError, check
from app.domain.signature import SignatureError, is_signed, verify
from app.errors import ForbiddenError, UnauthenticatedError
from app.services.key_store import KeyStore
from app.services.tokens import RSA, peek, verify_signature

CALLER_ROLES = frozenset({"admin", "service"})


class Authenticator:
    """Recognises callers of the closed doors."""

    def __init__(
        self, *, keys: KeyStore, secrets: Sequence[str], issuer: str, audience: str
    ) -> None:
        self._keys = keys
        self._secrets = secrets
        self._issuer = issuer
        self._audience = audience

    async def authenticate(self, *, headers: Mapping[str, str], body: bytes) -> None:
        """Return if the caller may come in; `headers` has lower-case names.

        Raises:
            UnauthenticatedError: no credential, or a bad one.
            ForbiddenError: a good token of somebody who may not call this service directly.
            KeysUnavailableError: nobody can tell now, as the backend's keys are out of reach.
        """
        if is_signed(headers):
            try:
                verify(body, headers, now_s=time.time(), secrets=self._secrets)
            except SignatureError as error:
                raise UnauthenticatedError(f"Bad signature: {error}") from error
            return
        scheme, _, token = headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise UnauthenticatedError("Sign the request or send a Bearer token")
        claims = await self._claims_of(token.strip())
        if not CALLER_ROLES & set(claims["roles"]):
            raise ForbiddenError("This token may not call the execution service directly")

    async def _claims_of(self, token: str) -> Claims:
        unverified = peek(token)
        await verify_signature(unverified, keys=self._keys, algorithms=RSA)
        claims = unverified.claims
        try:
            check(claims, issuer=self._issuer, audience=self._audience, now=datetime.now(tz=UTC))
        except ClaimsError as error:
            raise UnauthenticatedError(f"Bad token: {error}") from error
        roles = claims.get("roles")
        if not isinstance(roles, list) or not all(isinstance(role, str) for role in roles):
            raise UnauthenticatedError("Bad token: roles is no list of names")
        return claims
