"""`python manage.py export_problem`."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from typing_extensions import override

from apps.problems.exchange import export_problem
from apps.problems.models import Problem


class Command(BaseCommand):
    """Writes a problem as a package that gives the same problem back."""

    help = "Write a problem as a package (legacy Kattis or ICPC format)."

    @override
    def add_arguments(self, parser: CommandParser) -> None:
        """Take the problem and the place."""
        parser.add_argument("short_name", help="The problem's short name.")
        parser.add_argument("package", type=Path, help="The zip file to make; it must not exist.")

    @override
    def handle(self, *args: Any, **options: Any) -> None:
        """Write the file, or leave none.

        Raises:
            CommandError: There is no such problem, it fits no package, or the file can't be made.
        """
        path: Path = options["package"]
        try:
            problem = Problem.objects.get(short_name=options["short_name"])
        except Problem.DoesNotExist as error:
            raise CommandError(f"There is no problem '{options['short_name']}'.") from error
        try:
            with path.open("x+b") as file:
                report = export_problem(problem, file)
        except OSError as error:
            raise CommandError(f"{path}: {error.strerror}") from error
        if report.errors:
            path.unlink()
            reasons = "\n".join(f"{each.path}: {each.message}" for each in report.errors)
            raise CommandError(f"Not written.\n{reasons}")
        self.stdout.write(f"Written to {path}.")
