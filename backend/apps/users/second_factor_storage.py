"""How allauth keeps second factors: encrypted, so that a copy of the database gives none away."""

import base64
from functools import cache

from allauth.mfa.adapter import DefaultMFAAdapter
from cryptography.fernet import Fernet, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from typing_extensions import override

KEY_BYTES = 32
_PURPOSE = b"second factor"


class SecondFactorStorage(DefaultMFAAdapter):  # type: ignore[misc]  # untyped base
    """Encrypts by `SECRET_KEY`, and says what authenticator apps show."""

    @override
    def encrypt(self, text: str) -> str:
        """Encrypt a secret."""
        return _cipher().encrypt(text.encode()).decode()

    @override
    def decrypt(self, encrypted_text: str) -> str:
        """Decrypt a secret.

        Raises:
            InvalidToken: It was encrypted by a `SECRET_KEY` that is gone.
        """
        return _cipher().decrypt(encrypted_text.encode()).decode()

    @override
    def get_totp_label(self, user: AbstractBaseUser) -> str:
        """Name the account."""
        return user.get_username()

    @override
    def get_totp_issuer(self) -> str:
        """Name this installation."""
        return settings.API_TITLE


def _cipher() -> MultiFernet:
    return MultiFernet([
        _fernet(key) for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    ])


@cache
def _fernet(secret: str) -> Fernet:
    # Source: RFC 5869; the purpose keeps this key apart from whatever else is derived.
    derived = HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=_PURPOSE)
    return Fernet(base64.urlsafe_b64encode(derived.derive(secret.encode())))
