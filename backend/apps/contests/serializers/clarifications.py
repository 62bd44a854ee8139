"""The JSON forms of what jury and participants say to each other."""

from enum import StrEnum
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from typing_extensions import override

from apps.contests.domain import ID_MAX
from apps.contests.models import Clarification
from apps.contests.models.communication import CLARIFICATION_CHARS_MAX
from apps.contests.visibility import Visibility


class ClarificationKind(StrEnum):
    """What was said: by a participant to the jury, or by the jury to one or to all."""

    QUESTION = "question"
    ANSWER = "answer"
    ANNOUNCEMENT = "announcement"


class ClarificationSerializer(serializers.ModelSerializer[Clarification]):
    """A question, an answer or an announcement; who asked and who answered is for the jury."""

    kind = serializers.SerializerMethodField()
    problem = serializers.IntegerField(
        source="problem.problem_id", default=None, allow_null=True, read_only=True
    )
    is_to_all = serializers.SerializerMethodField()
    is_answered = serializers.BooleanField(default=False, read_only=True)
    question = serializers.CharField(
        source="reply_to.text", default=None, allow_null=True, read_only=True
    )
    from_name = serializers.CharField(
        source="from_participant.display_name", default=None, allow_null=True, read_only=True
    )
    author = serializers.CharField(
        source="author.username", default=None, allow_null=True, read_only=True
    )

    class Meta:
        model = Clarification
        fields = [
            "id",
            "kind",
            "problem",
            "from_participant",
            "from_name",
            "to_participant",
            "is_to_all",
            "reply_to",
            "question",
            "author",
            "text",
            "is_answered",
            "created_at",
        ]
        read_only_fields = fields

    @extend_schema_field(serializers.ChoiceField([each.value for each in ClarificationKind]))
    def get_kind(self, clarification: Clarification) -> str:
        """Tell questions from answers and announcements."""
        if clarification.from_participant_id is not None:
            return ClarificationKind.QUESTION
        is_answer = clarification.reply_to_id is not None
        return ClarificationKind.ANSWER if is_answer else ClarificationKind.ANNOUNCEMENT

    def get_is_to_all(self, clarification: Clarification) -> bool:
        """Tell whether everybody may read it who may see the contest's problems."""
        return clarification.from_participant_id is None and clarification.to_participant_id is None

    @override
    def to_representation(self, instance: Clarification) -> dict[str, Any]:
        """Keep the names of the jury to the jury."""
        body = super().to_representation(instance)
        visibility: Visibility = self.context["visibility"]
        return body if visibility.may_judge else {**body, "author": None}


class _SaidSerializer(serializers.Serializer[Any]):
    text = serializers.CharField(max_length=CLARIFICATION_CHARS_MAX)


class NewClarificationSerializer(_SaidSerializer):
    """What a participant asks, or the jury announces."""

    problem = serializers.IntegerField(
        min_value=1,
        max_value=ID_MAX,
        required=False,
        allow_null=True,
        default=None,
        help_text="Which it is about.",
    )


class AnswerSerializer(_SaidSerializer):
    """What the jury answers."""

    to_all = serializers.BooleanField(default=False)
