"""The files of submissions: an inner zip per submission."""

from collections.abc import Iterable
from io import BytesIO

from apps.archives.contest_archive.files import ArchiveFiles
from apps.archives.contest_archive.model import SourceFile, Submission
from apps.archives.contest_archive.report import Place, Report
from apps.core.zip_archive import ArchiveError, ArchiveLimits, open_archive

_MIB = 1024 * 1024
SOURCES_BYTES_MAX = 256 * _MIB
# Of one submission.
LIMITS = ArchiveLimits(
    archive_bytes_max=4 * _MIB,
    entries_max=100,
    entry_bytes_max=4 * _MIB,
    total_bytes_max=4 * _MIB,
)


def source_path(submission: Submission) -> str | None:
    """Give the path of a submission's files in an archive; `None` if it has none."""
    if not submission.files:
        return None
    return f"submissions/{submission.id}/{submission.files[0].filename}"


def read_sources(
    files: ArchiveFiles, submissions: Iterable[Submission], report: Report
) -> dict[str, tuple[SourceFile, ...]]:
    """Read the files of each submission whose files are in the archive."""
    sources: dict[str, tuple[SourceFile, ...]] = {}
    missing_count = 0
    total_bytes = 0
    for submission in submissions:
        path = source_path(submission)
        if path is None or path not in files.names:
            missing_count += 1
            continue
        try:
            read = _unpacked(files.read(path, bytes_max=LIMITS.archive_bytes_max))
        except ArchiveError as error:
            report.add_error(Place(file_name=path, object_id=submission.id), error.detail)
            continue
        total_bytes += sum(len(source.content) for source in read)
        if total_bytes > SOURCES_BYTES_MAX:
            message = f"The files of all submissions have more than {SOURCES_BYTES_MAX} bytes."
            report.add_error(Place(file_name=path), message)
            return {}
        sources[submission.id] = read
    if missing_count:
        message = f"The archive has no files of {missing_count} submissions; their code is empty."
        report.add_warning(Place(file_name="submissions"), message)
    return sources


def _unpacked(packed: bytes) -> tuple[SourceFile, ...]:
    archive = open_archive(BytesIO(packed), LIMITS)
    return tuple(SourceFile(name=name, content=archive.read(name)) for name in archive.names)
