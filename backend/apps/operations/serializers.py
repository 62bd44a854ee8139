"""Operations on the wire."""

from typing import Any

from rest_framework import serializers

from apps.operations.domain import (
    Alarm,
    BackendFacts,
    Facts,
    QueueFacts,
    ServiceFacts,
    Severity,
    WorkerFacts,
)
from apps.operations.services import Situation


class AlarmSerializer(serializers.Serializer[Alarm]):
    """Something that is wrong."""

    name = serializers.CharField()
    severity = serializers.ChoiceField([each.value for each in Severity])
    what = serializers.CharField()
    todo = serializers.CharField()
    since = serializers.DateTimeField()


class BackendFactsSerializer(serializers.Serializer[BackendFacts]):
    """What this service's own tables and disk say."""

    outbox_due = serializers.IntegerField()
    outbox_oldest_s = serializers.FloatField()
    submissions_pending = serializers.IntegerField()
    submissions_running = serializers.IntegerField()
    beat_age_s = serializers.FloatField(
        allow_null=True, help_text="Null: Celery's beat has never ticked."
    )
    endpoints_disabled = serializers.IntegerField(
        help_text="Of other teams, switched off for their failures within a day."
    )
    disk_free_ratio = serializers.FloatField()


class QueueFactsSerializer(serializers.Serializer[QueueFacts]):
    """The submissions of one priority that are not judged yet."""

    priority = serializers.CharField()
    waiting = serializers.IntegerField()
    claimed = serializers.IntegerField()
    oldest_waiting_s = serializers.FloatField()


class WorkerFactsSerializer(serializers.Serializer[WorkerFacts]):
    """A process that judges, or did until it fell silent within the last hour."""

    place = serializers.CharField()
    pid = serializers.IntegerField()
    lanes = serializers.IntegerField()
    silent_s = serializers.FloatField()
    is_silent = serializers.BooleanField()


class ServiceFactsSerializer(serializers.Serializer[ServiceFacts]):
    """What the execution service says of itself."""

    checks: Any = serializers.DictField(child=serializers.CharField())
    queues: Any = QueueFactsSerializer(many=True)
    undelivered = serializers.IntegerField()
    oldest_undelivered_s = serializers.FloatField()
    failed_lately = serializers.IntegerField()
    recent = serializers.IntegerField()
    recent_faults = serializers.IntegerField()
    workers: Any = WorkerFactsSerializer(many=True)
    executions_waiting = serializers.IntegerField(allow_null=True)
    disk_free_ratio = serializers.FloatField()


class FactsSerializer(serializers.Serializer[Facts]):
    """All figures."""

    backend: Any = BackendFactsSerializer()
    service: Any = ServiceFactsSerializer(
        allow_null=True, help_text="Null: the execution service does not answer."
    )


class SituationSerializer(serializers.Serializer[Situation]):
    """How the installation is doing."""

    checked_at = serializers.DateTimeField()
    alarms: Any = AlarmSerializer(many=True)
    facts: Any = FactsSerializer()
