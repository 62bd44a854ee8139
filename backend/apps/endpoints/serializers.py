"""The JSON forms of endpoints and deliveries. A secret is in none of them but the new one's."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from typing_extensions import override

from apps.contests.models import Contest
from apps.contests.services.rights import Rights
from apps.core.outgoing import URL_CHARS_MAX
from apps.endpoints.event_types import SUBSCRIBABLE
from apps.endpoints.models import (
    DESCRIPTION_CHARS_MAX,
    EVENT_TYPE_CHOICES,
    Endpoint,
    EndpointAttempt,
    EndpointDelivery,
    EndpointSecret,
)

EVENT_TYPES_TO_CHOOSE = [each.value for each in SUBSCRIBABLE]
URL_HELP = "An https address that everybody on the internet may reach."


ENDPOINT_FIELDS: tuple[str, ...] = (
    "id",
    "owner",
    "url",
    "scope",
    "contest",
    "event_types",
    "description",
    "secrets",
    "created_at",
    "active_since",
    "disabled_at",
    "disabled_for",
    "failing_since",
)
DELIVERY_FIELDS: tuple[str, ...] = (
    "id",
    "event",
    "event_type",
    "contest",
    "subject",
    "occurred_at",
    "state",
    "attempts",
    "next_attempt_at",
    "created_at",
    "finished_at",
)


class EndpointSecretSerializer(serializers.ModelSerializer[EndpointSecret]):
    """A secret by its beginning; only the newest has no end."""

    class Meta:
        model = EndpointSecret
        fields = ("prefix", "created_at", "expires_at")
        read_only_fields = fields


class EndpointSerializer(serializers.ModelSerializer[Endpoint]):
    """An endpoint. `failing_since`: nothing but failures since then."""

    owner = serializers.CharField(source="owner.username", read_only=True)
    event_types = serializers.ListField(
        child=serializers.ChoiceField(EVENT_TYPES_TO_CHOOSE), read_only=True
    )
    secrets = EndpointSecretSerializer(many=True, read_only=True)
    disabled_for = serializers.SerializerMethodField()

    class Meta:
        model = Endpoint
        fields = ENDPOINT_FIELDS
        read_only_fields = fields

    @extend_schema_field(serializers.ChoiceField(Endpoint.Disabled.choices, allow_null=True))
    def get_disabled_for(self, endpoint: Endpoint) -> str | None:
        """Say why it is told nothing."""
        return endpoint.disabled_for or None


class MadeEndpointSerializer(EndpointSerializer):
    """A new endpoint with its secret, which is shown here and nowhere else."""

    secret = serializers.CharField()

    class Meta(EndpointSerializer.Meta):
        fields = (*ENDPOINT_FIELDS, "secret")
        read_only_fields = fields


class NewSecretSerializer(serializers.Serializer[Any]):
    """A new secret, which is shown here and nowhere else."""

    secret = serializers.CharField()
    secrets = EndpointSecretSerializer(many=True, help_text="All that sign now.")


class ManagedContestField(serializers.PrimaryKeyRelatedField[Contest]):
    """A contest that the caller may know of; any other is as good as none."""

    @override
    def to_internal_value(self, data: Any) -> Contest:
        """Find it."""
        contest = super().to_internal_value(data)
        rights: Rights = self.context["rights"]
        if not rights.visibility(contest).may_see_contest:
            self.fail("does_not_exist", pk_value=data)
        return contest


class EndpointChangeSerializer(serializers.Serializer[Any]):
    """What can be changed about an endpoint."""

    url = serializers.CharField(max_length=URL_CHARS_MAX, help_text=URL_HELP)
    event_types = serializers.ListField(
        child=serializers.ChoiceField(EVENT_TYPES_TO_CHOOSE),
        allow_empty=False,
        max_length=len(EVENT_TYPES_TO_CHOOSE),
    )
    description = serializers.CharField(
        max_length=DESCRIPTION_CHARS_MAX, allow_blank=True, default=""
    )

    def validate_event_types(self, types: list[str]) -> list[str]:
        """Name each once."""
        return list(dict.fromkeys(types))


class NewEndpointSerializer(EndpointChangeSerializer):
    """An endpoint to make; `context["rights"]` says for whom."""

    scope = serializers.ChoiceField(
        Endpoint.Scope.choices,
        default=Endpoint.Scope.OWN.value,
        help_text="`contest` and `all` are for who manages that.",
    )
    contest = ManagedContestField(
        queryset=Contest.objects.all(), required=False, allow_null=True, default=None
    )


class DeliverySerializer(serializers.ModelSerializer[EndpointDelivery]):
    """One event for one endpoint. `event` is its `webhook-id`, `subject` what it is about."""

    event = serializers.CharField(source="event.webhook_id", read_only=True)
    event_type = serializers.ChoiceField(EVENT_TYPE_CHOICES, source="event.type", read_only=True)
    contest = serializers.IntegerField(source="event.contest_id", read_only=True, allow_null=True)
    subject = serializers.IntegerField(source="event.subject_id", read_only=True, allow_null=True)
    occurred_at = serializers.DateTimeField(source="event.occurred_at", read_only=True)
    next_attempt_at = serializers.SerializerMethodField()

    class Meta:
        model = EndpointDelivery
        fields = DELIVERY_FIELDS
        read_only_fields = fields

    @extend_schema_field(serializers.DateTimeField(allow_null=True))
    def get_next_attempt_at(self, delivery: EndpointDelivery) -> str | None:
        """Say when it is sent again, if it is."""
        if delivery.state != EndpointDelivery.State.WAITING:
            return None
        return serializers.DateTimeField().to_representation(delivery.next_attempt_at)


class AttemptSerializer(serializers.ModelSerializer[EndpointAttempt]):
    """One try; without a `status` there was no answer, and `error` says why."""

    class Meta:
        model = EndpointAttempt
        fields = ("at", "status", "latency_ms", "error", "response")
        read_only_fields = fields


class DeliveryDetailSerializer(DeliverySerializer):
    """A delivery with its attempts, the newest first."""

    attempt_log = AttemptSerializer(many=True, read_only=True)

    class Meta(DeliverySerializer.Meta):
        fields = (*DELIVERY_FIELDS, "attempt_log")
        read_only_fields = fields


class ResendSerializer(serializers.Serializer[Any]):
    """Which deliveries to send again: those in a state, made at or after a moment."""

    state = serializers.ChoiceField(
        [EndpointDelivery.State.DEAD.value, EndpointDelivery.State.DELIVERED.value],
        default=EndpointDelivery.State.DEAD.value,
    )
    since = serializers.DateTimeField(allow_null=True, default=None)


class ResentSerializer(serializers.Serializer[Any]):
    """How many deliveries wait to be sent again."""

    resent = serializers.IntegerField()
