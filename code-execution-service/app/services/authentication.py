"""Who calls: a signature by the shared secret, or an access token that the backend signed."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import jwt

from app.clients.backend import KeysUnavailableError
from app.domain.signature import SignatureError, is_signed, verify
from app.errors import ForbiddenError, UnauthenticatedError

logger = logging.getLogger(__name__)

ALGORITHM = "RS256"
REFRESH_COOLDOWN_S = 5.0
CALLER_ROLES = frozenset({"admin", "service"})


class KeyStore:
    """The backend's public keys: fetched when one is unknown, kept while the backend is away."""

    def __init__(self, fetch: Callable[[], Awaitable[dict[str, Any]]]) -> None:
        self._fetch = fetch
        self._keys: dict[str, jwt.PyJWK] = {}
        self._fetched_at_s = float("-inf")
        self._lock = asyncio.Lock()

    async def find(self, key_id: str) -> jwt.PyJWK | None:
        """Return the key with this id; strangers can make us fetch once per cooldown at most."""
        if key_id not in self._keys:
            async with self._lock:
                if time.monotonic() - self._fetched_at_s > REFRESH_COOLDOWN_S:
                    await self._refresh()
        return self._keys.get(key_id)

    async def _refresh(self) -> None:
        self._fetched_at_s = time.monotonic()
        try:
            published = jwt.PyJWKSet.from_dict(await self._fetch())
        except (KeysUnavailableError, jwt.PyJWTError) as error:
            logger.warning("the backend's keys could not be fetched: %s", error)
            return
        self._keys = {key.key_id: key for key in published.keys if key.key_id}


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

    async def _claims_of(self, token: str) -> dict[str, Any]:
        try:
            key_id = jwt.get_unverified_header(token).get("kid", "")
            key = await self._keys.find(key_id) if isinstance(key_id, str) else None
            if key is None:
                raise UnauthenticatedError("The token is signed with an unknown key")
            claims: dict[str, Any] = jwt.decode(
                token,
                key,
                algorithms=[ALGORITHM],
                issuer=self._issuer,
                audience=self._audience,
                options={"require": ["exp", "iss", "aud", "sub", "roles"]},
            )
        except jwt.PyJWTError as error:
            raise UnauthenticatedError(f"Bad token: {error}") from error
        if not isinstance(claims["roles"], list) or not all(
            isinstance(role, str) for role in claims["roles"]
        ):
            raise UnauthenticatedError("Bad token: roles is no list of names")
        return claims
