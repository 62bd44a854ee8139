"""The files of a package's zip: checked, below one folder or none, hashed where they are kept."""

import hashlib
import re
from collections.abc import Iterable
from functools import partial
from typing import BinaryIO

from apps.core.zip_archive import ArchiveError, ArchiveLimits, ZipArchive, open_archive
from apps.problems.packages.package import Content, PackageFile
from apps.problems.packages.report import Report

MIB = 1024 * 1024
LIMITS = ArchiveLimits(
    archive_bytes_max=1024 * MIB,
    entries_max=10_000,
    entry_bytes_max=64 * MIB,
    total_bytes_max=1024 * MIB,
)
# Test data packs well, so small packages may unpack to anything up to the free size.
RATIO_FREE_BYTES = 256 * MIB
RATIO_MAX = 100
TEXT_BYTES_MAX = 256 * 1024
DEPTH_MAX = 10
SEGMENT_CHARS_MAX = 128
# Wider than the format, which wants two characters and no '_' or '+' at the start.
_SEGMENT = re.compile(rf"[A-Za-z0-9_][A-Za-z0-9_.+-]{{0,{SEGMENT_CHARS_MAX - 1}}}\Z")
MAIN_DOCUMENT = "problem.yaml"
TIME_LIMIT_FILE = ".timelimit"


class Entries:
    """The files by their paths inside the package's folder, in the order of their names."""

    def __init__(self, archive: ZipArchive, folder: str, report: Report) -> None:
        self._archive = archive
        self._folder = folder
        self._report = report
        self.folder_name = folder.removesuffix("/")
        self.paths = tuple(
            sorted(
                (path for name in archive.names if not _is_ignored(path := self._inside(name))),
                key=lambda path: path.split("/"),
            )
        )
        self._known = frozenset(self.paths)

    def __contains__(self, path: str) -> bool:
        """Tell whether there is such a file."""
        return path in self._known

    def below(self, folder: str) -> tuple[str, ...]:
        """Give the paths inside a folder, relative to it."""
        prefix = f"{folder}/"
        return tuple(path.removeprefix(prefix) for path in self.paths if path.startswith(prefix))

    def read(self, path: str) -> bytes:
        """Give the bytes of a small file.

        Raises:
            ArchiveError: It is broken or too large.
        """
        return self._archive.read(self._folder + path, bytes_max=TEXT_BYTES_MAX)

    def text(self, path: str) -> str:
        """Give a small text; what is no UTF-8 is an error of the report, and empty."""
        try:
            text = self.read(path).decode("utf-8-sig")
        except UnicodeDecodeError:
            self._report.error(path, "It is not UTF-8; save it as UTF-8.")
            return ""
        if "\0" in text:
            self._report.error(path, "It has a NUL character; save it as plain text.")
        return text

    def content(self, path: str) -> Content:
        """Hash a file; its bytes are read from the zip again when they are asked for.

        Raises:
            ArchiveError: It is broken.
        """
        name = self._folder + path
        digest = hashlib.sha256(self._archive.read(name)).hexdigest()
        return Content(digest, self._archive.size_bytes(name), partial(self._archive.read, name))

    def files(self, folder: str) -> tuple[PackageFile, ...]:
        """Give every file inside a folder.

        Raises:
            ArchiveError: One is broken.
        """
        return tuple(
            PackageFile(path=path, content=self.content(f"{folder}/{path}"))
            for path in self.below(folder)
        )

    def _inside(self, name: str) -> str:
        return name.removeprefix(self._folder)


def open_entries(file: BinaryIO, report: Report) -> Entries:
    """Check a zip as a whole; what is wrong with single names goes into the report.

    Raises:
        ArchiveError: It is no zip, hostile or too large.
    """
    archive_bytes = file.seek(0, 2)
    archive = open_archive(file, LIMITS)
    total_bytes = sum(archive.size_bytes(name) for name in archive.names)
    if total_bytes > max(RATIO_FREE_BYTES, RATIO_MAX * archive_bytes):
        raise ArchiveError(
            f"The archive unpacks to {total_bytes} bytes, more than {RATIO_MAX} times its size;"
            " pack the large files without compression."
        )
    _check_names(archive.names, report)
    return Entries(archive, _common_folder(archive.names), report)


def _common_folder(names: Iterable[str]) -> str:
    tops = {top for name in names if not _is_ignored(name) for top in [name.split("/")[0]]}
    is_folder = len(tops) == 1 and not tops & set(names)
    return f"{tops.pop()}/" if is_folder else ""


def _check_names(names: Iterable[str], report: Report) -> None:
    spelled: dict[str, str] = {}
    folders: set[str] = set()
    for name in names:
        segments = name.split("/")
        if len(segments) > DEPTH_MAX:
            report.error(name, f"It lies {len(segments)} levels deep; use at most {DEPTH_MAX}.")
        if not _is_ignored(name) and not all(_is_named_well(segment) for segment in segments):
            report.error(
                name,
                "Use letters, digits, '_', '.', '+' and '-' in names, at most"
                f" {SEGMENT_CHARS_MAX} of them.",
            )
        _check_spelling(name, segments, spelled, report)
        folders.update("/".join(segments[:depth]) for depth in range(1, len(segments)))
    for name in names:
        if name in folders:
            report.error(name, "It is a file and a folder; keep one.")


def _check_spelling(
    name: str, segments: list[str], spelled: dict[str, str], report: Report
) -> None:
    for depth in range(1, len(segments) + 1):
        path = "/".join(segments[:depth])
        if spelled.setdefault(path.casefold(), path) != path:
            report.error(name, f"It differs from {spelled[path.casefold()]!r} only in case.")
            return


def _is_named_well(segment: str) -> bool:
    return segment == TIME_LIMIT_FILE or _SEGMENT.match(segment) is not None


def _is_ignored(path: str) -> bool:
    """Tell whether only some system or tool put the file there: hidden ones and backups."""
    segments = path.split("/")
    is_hidden = any(segment.startswith(".") for segment in segments)
    return (is_hidden and segments[-1] != TIME_LIMIT_FILE) or path.endswith("~")
