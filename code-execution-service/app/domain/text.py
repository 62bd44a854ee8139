"""Bytes of a program as text that JSON and both databases can hold."""

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
CUT_MARK = "\n[output cut]"


def readable(data: bytes, *, max_bytes: int) -> str:
    """Decode as UTF-8; NUL and what is not UTF-8 become U+FFFD; a text that is cut says so."""
    text = storable(data[:max_bytes].decode("utf-8", errors="replace"))
    return text + CUT_MARK if len(data) > max_bytes else text


def storable(text: str) -> str:
    """Put U+FFFD in place of NUL, which PostgreSQL takes neither as text nor inside JSON."""
    return text.replace("\0", REPLACEMENT)
