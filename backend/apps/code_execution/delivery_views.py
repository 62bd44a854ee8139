"""Endpoints of deliveries: what the execution service has sent us, and how to get it again."""

from typing import Any

from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param
from rest_framework.views import APIView
from typing_extensions import override

from apps.code_execution import deliveries
from apps.code_execution.deliveries import CHOSEN_MAX, PAGE_MAX, RESENDABLE, Choice, EventQuery
from apps.code_execution.sent_events import (
    Attempt,
    DisabledFor,
    EventStatus,
    ReceiverState,
    Resent,
    SentEvent,
)
from apps.contests.domain import ID_MAX
from apps.users.permissions import IsContestManager, signed_in
from apps.users.scopes import NO_TOKENS

TAGS = ["deliveries"]
AWAY = OpenApiResponse(description="The execution service does not answer; `detail` says how.")
STATUSES = [each.value for each in EventStatus]
DISABLED_FOR = [each.value for each in DisabledFor]
RESENDABLE_STATUSES = [each.value for each in RESENDABLE]


class EventQuerySerializer(serializers.Serializer[Any]):
    """Which events to list."""

    status = serializers.ChoiceField(STATUSES, required=False)
    submission = serializers.IntegerField(min_value=1, max_value=ID_MAX, required=False)
    created_from = serializers.DateTimeField(required=False)
    created_until = serializers.DateTimeField(required=False)
    before = serializers.IntegerField(
        min_value=1, max_value=ID_MAX, required=False, help_text="Only older ones than this event."
    )
    page_size = serializers.IntegerField(min_value=1, max_value=PAGE_MAX, default=50)

    def to_query(self) -> EventQuery:
        """Give what the service works with."""
        given = self.validated_data
        status = given.get("status")
        return EventQuery(
            status=EventStatus(status) if status else None,
            submission_id=given.get("submission"),
            created_from=given.get("created_from"),
            created_until=given.get("created_until"),
            before=given.get("before"),
            limit=given["page_size"],
        )


