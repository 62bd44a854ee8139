"""What compiling gave, kept by content, so that the same source is compiled once."""

import hashlib
from collections import OrderedDict
from dataclasses import dataclass

from app.domain.runs import CompileResult
from app.engines.sandbox.box import Archive

MAX_ENTRIES = 256
"""Each holds a file descriptor."""


@dataclass(frozen=True, slots=True)
class Build:
    """The outcome of compiling; `archive` is what it left in the box, unless that is not kept."""

    compiled: CompileResult
    archive: Archive | None


class CompileCache:
    """The builds that were used last, at most so many bytes of them.

    An entry can't be poisoned: its key is everything that the compiler saw, it holds what was in
    the box after all processes of the compile step were dead, and it lies in sealed memory of ours
    which no program can name.
    """

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._bytes = 0
        self._builds: OrderedDict[bytes, Build] = OrderedDict()

    def get(self, key: bytes) -> Build | None:
        """Find a build."""
        build = self._builds.get(key)
        if build is not None:
            self._builds.move_to_end(key)
        return build

    def put(self, key: bytes, build: Build) -> None:
        """Keep a build, unless it is too large, and drop those that were not used for longest."""
        if key in self._builds or _size_bytes(build) > self._max_bytes:
            return
        self._builds[key] = build
        self._bytes += _size_bytes(build)
        while self._bytes > self._max_bytes or len(self._builds) > MAX_ENTRIES:
            _, dropped = self._builds.popitem(last=False)
            self._bytes -= _size_bytes(dropped)


def key_of(*parts: bytes) -> bytes:
    """Make the key for a build from everything that it depends on."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.digest()


def _size_bytes(build: Build) -> int:
    archive_bytes = build.archive.size_bytes if build.archive else 0
    return archive_bytes + len(build.compiled.message)
