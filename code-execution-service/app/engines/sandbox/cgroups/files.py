"""Files of a cgroup, kept open: opening one costs more than reading it."""

import os
import re
from pathlib import Path

_READ_BYTES = 16 * 1024
"""More than the longest of them, memory.stat, can have."""


class ControlFile:
    """One open file of a cgroup."""

    def __init__(self, path: Path, flags: int = os.O_RDONLY) -> None:
        self.descriptor = os.open(path, flags | os.O_CLOEXEC)

    def read(self) -> bytes:
        """Read it whole, as it is now."""
        return os.pread(self.descriptor, _READ_BYTES, 0)

    def number(self) -> int:
        """Read the number that it holds."""
        return int(self.read())

    def write(self, value: int) -> None:
        """Write a number."""
        os.pwrite(self.descriptor, b"%d" % value, 0)

    def close(self) -> None:
        """Close it."""
        os.close(self.descriptor)


class Field:
    """One number in a file of lines that are a name and a number each."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._pattern = re.compile(rf"^{name} (\d+)$".encode(), re.MULTILINE)

    def of(self, text: bytes) -> int:
        """Find the number in the text of the file.

        Raises:
            ValueError: the kernel has no such line.
        """
        match = self._pattern.search(text)
        if match is None:
            raise ValueError(f"no {self._name} in {text[:200]!r}")
        return int(match[1])