class EventResendSerializer(serializers.Serializer[Any]):
    """Which events to send again: these, or all that were given up or delivered."""

    ids = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=ID_MAX),
        required=False,
        min_length=1,
        max_length=CHOSEN_MAX,
    )
    status = serializers.ChoiceField(RESENDABLE_STATUSES, required=False)
    created_from = serializers.DateTimeField(required=False)
    created_until = serializers.DateTimeField(required=False)

    @override
    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Ask for one way to choose.

        Raises:
            ValidationError: There is none, or there are both.
        """
        if ("ids" in attrs) == ("status" in attrs):
            raise serializers.ValidationError("Name ids, or a status of failed or delivered.")
        return attrs

    def to_choice(self) -> Choice:
        """Give what the service works with."""
        given = self.validated_data
        status = given.get("status")
        return Choice(
            ids=given.get("ids", ()),
            status=EventStatus(status) if status else None,
            created_from=given.get("created_from"),
            created_until=given.get("created_until"),
        )


class SentEventAttemptSerializer(serializers.Serializer[Attempt]):
    """One attempt to deliver an event."""

    attempted_at = serializers.DateTimeField()
    duration_ms = serializers.IntegerField()
    status_code = serializers.IntegerField(allow_null=True, help_text="Null: no answer came.")
    outcome = serializers.CharField()


class SentEventSerializer(serializers.Serializer[SentEvent]):
    """An event without its body."""

    id = serializers.IntegerField(help_text="The execution service's id of the event.")
    webhook_id = serializers.CharField()
    type = serializers.CharField()
    submission = serializers.IntegerField(
        source="submission_id", allow_null=True, help_text="Null: it is none of ours."
    )
    microservice_submission_id = serializers.IntegerField(source="execution_id")
    request_id = serializers.CharField(allow_null=True)
    status = serializers.ChoiceField(STATUSES)
    attempts = serializers.IntegerField(help_text="Since it was made, or last sent again.")
    created_at = serializers.DateTimeField()
    next_attempt_at = serializers.DateTimeField(allow_null=True)
    delivered_at = serializers.DateTimeField(allow_null=True)
    last_delivery = SentEventAttemptSerializer(allow_null=True)


class SentEventDetailSerializer(SentEventSerializer):
    """An event with its body and attempts."""

    body = serializers.CharField(help_text="The first 20000 characters.")
    deliveries = SentEventAttemptSerializer(many=True, help_text="The newest first, at most 200.")


class SentEventPageSerializer(serializers.Serializer[Any]):
    """A page of events, the newest first."""

    next = serializers.URLField(allow_null=True)
    results = SentEventSerializer(many=True)


class ReceiverSerializer(serializers.Serializer[ReceiverState]):
    """Whether the execution service sends us results; while it does not, it keeps them."""

    is_enabled = serializers.BooleanField()
    disabled_at = serializers.DateTimeField(allow_null=True)
    disabled_for = serializers.ChoiceField(
        DISABLED_FOR,
        allow_null=True,
        help_text="`gone`: we answered 410. `failing`: nothing but failures for five days.",
    )
    failing_since = serializers.DateTimeField(allow_null=True)
    pending = serializers.IntegerField(help_text="Events that wait to be sent.")
    failed = serializers.IntegerField(help_text="Events that were given up.")


class ResentEventsSerializer(serializers.Serializer[Resent]):
    """How many events are sent again."""

    resent = serializers.IntegerField()
    has_more = serializers.BooleanField(help_text="There may be more: call again.")


class DeliveryView(APIView):
    """Something about deliveries, for managers of every contest."""

    permission_classes = (IsContestManager,)
    token_scopes = NO_TOKENS


class EventListView(DeliveryView):
    """Events."""

    @extend_schema(
        operation_id="deliveries_list",
        summary="Results that were sent here, or are to be, the newest first",
        tags=TAGS,
        parameters=[EventQuerySerializer],
        responses={200: SentEventPageSerializer, 503: AWAY},
    )
    def get(self, request: Request) -> Response:
        """List events."""
        form = EventQuerySerializer(data=request.query_params)
        form.is_valid(raise_exception=True)
        page = deliveries.list_events(form.to_query())
        following = None
        if page.before is not None:
            url = request.build_absolute_uri()
            following = replace_query_param(url, "before", page.before)
        shown = {"next": following, "results": page.events}
        return Response(SentEventPageSerializer(shown).data)


class EventView(DeliveryView):
    """One event."""

    @extend_schema(
        operation_id="deliveries_retrieve",
        summary="A result that was sent here, with its attempts",
        tags=TAGS,
        responses={200: SentEventDetailSerializer, 503: AWAY},
    )
    def get(self, request: Request, pk: int) -> Response:
        """Show an event."""
        return Response(SentEventDetailSerializer(deliveries.find_event(pk)).data)


class EventResendView(DeliveryView):
    """Sending one event again."""

    @extend_schema(
        operation_id="deliveries_resend",
        summary="Have a result sent here again, at once",
        description="A result that has been applied is not applied again.",
        tags=TAGS,
        request=None,
        responses={200: SentEventDetailSerializer, 503: AWAY},
    )
    def post(self, request: Request, pk: int) -> Response:
        """Send it again."""
        event = deliveries.resend_event(pk, actor=signed_in(request))
        return Response(SentEventDetailSerializer(event).data)


class EventsResendView(DeliveryView):
    """Sending many events again."""

    @extend_schema(
        operation_id="deliveries_resend_many",
        summary="Have results sent here again: some, or all that were given up or delivered",
        description="The oldest first, at most 1000.",
        tags=TAGS,
        request=EventResendSerializer,
        responses={200: ResentEventsSerializer, 503: AWAY},
    )
    def post(self, request: Request) -> Response:
        """Send them again."""
        form = EventResendSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        resent = deliveries.resend_events(form.to_choice(), actor=signed_in(request))
        return Response(ResentEventsSerializer(resent).data)


class ReceiverView(DeliveryView):
    """Whether results are sent here."""

    @extend_schema(
        operation_id="deliveries_receiver",
        summary="Whether results are sent here",
        tags=TAGS,
        responses={200: ReceiverSerializer, 503: AWAY},
    )
    def get(self, request: Request) -> Response:
        """Say so."""
        return Response(ReceiverSerializer(deliveries.receiver()).data)


class ReceiverEnableView(DeliveryView):
    """Having results sent here again."""

    @extend_schema(
        operation_id="deliveries_enable",
        summary="Have results sent here again, and all that waits",
        tags=TAGS,
        request=None,
        responses={200: ReceiverSerializer, 503: AWAY},
    )
    def post(self, request: Request) -> Response:
        """Enable deliveries."""
        state = deliveries.enable_receiver(actor=signed_in(request))
        return Response(ReceiverSerializer(state).data)
