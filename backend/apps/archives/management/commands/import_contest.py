"""`python manage.py import_contest`."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from typing_extensions import override

from apps.archives.contest_archive.reading import Reading, read_file, read_folder
from apps.archives.preview import Preview, preview_of
from apps.archives.services.importing import ArchiveRefusedError, import_contest

_DIFFERENCES_SHOWN = 50


class Command(BaseCommand):
    """Takes a contest over from an archive; nothing is judged again."""

    help = (
        "Import an ICPC contest archive (a zip, a folder, or an event feed) with its original"
        " times and verdicts, after a report; compare its official board with ours."
    )

    @override
    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("archive", type=Path, help="A zip, a folder, or an event feed.")
        parser.add_argument(
            "--check", action="store_true", help="Report and compare; take nothing over."
        )

    @override
    def handle(self, *args: Any, **options: Any) -> None:
        """Report, and import if nothing is wrong.

        Raises:
            CommandError: Something is wrong.
        """
        preview = preview_of(_reading(options["archive"]))
        self._report(preview)
        archive = preview.reading.archive
        if archive is None:
            count = preview.reading.report.error_count
            raise CommandError(f"Nothing was imported: {count} errors.")
        if options["check"]:
            return
        try:
            imported = import_contest(archive=archive, actor=None)
        except ArchiveRefusedError as error:
            raise CommandError(error.detail) from error
        counts = ", ".join(f"{count} {what}" for what, count in imported.counts.items())
        self.stdout.write(
            f"Contest {imported.contest.pk} '{imported.contest.title}' is here, not published:"
            f" {counts}."
        )

    def _report(self, preview: Preview) -> None:
        report = preview.reading.report
        for finding in report.errors:
            self.stdout.write(f"error: {finding}")
        for finding in report.warnings:
            self.stdout.write(f"warning: {finding}")
        for loss in preview.losses:
            self.stdout.write(f"note: {loss}")
        if preview.differences is None:
            return
        for difference in preview.differences[:_DIFFERENCES_SHOWN]:
            self.stdout.write(f"board: {difference.as_text()}")
        count = len(preview.differences)
        self.stdout.write(
            f"The official board differs from ours in {count} places."
            if count
            else "Our board equals the official one."
        )


def _reading(path: Path) -> Reading:
    if path.is_dir():
        return read_folder(path)
    try:
        with path.open("rb") as file:
            return read_file(file)
    except OSError as error:
        raise CommandError(f"{path} can't be read: {error.strerror}.") from error
