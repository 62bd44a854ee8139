"""One of the program's outputs, read as it comes and cut at its limit."""

import os

_CHUNK_BYTES = 65_536
"""The default capacity of a pipe."""


class Stream:
    """One of the program's outputs."""

    def __init__(self, limit_bytes: int) -> None:
        self.pipe, self.theirs = os.pipe()
        os.set_blocking(self.pipe, False)
        self.data = bytearray()
        self.is_over = False
        self._limit_bytes = limit_bytes

    def redirect(self, theirs: int) -> None:
        """Let somebody else read it."""
        os.close(self.theirs)
        self.theirs = theirs

    def drain(self) -> bool:
        """Read what is there; false if nothing more will come."""
        while not self.is_over:
            try:
                chunk = os.read(self.pipe, _CHUNK_BYTES)
            except BlockingIOError:
                return True
            if not chunk:
                return False
            room = self._limit_bytes - len(self.data)
            self.is_over = len(chunk) > room
            self.data += chunk[:room]
        return True
