"""How API tokens look: `cct_`, 30 random letters and digits, and a checksum of six.

The prefix lets scanners of published code know one, the checksum tells a mistyped one without a
look into the database. Source: "Behind GitHub's new authentication token formats", GitHub, 2021.
"""

import secrets
import string
import zlib

PREFIX = "cct_"
RANDOM_CHARS = 30
"""About 178 bits."""
CHECKSUM_CHARS = 6
SHOWN_CHARS = len(PREFIX) + 4
"""So much of a token is kept and shown, so that people can tell theirs apart."""
_DIGITS = string.digits + string.ascii_uppercase + string.ascii_lowercase


def make_token_text() -> str:
    """Make up a token."""
    body = PREFIX + "".join(secrets.choice(_DIGITS) for _ in range(RANDOM_CHARS))
    return body + _checksum(body)


def is_api_token(text: str) -> bool:
    """Tell whether a credential is meant as an API token."""
    return text.startswith(PREFIX)


def is_well_formed(text: str) -> bool:
    """Tell whether a text can be a token that was made here."""
    body, checksum = text[:-CHECKSUM_CHARS], text[-CHECKSUM_CHARS:]
    is_long_enough = len(text) == len(PREFIX) + RANDOM_CHARS + CHECKSUM_CHARS
    return is_long_enough and text.isascii() and _checksum(body) == checksum


def _checksum(body: str) -> str:
    value = zlib.crc32(body.encode())
    digits = ""
    for _ in range(CHECKSUM_CHARS):
        value, digit = divmod(value, len(_DIGITS))
        digits = _DIGITS[digit] + digits
    return digits
