"""Files that lie beside a program's source, such as a header or data of the problem."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from app.domain.limits import MIB
from app.errors import InvalidRequestError

MAX_FILES = 32
MAX_FILE_BYTES = 1 * MIB
MAX_FILES_BYTES = 4 * MIB
_SEGMENT = r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}"
_NAME = re.compile(f"{_SEGMENT}(/{_SEGMENT})?")


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFile:
    """A file as compiler and program find it, read-only, in the folder of the source.

    `name` is one path segment, or a folder and one.
    """

    name: str
    content: bytes


def check_files(files: Sequence[SourceFile], *, source_file: str) -> None:
    """Return if the files may lie beside the source, which is named `source_file`.

    Raises:
        InvalidRequestError: they are too many or too large, or a name is not good or not free.
    """
    if len(files) > MAX_FILES:
        raise InvalidRequestError(f"{len(files)} files; the limit is {MAX_FILES}")
    for file in files:
        _check_size(file)
        if not _NAME.fullmatch(file.name):
            raise InvalidRequestError(
                f"{file.name!r} can't be the name of a file: "
                "use letters, digits, '_', '-' and '.', in one folder at most"
            )
    size_bytes = sum(len(file.content) for file in files)
    if size_bytes > MAX_FILES_BYTES:
        raise InvalidRequestError(f"Files of {size_bytes} bytes; the limit is {MAX_FILES_BYTES}")
    _check_names([source_file, *(file.name for file in files)])


def _check_size(file: SourceFile) -> None:
    size_bytes = len(file.content)
    if size_bytes > MAX_FILE_BYTES:
        raise InvalidRequestError(
            f"File {file.name!r} has {size_bytes} bytes; the limit is {MAX_FILE_BYTES}"
        )


def _check_names(names: Sequence[str]) -> None:
    folders = {name.partition("/")[0] for name in names if "/" in name}
    for position, name in enumerate(names):
        if name in folders or name in names[:position]:
            raise InvalidRequestError(f"The name {name!r} is used twice")
