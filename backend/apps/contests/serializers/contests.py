"""The JSON forms of contests and of the problems that they set."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from typing_extensions import override

from apps.contests.domain import problem_label
from apps.contests.models import Contest, ContestProblem
from apps.contests.services import contests
from apps.contests.services.rights import Rights
from apps.contests.timing import Phase
from apps.contests.visibility import Standpoint, Visibility
from apps.problems.domain import LANGUAGES
from apps.problems.rendering import render_statement


class ContestProblemSerializer(serializers.ModelSerializer[ContestProblem]):
    """A problem in a contest."""

    title = serializers.CharField(source="problem.title", read_only=True)

    class Meta:
        model = ContestProblem
        fields = ["problem", "title", "order", "label", "color", "points"]


class ContestViewerSerializer(serializers.Serializer[Visibility]):
    """Who the caller is in a contest, and what they may do there now."""

    standpoint = serializers.ChoiceField(
        [each.value for each in Standpoint], source="viewer.standpoint"
    )
    may_see_problems = serializers.BooleanField()
    may_see_board = serializers.BooleanField()
    may_ask = serializers.BooleanField(help_text="Whether they may send the jury a question.")
    may_judge = serializers.BooleanField()
    may_manage = serializers.BooleanField()


class ContestSerializer(serializers.ModelSerializer[Contest]):
    """A contest. Its problems are kept back from participants until it starts."""

    problems = ContestProblemSerializer(many=True, source="contest_problems", required=False)
    description_html = serializers.SerializerMethodField(
        help_text="The description as safe HTML; `.math` holds TeX for KaTeX."
    )
    participant_count = serializers.IntegerField(read_only=True, default=0)
    allowed_languages = serializers.ListField(
        child=serializers.ChoiceField(LANGUAGES),
        required=False,
        max_length=len(LANGUAGES),
        help_text="Empty: all.",
    )
    format_config = serializers.DictField(required=False)
    phase = serializers.SerializerMethodField()
    viewer = serializers.SerializerMethodField()

    class Meta:
        model = Contest
        fields = [
            "id",
            "title",
            "description",
            "description_html",
            "created_at",
            "is_active",
            "is_published",
            "start_time",
            "end_time",
            "freeze_time",
            "unfrozen_at",
            "finalized_at",
            "window_minutes",
            "time_zone",
            "phase",
            "allows_virtual",
            "allows_practice",
            "access",
            "access_code",
            "registration_opens_at",
            "registration_closes_at",
            "max_participants",
            "has_waiting_list",
            "participant_count",
            "format",
            "format_config",
            "board_access",
            "feedback",
            "allowed_languages",
            "submissions_max",
            "cooldown_s",
            "code_bytes_max",
            "problems",
            "viewer",
        ]
        read_only_fields = ["unfrozen_at", "finalized_at"]
        extra_kwargs = {"access_code": {"help_text": "There for the contest's managers only."}}

    @override
    def to_representation(self, instance: Contest) -> dict[str, Any]:
        """Leave out what is kept back from who asks."""
        body = super().to_representation(instance)
        visibility = self._visibility(instance)
        if not visibility.may_see_problems:
            body["problems"] = []
        for place, problem in enumerate(body["problems"]):
            problem["label"] = problem_label(place, problem["label"])
        if not visibility.may_manage:
            body["access_code"] = ""
        return body

    def get_description_html(self, contest: Contest) -> str:
        """Render the description."""
        return render_statement(contest.description)

    @extend_schema_field(serializers.ChoiceField([each.value for each in Phase]))
    def get_phase(self, contest: Contest) -> str:
        """Say where the contest is in its life."""
        return self._visibility(contest).phase

    @extend_schema_field(ContestViewerSerializer)
    def get_viewer(self, contest: Contest) -> dict[str, Any]:
        """Say what the caller may do."""
        return dict(ContestViewerSerializer(self._visibility(contest)).data)

    def _visibility(self, contest: Contest) -> Visibility:
        rights: Rights = self.context["rights"]
        return rights.visibility(contest)

    @override
    def create(self, validated_data: dict[str, Any]) -> Contest:
        """Store a new contest."""
        return self.update(Contest(), validated_data)

    @override
    def update(self, instance: Contest, validated_data: dict[str, Any]) -> Contest:
        """Store a changed contest."""
        problems = validated_data.pop("contest_problems", None)
        actor = validated_data.pop("actor")
        rights: Rights = self.context["rights"]
        saved = contests.save_contest(
            contest=instance,
            fields=validated_data,
            problems=problems,
            rights=rights,
            actor=actor,
        )
        return contests.list_contests(rights).get(pk=saved.pk)
