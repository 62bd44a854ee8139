"""The keeper's filter of system calls, made ahead for boxes whose keeper can't be built.

`python -m app.engines.sandbox.filters` makes it anew from `keeper/filter.c`, on a host that has a C
compiler; a test holds what is committed to that source.
"""

import os
import subprocess
import tempfile
from pathlib import Path

from app.engines.sandbox.host import COMPILER, find_tool

_DIRECTORY = Path(__file__).parent / "keeper"
_FLAGS = ("-std=gnu17", "-I", str(_DIRECTORY), "-x", "c")
_WRITER = """
#include "filter.c"
#include <stdio.h>
#include <stdlib.h>
noreturn void die(const char *what) { perror(what); exit(1); }
int main(int argc, char **argv) {
    filter_build(argc > 1);
    return fwrite(program, sizeof *program, length, stdout) != length;
}
"""


def has_filter() -> bool:
    """Tell whether one is made ahead for this machine."""
    return filter_path(is_memory_watched=False).exists()


def filter_path(*, is_memory_watched: bool) -> Path:
    """Tell where the filter lies: a classic BPF program as seccomp(2) takes it."""
    variant = "-memory-watched" if is_memory_watched else ""
    return _DIRECTORY / f"filter-{os.uname().machine}{variant}.bpf"


def make_filter(*, is_memory_watched: bool) -> bytes:
    """Make it for this machine.

    Raises:
        EngineUnavailableError: no C compiler.
        subprocess.CalledProcessError: it fails.
    """
    with tempfile.TemporaryDirectory() as directory:
        writer = Path(directory, "writer")
        command = [find_tool(COMPILER), *_FLAGS, "-o", str(writer), "-"]
        subprocess.run(command, input=_WRITER.encode(), check=True)
        arguments = ["watched"] if is_memory_watched else []
        return subprocess.run([str(writer), *arguments], capture_output=True, check=True).stdout


if __name__ == "__main__":
    for is_watched in (False, True):
        made = make_filter(is_memory_watched=is_watched)
        filter_path(is_memory_watched=is_watched).write_bytes(made)
