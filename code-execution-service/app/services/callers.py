"""Who calls the doors that people use: accounts of several issuers, by their tokens."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from typing_extensions import override

from app.domain.callers import Caller
from app.domain.claims import Claims, ClaimsError, check
from app.errors import UnauthenticatedError
from app.services.key_store import KeyStore
from app.services.tokens import UnverifiedToken, peek, verify_signature

Reader = Callable[[Claims, datetime], Caller]


class Issuer(Protocol):
    """Somebody whose tokens are taken; `name` is what they say in `iss`."""

    name: str
    audience: str
    read: Reader

    async def verify(self, token: UnverifiedToken) -> None:
        """Return if this issuer made the token.

        Raises:
            UnauthenticatedError: it did not.
            KeysUnavailableError: nobody can tell now.
        """

    async def close(self) -> None:
        """Ask for nothing any more."""


@dataclass(kw_only=True)
class SigningIssuer(Issuer):
    """An issuer that publishes its keys; `algorithms` are those that it may sign by."""

    name: str
    audience: str
    read: Reader
    keys: KeyStore
    algorithms: Collection[str]

    @override
    async def verify(self, token: UnverifiedToken) -> None:
        await verify_signature(token, keys=self.keys, algorithms=self.algorithms)

    @override
    async def close(self) -> None:
        await self.keys.close()


@dataclass(kw_only=True)
class EmulatedIssuer(Issuer):
    """The Firebase Auth emulator, whose tokens anybody can write: for development only."""

    name: str
    audience: str
    read: Reader

    @override
    async def verify(self, token: UnverifiedToken) -> None:
        if token.header.get("alg") != "none" or token.has_signature:
            raise UnauthenticatedError("Bad token: the emulator's tokens are not signed")

    @override
    async def close(self) -> None:
        """Nobody is asked."""


class Callers:
    """Tells who sends a token, if it is of an issuer that is trusted."""

    def __init__(self, issuers: Iterable[Issuer]) -> None:
        self._issuers = {issuer.name: issuer for issuer in issuers}

    async def close(self) -> None:
        """Ask no issuer for keys any more."""
        for issuer in self._issuers.values():
            await issuer.close()

    async def identify(self, token: str, now: datetime) -> Caller:
        """Tell whose token this is.

        Raises:
            UnauthenticatedError: it is bad, or nobody's whom we know.
            KeysUnavailableError: nobody can tell now, as the issuer's keys are out of reach.
        """
        unverified = peek(token)
        name = unverified.claims.get("iss")
        issuer = self._issuers.get(name) if isinstance(name, str) else None
        if issuer is None:
            raise UnauthenticatedError("Bad token: its issuer is not trusted here")
        await issuer.verify(unverified)
        claims = unverified.claims
        try:
            expires_at = check(claims, issuer=issuer.name, audience=issuer.audience, now=now)
            return issuer.read(claims, expires_at)
        except ClaimsError as error:
            raise UnauthenticatedError(f"Bad token: {error}") from error
