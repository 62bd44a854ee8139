"""Where issuers publish the keys that verify their tokens: JSON over HTTP, or a file."""

import asyncio
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.x509 import load_pem_x509_certificate

from app.errors import KeysUnavailableError

TIMEOUT_S = 10.0
MAX_ANSWER_BYTES = 256 * 1024
MAX_KEYS = 100
SHORTEST_FRESH_S = 60.0
DEFAULT_FRESH_S = 300.0
LONGEST_FRESH_S = 24 * 3600.0
_MAX_AGE = re.compile(r"(?:^|[\s,])max-age=(\d{1,9})", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedKeys:
    """The public keys of an issuer by `kid`, and how long they need not be asked for anew."""

    keys: Mapping[str, jwt.PyJWK]
    fresh_s: float


class KeyServers:
    """Fetches keys over HTTP, from addresses that the operator or a trusted issuer names."""

    async def aclose(self) -> None:
        """Close the connections."""
        if "_client" in self.__dict__:
            await self._client.aclose()

    async def fetch(self, url: str) -> PublishedKeys:
        """Return what is published at an address.

        Raises:
            KeysUnavailableError: it does not answer with keys.
        """
        document, headers = await self._get(url)
        return read_keys(document, fresh_s=fresh_s(headers))

    async def discover(self, issuer: str) -> PublishedKeys:
        """Return the keys of an OpenID provider, which tells itself where they are.

        Raises:
            KeysUnavailableError: it does not answer, or with what is not its own or not safe.

        Source: OpenID Connect Discovery 1.0, section 4.
        """
        found, _ = await self._get(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
        url = found.get("jwks_uri")
        if found.get("issuer") != issuer or not isinstance(url, str) or not is_safe(url):
            raise KeysUnavailableError(f"{issuer} describes another issuer, or no https address")
        return await self.fetch(url)

    async def _get(self, url: str) -> tuple[dict[str, Any], httpx.Headers]:
        content = bytearray()
        try:
            async with (
                asyncio.timeout(TIMEOUT_S),
                self._client.stream("GET", url, headers={"Accept": "application/json"}) as response,
            ):
                async for chunk in response.aiter_bytes():
                    content += chunk
                    if len(content) > MAX_ANSWER_BYTES:
                        raise KeysUnavailableError(f"{url} answers with too much")
        except (TimeoutError, httpx.HTTPError, httpx.InvalidURL) as error:
            raise KeysUnavailableError(f"{url}: {str(error) or type(error).__name__}") from error
        if response.status_code != httpx.codes.OK:
            raise KeysUnavailableError(f"{url} answers HTTP {response.status_code}")
        return _document(bytes(content), where=url), response.headers

    @cached_property
    def _client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(timeout=TIMEOUT_S, follow_redirects=False)


async def read_key_file(path: Path) -> PublishedKeys:
    """Return the keys in a file, which has the same form as a key server's answer.

    Raises:
        KeysUnavailableError: it can't be read, or has no such form.
    """
    try:
        content = await asyncio.to_thread(path.read_bytes)
    except OSError as error:
        raise KeysUnavailableError(f"{path}: {error.strerror}") from error
    return read_keys(_document(content, where=str(path)), fresh_s=SHORTEST_FRESH_S)


def read_keys(document: Mapping[str, Any], *, fresh_s: float) -> PublishedKeys:
    """Read a JSON Web Key Set, or certificates by `kid` as Google also publishes its keys.

    A key that we can't work with is left out: a set may have others that we can.

    Raises:
        KeysUnavailableError: the document is neither.
    """
    keys = document.get("keys")
    if isinstance(keys, list):
        found = [_key(each) for each in keys[:MAX_KEYS]]
    else:
        found = [_certified_key(kid, pem) for kid, pem in list(document.items())[:MAX_KEYS]]
        if not any(found):
            raise KeysUnavailableError("the answer has no keys")
    named = {str(key.key_id): key for key in found if key is not None}
    return PublishedKeys(keys=named, fresh_s=fresh_s)


def fresh_s(headers: httpx.Headers) -> float:
    """Tell how long an answer needs not be asked for anew. Source: RFC 9111, section 4.2."""
    found = _MAX_AGE.search(headers.get("cache-control", ""))
    if found is None:
        return DEFAULT_FRESH_S
    age = headers.get("age", "")
    left_s = int(found[1]) - (int(age) if re.fullmatch(r"[0-9]{1,9}", age) else 0)
    return min(max(left_s, SHORTEST_FRESH_S), LONGEST_FRESH_S)


def is_safe(url: str) -> bool:
    """Tell whether what comes from an address is what its owner sent: https, or this machine."""
    try:
        parsed = urlsplit(url)
    except ValueError:
        return False
    is_here = parsed.hostname in {"localhost", "127.0.0.1", "::1"}
    return parsed.scheme == "https" or (parsed.scheme == "http" and is_here)


def _document(content: bytes, *, where: str) -> dict[str, Any]:
    try:
        document = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise KeysUnavailableError(f"{where} is no JSON") from error
    if not isinstance(document, dict):
        raise KeysUnavailableError(f"{where} has no keys")
    return document


def _key(jwk: object) -> jwt.PyJWK | None:
    if not isinstance(jwk, dict) or not isinstance(jwk.get("kid"), str):
        return None
    if jwk.get("use", "sig") != "sig":
        return None
    try:
        return jwt.PyJWK.from_dict(jwk)
    except (jwt.PyJWTError, ValueError, TypeError):
        return None


def _certified_key(kid: str, pem: object) -> jwt.PyJWK | None:
    if not isinstance(pem, str):
        return None
    try:
        public = load_pem_x509_certificate(pem.encode()).public_key()
    except ValueError:
        return None
    if not isinstance(public, RSAPublicKey):
        return None
    return _key({**jwt.algorithms.RSAAlgorithm.to_jwk(public, as_dict=True), "kid": kid})
