"""The JSON forms of participants: as others see them, as they see themselves, as managers do."""

from typing import Any

from rest_framework import serializers
from typing_extensions import override

from apps.contests.models import BoardRow, ContestParticipant, PublicStanding
from apps.contests.services.own_time import OwnParticipation
from apps.contests.services.participation import MAIN_KINDS
from apps.contests.visibility import Visibility
from apps.users.models import User

MEMBERS_MAX = 20
KINDS_TO_CHOOSE = [each.value for each in MAIN_KINDS]
BOARD_FIELDS = ("final_score", "penalty", "last_improved_at")


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
