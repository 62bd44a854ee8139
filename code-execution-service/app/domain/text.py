"""Bytes of a program as text that JSON and both databases can hold."""

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
CUT_MARK = "\n[output cut]"


def readable(data: bytes, *, max_bytes: int) -> str:
    """Decode as UTF-8; NUL and what is not UTF-8 become U+FFFD; a text that is cut says so."""
    text = data[:max_bytes].decode("utf-8", errors="replace").replace("\0", REPLACEMENT)
    return text + CUT_MARK if len(data) > max_bytes else text
