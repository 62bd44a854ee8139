"""Raising alarms and taking them back."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.db import transaction

from apps.operations.domain import BEAT_STILL_AFTER_S, Alarm, Facts, alarms_of
from apps.operations.facts import BEAT, read_facts
from apps.operations.models import Heartbeat, RaisedAlarm

WHAT_CHARS_MAX = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """How the installation is doing: the figures, and what is wrong, the worst first."""

    checked_at: datetime
    facts: Facts
    alarms: tuple[Alarm, ...]


def look(*, now: datetime) -> Situation:
    """Gather the figures, and remember what is wrong."""
    facts = read_facts(now=now)
    alarms = _remember(alarms_of(facts), now)
    return Situation(checked_at=now, facts=facts, alarms=tuple(alarms))


def raised(*, now: datetime) -> Sequence[Alarm | RaisedAlarm]:
    """Give what was wrong when beat last looked; if it does not look, what is wrong now."""
    last_tick = Heartbeat.objects.filter(name=BEAT).first()
    if last_tick is None or (now - last_tick.beaten_at).total_seconds() > BEAT_STILL_AFTER_S:
        return look(now=now).alarms
    return list(RaisedAlarm.objects.order_by("severity", "since"))


def tick(*, now: datetime) -> None:
    """Note that Celery's beat and a worker are there, and look whether anything is wrong."""
    Heartbeat.objects.update_or_create(name=BEAT, defaults={"beaten_at": now})
    look(now=now)


@transaction.atomic
def _remember(alarms: list[Alarm], now: datetime) -> list[Alarm]:
    """Store which alarms are up; give them with the time since when they have been."""
    RaisedAlarm.objects.exclude(name__in=[alarm.name for alarm in alarms]).delete()
    known = dict(RaisedAlarm.objects.values_list("name", "since"))
    alarms = [replace(alarm, since=known.get(alarm.name, now)) for alarm in alarms]
    RaisedAlarm.objects.bulk_create(
        [
            RaisedAlarm(
                name=alarm.name,
                severity=alarm.severity.value,
                what=alarm.what[:WHAT_CHARS_MAX],
                since=alarm.since or now,
            )
            for alarm in alarms
        ],
        update_conflicts=True,
        unique_fields=["name"],
        update_fields=["severity", "what"],
    )
    return alarms
