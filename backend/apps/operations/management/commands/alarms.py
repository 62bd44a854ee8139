"""`manage.py alarms`: what the page *Operations* says, for a terminal."""

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, InterfaceError
from django.utils import timezone
from typing_extensions import override

from apps.operations import services
from apps.operations.domain import Alarm, Facts, Severity


class Command(BaseCommand):
    """Ends with 1 when something is wrong that can't wait."""

    help = "Tell what is wrong, since when, and what to do."

    @override
    def handle(self, *args: Any, **options: Any) -> None:
        """Write it.

        Raises:
            CommandError: The database can't be asked.
        """
        try:
            situation = services.look(now=timezone.now())
        except (DatabaseError, InterfaceError) as error:
            raise CommandError(
                f"The database can't be asked ({str(error).strip()}): see whether it runs"
                " (DATABASE_URL), and bring it up to date by ./manage-code-execution.sh migrate."
            ) from error
        self.stdout.write("Alarms")
        for alarm in situation.alarms:
            self.stdout.write(_text_of(alarm))
        self.stdout.write(f"  {_summary_of(situation.facts)}")
        if any(alarm.severity is Severity.RED for alarm in situation.alarms):
            sys.exit(1)


def _text_of(alarm: Alarm) -> str:
    since = f"{alarm.since:%Y-%m-%d %H:%M} UTC"
    heading = f"  {alarm.severity.value.upper():<6}  {alarm.name}, since {since}"
    return f"{heading}\n          {alarm.what}\n          Do: {alarm.todo}"


def _summary_of(facts: Facts) -> str:
    """Give the figures that are asked for first."""
    due = f"{facts.backend.outbox_due} to be handed over"
    if facts.service is None:
        return due
    waiting = sum(queue.waiting for queue in facts.service.queues)
    judging = sum(queue.claimed for queue in facts.service.queues)
    alive = sum(not worker.is_silent for worker in facts.service.workers)
    return (
        f"{due}, {waiting} wait, {judging} are judged by {alive} judge processes;"
        f" {facts.service.undelivered} results undelivered"
    )
