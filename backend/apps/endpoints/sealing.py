"""Secrets at rest: whoever reads the database, or a backup of it, can sign nothing."""

import base64

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.utils.encoding import force_bytes

_PURPOSE = b"apps.endpoints.sealing"
_KEY_BYTES = 32


class BrokenSealError(Exception):
    """It was sealed with another `SECRET_KEY`, or is damaged."""


def seal(text: str) -> str:
    """Encrypt a text with a key that follows from `SECRET_KEY`."""
    return _keys().encrypt(text.encode()).decode()


def unseal(sealed: str) -> str:
    """Decrypt it; keys in `SECRET_KEY_FALLBACKS` will do too.

    Raises:
        BrokenSealError: It can't be read any more.
    """
    try:
        return _keys().decrypt(sealed.encode()).decode()
    except InvalidToken:
        raise BrokenSealError from None


def _keys() -> MultiFernet:
    return MultiFernet([
        Fernet(_key_of(each)) for each in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    ])


def _key_of(secret_key: str | bytes) -> bytes:
    derived = HKDF(algorithm=SHA256(), length=_KEY_BYTES, salt=None, info=_PURPOSE)
    return base64.urlsafe_b64encode(derived.derive(force_bytes(secret_key)))
