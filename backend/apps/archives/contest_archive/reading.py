"""Read a contest archive: a zip or a folder of JSON files, or an event feed."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from apps.archives.contest_archive.assembly import assemble
from apps.archives.contest_archive.files import (
    JSON_BYTES_MAX,
    ArchiveFiles,
    FolderFiles,
    zipped_files,
)
from apps.archives.contest_archive.model import COLLECTIONS, ContestArchive
from apps.archives.contest_archive.raw import (
    SINGLES,
    RawContest,
    read_collection,
    read_feed,
    read_single,
)
from apps.archives.contest_archive.report import Place, Report
from apps.archives.contest_archive.sources import read_sources
from apps.core.zip_archive import ArchiveError

FEED_NAME = "event-feed.ndjson"
_FEED_NAMES = (FEED_NAME, "event-feed.json")
# A person may have written these by hand in YAML. Source: Contest Package Format 2023-06.
_YAML_NAMES = ("contest", "problems", "accounts")
_ZIP_START = b"PK"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What was read, and what is to be said about it; no archive if there is any error."""

    archive: ContestArchive | None
    report: Report


def read_file(file: BinaryIO) -> Reading:
    """Read a zip or an event feed from a seekable file, whichever it is."""
    report = Report()
    file.seek(0)
    is_zip = file.read(len(_ZIP_START)) == _ZIP_START
    file.seek(0)
    try:
        if is_zip:
            return _read_files(zipped_files(file), report)
        return _read_feed(file, report)
    except ArchiveError as error:
        report.add_error(Place(file_name="The archive"), error.detail)
        return Reading(archive=None, report=report)


def read_folder(folder: Path) -> Reading:
    """Read a folder of JSON files, or one with an event feed."""
    report = Report()
    try:
        return _read_files(FolderFiles(folder), report)
    except ArchiveError as error:
        report.add_error(Place(file_name=folder.name), error.detail)
        return Reading(archive=None, report=report)


def _read_feed(file: BinaryIO, report: Report) -> Reading:
    content = file.read(JSON_BYTES_MAX + 1)
    if len(content) > JSON_BYTES_MAX:
        raise ArchiveError(f"The feed is too large; make it at most {JSON_BYTES_MAX} bytes.")
    archive = assemble(read_feed(FEED_NAME, content, report), report)
    return Reading(archive=None if report.error_count else archive, report=report)


def _read_files(files: ArchiveFiles, report: Report) -> Reading:
    raw = _raw_feed(files, report)
    # A file tells how things are in the end, so it stands above the feed.
    for name in SINGLES:
        if f"{name}.json" in files.names:
            single = read_single(f"{name}.json", _content(files, f"{name}.json"), report)
            if single is not None:
                raw.singles[name] = single
    for name in (each.name for each in COLLECTIONS):
        if f"{name}.json" in files.names:
            content = _content(files, f"{name}.json")
            raw.collections[name] = read_collection(name, f"{name}.json", content, report)
    _refuse_yaml(files, report)
    archive = assemble(raw, report)
    if archive is not None:
        archive = replace(archive, sources=read_sources(files, archive.submissions, report))
    return Reading(archive=None if report.error_count else archive, report=report)


def _refuse_yaml(files: ArchiveFiles, report: Report) -> None:
    for name in _YAML_NAMES:
        if f"{name}.yaml" in files.names and f"{name}.json" not in files.names:
            place = Place(file_name=f"{name}.yaml")
            report.add_error(place, f"YAML is not read here; write it as {name}.json.")


def _raw_feed(files: ArchiveFiles, report: Report) -> RawContest:
    for name in _FEED_NAMES:
        if name in files.names:
            return read_feed(name, _content(files, name), report)
    return RawContest()


def _content(files: ArchiveFiles, name: str) -> bytes:
    return files.read(name, bytes_max=JSON_BYTES_MAX)
