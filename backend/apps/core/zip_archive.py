"""Zip files from outside, read within limits: paths, links, sizes and bombs."""

import stat
import struct
import zipfile
import zlib
from dataclasses import dataclass
from functools import cached_property
from typing import BinaryIO

from apps.core.errors import ClientError

PATH_CHARS_MAX = 255
_CHUNK_BYTES = 64 * 1024
# What every entry of a zip's directory starts with. Source: APPNOTE.TXT 6.3.10, 4.3.12.
_DIRECTORY_ENTRY = b"PK\x01\x02"
# An entry's directory record without its path is 46 bytes; the rest is for path, time and comment.
_DIRECTORY_BYTES_PER_ENTRY = 1024
_FLAG_ENCRYPTED = 0x1
# Others unpack without a cap on memory, and nobody packs contests with them.
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
# Where macOS puts what only macOS reads.
_IGNORED_FOLDER = "__MACOSX/"
# What the library raises for an archive that is damaged, or made in a way that it does not know.
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    NotImplementedError,
    OverflowError,
    ValueError,
)


class ArchiveError(ClientError):
    """The archive can't be taken; the detail says what to change."""

    code = "archive"
    title = "The archive can't be read"


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveLimits:
    """What an archive may have: packed size, number of files, unpacked size of one and of all."""

    archive_bytes_max: int
    entries_max: int
    entry_bytes_max: int
    total_bytes_max: int


class ZipArchive:
    """The files of a checked zip by path; `names` keeps the archive's order, without folders."""

    def __init__(self, packed: zipfile.ZipFile, entries: dict[str, zipfile.ZipInfo]) -> None:
        self._packed = packed
        self._entries = entries
        self.names = tuple(entries)

    @cached_property
    def common_folder(self) -> str:
        """Give the one folder that holds every file, as `folder/`; empty when there is none."""
        folders = {name.partition("/")[0] for name in self.names}
        if len(folders) != 1 or any("/" not in name for name in self.names):
            return ""
        return f"{folders.pop()}/"

    def size_bytes(self, name: str) -> int:
        """Give the unpacked size of a file in `names`."""
        return self._entries[name].file_size

    def read(self, name: str, *, bytes_max: int | None = None) -> bytes:
        """Unpack a file in `names`.

        Raises:
            ArchiveError: It is broken, or larger than `bytes_max`.
        """
        entry = self._entries[name]
        if bytes_max is not None and entry.file_size > bytes_max:
            raise ArchiveError(
                f"{name} has {entry.file_size} bytes; make it at most {bytes_max} bytes."
            )
        try:
            with self._packed.open(entry) as unpacked:
                # zipfile never gives more than the directory says, however much is packed.
                content = unpacked.read(entry.file_size)
                # The end must be reached: there the checksum is compared.
                is_whole = len(content) == entry.file_size and not unpacked.read(1)
        except _BROKEN as error:
            raise ArchiveError(f"{name} is broken: {error}. Pack the archive again.") from error
        if not is_whole:
            raise ArchiveError(f"{name} is not as long as stated. Pack the archive again.")
        return content


def open_archive(file: BinaryIO, limits: ArchiveLimits) -> ZipArchive:
    """Check a seekable zip file whole, without unpacking anything; the caller closes the file.

    Raises:
        ArchiveError: It is no zip, over a limit, or has a path, link or method that is refused.
    """
    size_bytes = file.seek(0, 2)
    if size_bytes > limits.archive_bytes_max:
        raise ArchiveError(
            f"The archive has {size_bytes} bytes; make it at most {limits.archive_bytes_max} bytes."
        )
    guard = _DirectoryGuard(file, limits.entries_max)
    try:
        packed = zipfile.ZipFile(guard)
    except _BROKEN as error:
        raise ArchiveError(f"This is no zip file that can be read: {error}.") from error
    guard.is_directory_read = True
    return ZipArchive(packed, _checked(packed.infolist(), limits))


class _DirectoryGuard:
    """A file that keeps zipfile from taking in a directory with more entries than allowed."""

    def __init__(self, file: BinaryIO, entries_max: int) -> None:
        self._file = file
        self._entries_max = entries_max
        self.is_directory_read = False
        self.seek = file.seek
        self.tell = file.tell
        self.seekable = file.seekable

    def read(self, size: int = -1) -> bytes:
        if self.is_directory_read:
            return self._file.read(size)
        bytes_max = max(self._entries_max * _DIRECTORY_BYTES_PER_ENTRY, 2 * _CHUNK_BYTES)
        data = self._file.read(bytes_max + 1 if size < 0 else min(size, bytes_max + 1))
        if len(data) > bytes_max or data.count(_DIRECTORY_ENTRY) > self._entries_max:
            raise ArchiveError(f"The archive has more than {self._entries_max} files.")
        return data


def _checked(infos: list[zipfile.ZipInfo], limits: ArchiveLimits) -> dict[str, zipfile.ZipInfo]:
    entries: dict[str, zipfile.ZipInfo] = {}
    if len(infos) > limits.entries_max:
        raise ArchiveError(f"The archive has more than {limits.entries_max} files.")
    for info in infos:
        if info.filename.startswith(_IGNORED_FOLDER):
            continue
        reason = _reason_against(info, limits)
        if reason is not None:
            raise ArchiveError(f"{info.filename[:PATH_CHARS_MAX]!r} {reason}")
        if info.is_dir():
            continue
        if info.filename in entries:
            raise ArchiveError(f"{info.filename!r} is in the archive twice; keep one.")
        entries[info.filename] = info
    total_bytes = sum(info.file_size for info in entries.values())
    if total_bytes > limits.total_bytes_max:
        raise ArchiveError(
            f"The archive unpacks to {total_bytes} bytes; make it at most"
            f" {limits.total_bytes_max} bytes."
        )
    return entries


def _reason_against(info: zipfile.ZipInfo, limits: ArchiveLimits) -> str | None:
    if not _is_plain_path(info.filename):
        return (
            "is no plain path: use relative paths with '/', without '..', '\\' or control"
            f" characters, of at most {PATH_CHARS_MAX} characters."
        )
    if stat.S_IFMT(info.external_attr >> 16) not in {0, stat.S_IFREG, stat.S_IFDIR}:
        return "is a link or a device; pack the file itself."
    if info.flag_bits & _FLAG_ENCRYPTED:
        return "is encrypted; pack the archive without a password."
    if info.compress_type not in _METHODS:
        return "is packed in a way that is not read here; use 'deflate', the usual one."
    if info.file_size > limits.entry_bytes_max:
        return f"unpacks to {info.file_size} bytes; make it at most {limits.entry_bytes_max} bytes."
    return None


def _is_plain_path(path: str) -> bool:
    segments = path.removesuffix("/").split("/")
    return (
        len(path) <= PATH_CHARS_MAX
        and path.isprintable()
        and "\\" not in path
        and ":" not in segments[0]
        and not any(segment in {"", ".", ".."} for segment in segments)
    )
