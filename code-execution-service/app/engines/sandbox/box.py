"""One box: the files of one submission, and one command after the other on them."""

import os
import weakref
from typing import Protocol

from app.domain.runs import RunResult
from app.engines.base import OutputListener
from app.engines.sandbox.keeper_protocol import Command


class Archive:
    """The files of a box, packed and sealed: nobody can change them any more."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self.size_bytes = os.fstat(descriptor).st_size
        weakref.finalize(self, os.close, descriptor)


class Box(Protocol):
    """What can be done in an open box, by a keeper or without one.

    Every method raises `SandboxFailureError` when the box is broken.
    """

    async def put_file(self, name: str, content: bytes) -> None:
        """Put a file into the box's working directory; only before the first command."""

    def unpack(self, archive: Archive) -> None:
        """Put the files of another box into this one, which is still empty."""

    def connect(self, *, stdin: int, stdout: int) -> None:
        """Let the next command read and write these descriptors; the caller may close them then."""

    async def run(self, command: Command, on_output: OutputListener | None = None) -> RunResult:
        """Run a command to its end; whoever listens is told what it writes until then."""
        ...

    def stop(self) -> None:
        """End the command that runs now; its result still comes."""

    async def pack(self) -> Archive | None:
        """Pack the box's files; `None` if they are too many or too deep for it."""
        ...
