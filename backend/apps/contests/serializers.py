"""The JSON forms of contests."""

from enum import StrEnum
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from typing_extensions import override

from apps.contests.domain import ID_MAX, problem_label
from apps.contests.models import (
    BoardRow,
    Clarification,
    Contest,
    ContestParticipant,
    ContestProblem,
    PublicStanding,
)
from apps.contests.models.communication import CLARIFICATION_CHARS_MAX
from apps.contests.services import contests
from apps.contests.services.own_time import OwnParticipation
from apps.contests.services.participation import MAIN_KINDS
from apps.contests.services.rights import Rights
from apps.contests.timing import Phase
from apps.contests.visibility import Standpoint, Visibility
from apps.problems.domain import LANGUAGES
from apps.problems.rendering import render_statement
from apps.users.models import User

MEMBERS_MAX = 20
KINDS_TO_CHOOSE = [each.value for each in MAIN_KINDS]
BOARD_FIELDS = ("final_score", "penalty", "last_improved_at")


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


class ParticipantSerializer(serializers.ModelSerializer[ContestParticipant]):
    """A participant, with what the board says that the caller may see.

    `context["visibility"]` says which one; without it, none. The rank is in the row.
    """

    username = serializers.CharField(source="user.username", read_only=True)
    name = serializers.CharField(source="display_name", read_only=True)
    organization = serializers.CharField(
        source="organization.name", default=None, allow_null=True, read_only=True
    )
    rank = serializers.IntegerField(
        source="shown_rank", default=None, read_only=True, allow_null=True
    )

    class Meta:
        model = ContestParticipant
        fields = [
            "id",
            "contest",
            "user",
            "username",
            "name",
            "is_team",
            "organization",
            "kind",
            "state",
            "joined_at",
            "final_score",
            "penalty",
            "rank",
            "last_improved_at",
        ]
        read_only_fields = fields
        extra_kwargs = {"final_score": {"help_text": "0 for who may see no board."}}

    @override
    def to_representation(self, instance: ContestParticipant) -> dict[str, Any]:
        """Take what they have reached from the board that the caller may see."""
        body = super().to_representation(instance)
        row = self._board_row(instance)
        for name in BOARD_FIELDS:
            value = getattr(row, name)
            body[name] = None if value is None else self.fields[name].to_representation(value)
        return body

    def _board_row(self, participant: ContestParticipant) -> BoardRow:
        visibility: Visibility | None = self.context.get("visibility")
        if visibility is None or not visibility.may_see_board:
            return PublicStanding()
        if visibility.sees_true_board:
            return participant
        # There is none before the participant's first result.
        return getattr(participant, "public_standing", None) or PublicStanding()


class EntrySerializer(serializers.Serializer[Any]):
    """What is needed to enter a contest."""

    access_code = serializers.CharField(
        default="",
        allow_blank=True,
        max_length=64,
        help_text="For contests that ask for one.",
    )


class OwnParticipationSerializer(serializers.Serializer[OwnParticipation]):
    """A participation as those see it whose it is.

    From `starts_at` to `ends_at` submissions count for it; both are `null` for the jury, and until
    one's own time has been started where everybody has a window.
    """

    id = serializers.IntegerField(source="participant.pk")
    contest = serializers.IntegerField(source="participant.contest_id")
    user = serializers.IntegerField(source="participant.user_id")
    username = serializers.CharField(source="participant.user.username")
    name = serializers.CharField(source="participant.display_name")
    is_team = serializers.BooleanField(source="participant.is_team")
    kind = serializers.ChoiceField(ContestParticipant.Kind.choices, source="participant.kind")
    state = serializers.ChoiceField(ContestParticipant.State.choices, source="participant.state")
    joined_at = serializers.DateTimeField(source="participant.joined_at")
    starts_at = serializers.DateTimeField(source="window.start", allow_null=True, default=None)
    ends_at = serializers.DateTimeField(source="window.end", allow_null=True, default=None)
    extra_time_s = serializers.IntegerField(source="participant.extra_time_s")
    place_in_line = serializers.IntegerField(
        allow_null=True, help_text="On the waiting list, from 1."
    )
    disqualification_reason = serializers.CharField(source="participant.disqualification_reason")


class ManagedParticipantSerializer(serializers.ModelSerializer[ContestParticipant]):
    """A participant as the contest's managers see them."""

    username = serializers.CharField(source="user.username", read_only=True)
    members: Any = serializers.SlugRelatedField("username", many=True, read_only=True)

    class Meta:
        model = ContestParticipant
        fields = [
            "id",
            "contest",
            "user",
            "username",
            "name",
            "is_team",
            "members",
            "label",
            "kind",
            "state",
            "joined_at",
            "started_at",
            "extra_time_s",
            "has_submitted",
            "disqualified_at",
            "disqualification_reason",
        ]
        read_only_fields = fields


class ChangedParticipantSerializer(serializers.ModelSerializer[ContestParticipant]):
    """What managers may say of a participant."""

    kind = serializers.ChoiceField(KINDS_TO_CHOOSE, required=False)
    members = serializers.ListField(
        child=serializers.SlugRelatedField("username", queryset=User.objects.all()),
        required=False,
        max_length=MEMBERS_MAX,
        help_text="Names of further accounts that submit for a team.",
    )

    class Meta:
        model = ContestParticipant
        fields = ["name", "is_team", "members", "label", "kind", "started_at", "extra_time_s"]


class NewParticipantSerializer(ChangedParticipantSerializer):
    """Who is to be put on a contest's list."""

    username: Any = serializers.SlugRelatedField("username", queryset=User.objects.all())

    class Meta(ChangedParticipantSerializer.Meta):
        fields = ["username", *ChangedParticipantSerializer.Meta.fields]


class DisqualificationSerializer(serializers.Serializer[Any]):
    """Why somebody is disqualified; they are told."""

    reason = serializers.CharField(max_length=500)


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
