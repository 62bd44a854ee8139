"""`python manage.py export_contest`."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from typing_extensions import override

from apps.archives.contest_archive.writing import feed_lines, write_zip
from apps.archives.services.exporting import NotExportableError, export_contest
from apps.contests.models import Contest

_FEED_SUFFIX = ".ndjson"


class Command(BaseCommand):
    """Writes a contest as an archive."""

    help = (
        "Export a contest as an ICPC contest archive, with everything that the jury knows:"
        " a zip of JSON files, or an event feed if the file's name ends with .ndjson."
    )

    @override
    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("contest_id", type=int)
        parser.add_argument("file", type=Path, help="A new file.")

    @override
    def handle(self, *args: Any, **options: Any) -> None:
        """Write the file.

        Raises:
            CommandError: There is no such contest, it has no times, or the file can't be made.
        """
        path: Path = options["file"]
        contest = Contest.objects.filter(pk=options["contest_id"]).first()
        if contest is None:
            raise CommandError(f"There is no contest {options['contest_id']}.")
        try:
            archive = export_contest(contest=contest, actor=None, now=timezone.now())
            # Programs and hidden verdicts are in it, so nobody's file is overwritten.
            with path.open("xb") as file:
                if path.suffix == _FEED_SUFFIX:
                    file.writelines(line.encode() for line in feed_lines(archive))
                else:
                    write_zip(archive, file)
        except NotExportableError as error:
            raise CommandError(error.detail) from error
        except OSError as error:
            raise CommandError(f"{path} can't be written: {error.strerror}.") from error
        self.stdout.write(f"{path}: {len(archive.submissions)} submissions.")
