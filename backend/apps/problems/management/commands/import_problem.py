"""`python manage.py import_problem`."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from typing_extensions import override

from apps.problems.exchange import examine_package
from apps.problems.models import Problem
from apps.problems.packages.report import Report
from apps.problems.uploads import import_definition
from apps.users.models import User


class Command(BaseCommand):
    """Shows the report on a package, and takes it when that is confirmed."""

    help = "Report on a problem package (legacy Kattis or ICPC format); --confirm takes it."

    @override
    def add_arguments(self, parser: CommandParser) -> None:
        """Take the zip, and whether it is meant."""
        parser.add_argument("package", type=Path, help="The zip file.")
        parser.add_argument("--confirm", action="store_true", help="Store the problem.")
        parser.add_argument("--owner", help="The user name of whom a new problem belongs to.")

    @override
    def handle(self, *args: Any, **options: Any) -> None:
        """Report, and store without errors.

        Raises:
            CommandError: The file can't be read or has errors, or there is no such user.
        """
        path: Path = options["package"]
        owner = _owner(options["owner"])
        try:
            file = path.open("rb")
        except OSError as error:
            raise CommandError(f"{path}: {error.strerror}") from error
        with file:
            definition, report = examine_package(file, file_name=path.name)
            self._show(report)
            if definition is None:
                raise CommandError(f"Not taken: {len(report.errors)} errors.")
            is_known = Problem.objects.filter(short_name=definition.short_name).exists()
            act = "Replaces" if is_known else "Makes"
            self.stdout.write(
                f"{act} '{definition.short_name}': {definition.title}, {len(definition.tests)}"
                f" tests, {len(definition.submissions)} reference submissions."
            )
            if not options["confirm"]:
                self.stdout.write("Nothing is stored; say --confirm to store it.")
                return
            problem = import_definition(definition, file_name=path.name, owner=owner, actor=None)
        self.stdout.write(f"Stored as problem {problem.pk}.")

    def _show(self, report: Report) -> None:
        for kind, findings in (("error", report.errors), ("warning", report.warnings)):
            for finding in findings:
                place = f"{finding.path}: " if finding.path else ""
                self.stdout.write(f"{kind}: {place}{finding.message}")


def _owner(username: str | None) -> User | None:
    if username is None:
        return None
    try:
        return User.objects.get_by_natural_key(username)
    except User.DoesNotExist as error:
        raise CommandError(f"There is no user '{username}'.") from error
