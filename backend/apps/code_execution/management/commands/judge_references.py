"""`python manage.py judge_references`."""

import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from typing_extensions import override

from apps.code_execution.references import are_all_judged, judge_references, reference_outcomes
from apps.problems.models import Problem
from apps.users.models import User

_PAUSE_S = 0.5
_WORDS = {True: "ok", False: "WRONG", None: "not judged"}


class Command(BaseCommand):
    """Has a problem's reference submissions judged, and compares their verdicts."""

    help = "Judge the reference submissions of a problem, and compare their verdicts."

    @override
    def add_arguments(self, parser: CommandParser) -> None:
        """Take the problem, in whose name, and how long to wait."""
        parser.add_argument("short_name", help="The problem's short name.")
        parser.add_argument("--user", required=True, help="Whose submissions they will be.")
        parser.add_argument("--wait", type=float, default=300, help="Seconds; 300 by default.")

    @override
    def handle(self, *args: Any, **options: Any) -> None:
        """Judge, wait and compare.

        Raises:
            CommandError: There is no such problem or user, or a verdict is missing or wrong.
        """
        problem = Problem.objects.filter(short_name=options["short_name"]).first()
        user = User.objects.filter(username=options["user"]).first()
        if problem is None or user is None:
            raise CommandError("There is no such problem, or no such user.")
        judge_references(problem=problem, user=user)
        deadline_s = time.monotonic() + options["wait"]
        while not are_all_judged(outcomes := reference_outcomes(problem)):
            if time.monotonic() >= deadline_s:
                break
            time.sleep(_PAUSE_S)
        for each in outcomes:
            expected = " or ".join(each.expected)
            word = _WORDS[each.is_as_expected]
            self.stdout.write(f"{word}: {each.name}: {each.verdict or '-'}, expected {expected}")
        if not all(each.is_as_expected for each in outcomes):
            raise CommandError("Not every reference submission got its verdict.")
