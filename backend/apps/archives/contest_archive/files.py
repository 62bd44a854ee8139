"""The files of an archive: in a zip, or in a folder."""

from collections.abc import Collection
from pathlib import Path
from typing import BinaryIO, Protocol

from apps.core.zip_archive import ArchiveError, ArchiveLimits, ZipArchive, open_archive

_MIB = 1024 * 1024
LIMITS = ArchiveLimits(
    archive_bytes_max=512 * _MIB,
    entries_max=250_000,
    entry_bytes_max=512 * _MIB,
    total_bytes_max=1024 * _MIB,
)
JSON_BYTES_MAX = 256 * _MIB


class ArchiveFiles(Protocol):
    """Files by their path in the archive."""

    @property
    def names(self) -> Collection[str]:
        """Give the paths of all files."""
        ...

    def read(self, name: str, *, bytes_max: int) -> bytes:
        """Give the content of a file; ArchiveError if it is larger or can't be read."""
        ...


class ZippedFiles:
    """The files of a zip, seen from inside the one folder that it may have."""

    def __init__(self, archive: ZipArchive) -> None:
        self._archive = archive
        self._folder = archive.common_folder
        self.names: Collection[str] = frozenset(
            name.removeprefix(self._folder) for name in archive.names
        )

    def read(self, name: str, *, bytes_max: int) -> bytes:
        """Unpack a file."""
        return self._archive.read(f"{self._folder}{name}", bytes_max=bytes_max)


class FolderFiles:
    """The files below a folder of this machine; links are not followed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        paths: list[str] = []
        for path in folder.rglob("*"):
            if path.is_file() and not self._has_link(path):
                paths.append(path.relative_to(folder).as_posix())
            if len(paths) > LIMITS.entries_max:
                raise ArchiveError(f"The folder has more than {LIMITS.entries_max} files.")
        self.names: Collection[str] = frozenset(paths)

    def read(self, name: str, *, bytes_max: int) -> bytes:
        """Read a file.

        Raises:
            ArchiveError: It is larger than `bytes_max`.
        """
        with (self._folder / name).open("rb") as file:
            content = file.read(bytes_max + 1)
        if len(content) > bytes_max:
            raise ArchiveError(f"{name} is too large; make it at most {bytes_max} bytes.")
        return content

    def _has_link(self, path: Path) -> bool:
        inside = [path, *path.parents]
        return any(each.is_symlink() for each in inside[: inside.index(self._folder)])


def zipped_files(file: BinaryIO) -> ZippedFiles:
    """Open a zip within the limits of a contest.

    Raises:
        ArchiveError: It can't be taken.
    """
    return ZippedFiles(open_archive(file, LIMITS))
