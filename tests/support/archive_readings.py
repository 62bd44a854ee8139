"""Contest archives as zips and feeds, and what reading them finds."""

import json
import zipfile
from io import BytesIO
from typing import Any

from apps.archives.contest_archive.model import ContestArchive
from apps.archives.contest_archive.reading import Reading, read_file
from apps.archives.contest_archive.report import Finding
from apps.archives.contest_archive.writing import write_zip


def zipped(archive: ContestArchive) -> BytesIO:
    """Write it as a zip."""
    buffer = BytesIO()
    write_zip(archive, buffer)
    return buffer


def files_of(archive: ContestArchive) -> dict[str, Any]:
    """Give the JSON files of its zip by name."""
    with zipfile.ZipFile(zipped(archive)) as packed:
        return {
            name: json.loads(packed.read(name)) for name in packed.namelist() if ".json" in name
        }


def read_files(files: dict[str, Any], extra: dict[str, bytes] | None = None) -> Reading:
    """Read a zip of these files: values become JSON, bytes stay as they are."""
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w") as packed:
        for name, value in files.items():
            packed.writestr(name, value if isinstance(value, bytes) else json.dumps(value))
        for name, content in (extra or {}).items():
            packed.writestr(name, content)
    return read_file(buffer)


def read_events(*events: dict[str, Any]) -> Reading:
    """Read a feed of these events."""
    return read_file(BytesIO("\n".join(json.dumps(event) for event in events).encode()))


def errors_of(reading: Reading) -> list[str]:
    """Give what is wrong; an archive is there if nothing is."""
    assert (reading.archive is None) == bool(reading.report.errors)
    return [str(each) for each in reading.report.errors]


def only(findings: Any) -> Finding:
    """Give the one that there is."""
    (finding,) = findings
    assert isinstance(finding, Finding)
    return finding
