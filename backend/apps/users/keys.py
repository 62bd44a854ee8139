"""The RSA keys of access tokens: reading, making, publishing."""

import base64
import json
import os
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from jwt.algorithms import RSAAlgorithm

ALGORITHM = "RS256"
RSA_BITS = 2048
RSA_PUBLIC_EXPONENT = 65537
_OWNER_ONLY = 0o600


@dataclass(frozen=True, slots=True)
class SigningKey:
    """One key; `jwk` is its public half with the `kid` that tokens name."""

    private: RSAPrivateKey
    jwk: dict[str, Any]

    @property
    def kid(self) -> str:
        """The name of the key in token headers."""
        return str(self.jwk["kid"])


def signing_keys() -> tuple[SigningKey, ...]:
    """Give the keys of this installation; the first one signs, all verify.

    Raises:
        ImproperlyConfigured: A key file can't be read.
    """
    return _load(tuple(settings.JWT_KEY_FILES))


def create_signing_key(path: Path) -> bool:
    """Write a new key that only the owner can read; tell whether the file was not there yet."""
    key = generate_private_key(public_exponent=RSA_PUBLIC_EXPONENT, key_size=RSA_BITS)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY)
    except FileExistsError:
        return False
    with os.fdopen(descriptor, "wb") as file:
        file.write(pem)
    return True


@cache
def _load(paths: tuple[Path, ...]) -> tuple[SigningKey, ...]:
    return tuple(_read(path) for path in paths)


def _read(path: Path) -> SigningKey:
    try:
        private = load_pem_private_key(path.read_bytes(), password=None)
    except FileNotFoundError:
        raise ImproperlyConfigured(
            f"There is no signing key at {path}: run `python manage.py create_signing_key`."
        ) from None
    except (OSError, ValueError, TypeError) as error:
        raise ImproperlyConfigured(f"The signing key {path} can't be read: {error}.") from None
    if not isinstance(private, RSAPrivateKey):
        raise ImproperlyConfigured(f"The signing key {path} is not an RSA key.")
    jwk = RSAAlgorithm.to_jwk(private.public_key(), as_dict=True)
    public = {"kty": "RSA", "n": jwk["n"], "e": jwk["e"]}
    return SigningKey(
        private, {**public, "kid": _thumbprint(public), "use": "sig", "alg": ALGORITHM}
    )


def _thumbprint(public_jwk: dict[str, Any]) -> str:
    """Name a key by its content. Source: RFC 7638, section 3."""
    canonical = json.dumps(public_jwk, sort_keys=True, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(sha256(canonical).digest()).rstrip(b"=").decode()
