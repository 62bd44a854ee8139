"""Bytes of a program as text that JSON and both databases can hold."""

import codecs

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
CUT_MARK = "\n[output cut]"


def readable(data: bytes, *, max_bytes: int) -> str:
    """Decode as UTF-8; NUL and what is not UTF-8 become U+FFFD; a text that is cut says so."""
    text = storable(data[:max_bytes].decode("utf-8", errors="replace"))
    return text + CUT_MARK if len(data) > max_bytes else text


def storable(text: str) -> str:
    """Put U+FFFD in place of NUL, which PostgreSQL takes neither as text nor inside JSON."""
    return text.replace("\0", REPLACEMENT)


class ReadableStream:
    """Makes text of bytes that come piece by piece; all together it is what `readable` makes."""

    def __init__(self, *, max_bytes: int) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._left_bytes = max_bytes
        self._is_cut = False

    def feed(self, data: bytes) -> str:
        """Return the text of a piece, maybe without its last character, which comes later."""
        if self._is_cut:
            return ""
        taken = data[: self._left_bytes]
        self._left_bytes -= len(taken)
        self._is_cut = len(taken) < len(data)
        text = storable(self._decoder.decode(taken, final=self._is_cut))
        return text + CUT_MARK if self._is_cut else text

    def end(self) -> str:
        """Return what is left of a character that has not come to its end."""
        return "" if self._is_cut else self._decoder.decode(b"", final=True)
