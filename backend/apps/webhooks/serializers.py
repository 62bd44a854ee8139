"""The JSON form of an event, for the API's description; `code_execution.domain` reads it."""

from typing import Any

from rest_framework import serializers

from apps.code_execution.domain import Stage
from apps.code_execution.models import STATUS_CHOICES, VERDICT_CHOICES
from apps.code_execution.serializers import TestResultSerializer


class ResultEventSerializer(serializers.Serializer[Any]):
    """What the execution service found. Unknown keys are ignored."""

    event = serializers.CharField(required=False)
    submission_id = serializers.IntegerField(help_text="The execution service's own id.")
    user_id = serializers.IntegerField()
    contest_id = serializers.IntegerField(required=False, allow_null=True)
    reference = serializers.CharField(required=False, help_text="The backend's id.")
    status = serializers.ChoiceField(STATUS_CHOICES)
    verdict = serializers.ChoiceField(VERDICT_CHOICES, required=False, allow_null=True)
    output = serializers.CharField(required=False, allow_null=True)
    error_output = serializers.CharField(required=False, allow_null=True)
    exit_code = serializers.IntegerField(required=False, allow_null=True)
    execution_time = serializers.CharField(required=False, allow_null=True, help_text="As 0.045s.")
    memory_usage = serializers.CharField(required=False, allow_null=True, help_text="As 8.2MB.")
    execution_time_ms = serializers.IntegerField(required=False, allow_null=True)
    memory_usage_bytes = serializers.IntegerField(required=False, allow_null=True)
    test_results = TestResultSerializer(many=True, required=False, allow_null=True)
    completed_at = serializers.DateTimeField()


class JudgingProgressSerializer(serializers.Serializer[Any]):
    """How far judging is. Unknown keys are ignored."""

    submission_id = serializers.IntegerField(help_text="The execution service's own id.")
    reference = serializers.CharField(required=False, help_text="The backend's id.")
    attempt = serializers.IntegerField(help_text="How often judging was begun.")
    stage = serializers.ChoiceField([each.value for each in Stage])
    tests_done = serializers.IntegerField()
    tests_total = serializers.IntegerField()


class ProgressEventSerializer(serializers.Serializer[Any]):
    """News of a judging that goes on."""

    event = serializers.CharField(required=False)
    sent_at = serializers.IntegerField(required=False)
    data = JudgingProgressSerializer()  # type: ignore[assignment]  # DRF has a `data` of its own
