"""The JSON forms of contests."""

from typing import Any

from django.utils import timezone
from rest_framework import serializers
from typing_extensions import override

from apps.contests.models import Contest, ContestParticipant, ContestProblem
from apps.contests.services import contests
from apps.users.permissions import is_manager


class ContestProblemSerializer(serializers.ModelSerializer[ContestProblem]):
    """A problem in a contest."""

    title = serializers.CharField(source="problem.title", read_only=True)

    class Meta:
        model = ContestProblem
        fields = ["problem", "title", "order", "points"]


class ContestSerializer(serializers.ModelSerializer[Contest]):
    """A contest. Its problems are kept back from participants until it starts."""

    problems = ContestProblemSerializer(many=True, source="contest_problems", required=False)
    participant_count = serializers.IntegerField(read_only=True, default=0)

    class Meta:
        model = Contest
        fields = [
            "id",
            "title",
            "description",
            "created_at",
            "is_active",
            "start_time",
            "end_time",
            "max_participants",
            "participant_count",
            "problems",
        ]

    @override
    def to_representation(self, instance: Contest) -> dict[str, Any]:
        """Leave the problems out for whom they are kept back."""
        body = super().to_representation(instance)
        is_open = instance.is_active and instance.has_started(timezone.now())
        if not is_open and not is_manager(self.context["request"]):
            body["problems"] = []
        return body

    @override
    def create(self, validated_data: dict[str, Any]) -> Contest:
        """Store a new contest."""
        return self.update(Contest(), validated_data)

    @override
    def update(self, instance: Contest, validated_data: dict[str, Any]) -> Contest:
        """Store a changed contest."""
        problems = validated_data.pop("contest_problems", None)
        saved = contests.save_contest(contest=instance, fields=validated_data, problems=problems)
        return contests.list_contests().get(pk=saved.pk)


class ParticipantSerializer(serializers.ModelSerializer[ContestParticipant]):
    """A participant, as everybody sees them."""

    username = serializers.CharField(source="user.username", read_only=True)

    class Meta:
        model = ContestParticipant
        fields = [
            "id",
            "contest",
            "user",
            "username",
            "joined_at",
            "final_score",
            "rank",
            "last_improved_at",
        ]
        read_only_fields = fields
