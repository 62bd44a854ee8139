"""API of endpoints and of what they were sent.

No API token opens it: one that leaks must not have data sent elsewhere.
"""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiResponse, extend_schema, extend_schema_view
from rest_framework import mixins, status
from rest_framework.decorators import action
from rest_framework.generics import ListAPIView
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework.viewsets import GenericViewSet
from typing_extensions import override

from apps.contests.domain import id_of
from apps.contests.permissions import rights_of
from apps.core.errors import NotFoundError
from apps.core.idempotency import IDEMPOTENCY_KEY, idempotent_with_secret
from apps.core.pagination import NewestFirstPagination
from apps.core.throttling import ApiThrottle
from apps.endpoints import services
from apps.endpoints.filters import DeliveryFilter
from apps.endpoints.models import Endpoint, EndpointDelivery
from apps.endpoints.serializers import (
    DeliveryDetailSerializer,
    DeliverySerializer,
    EndpointChangeSerializer,
    EndpointSerializer,
    MadeEndpointSerializer,
    NewEndpointSerializer,
    NewSecretSerializer,
    ResendSerializer,
    ResentSerializer,
)
from apps.endpoints.throttling import CallThrottle
from apps.users.permissions import signed_in
from apps.users.scopes import NO_TOKENS

REFUSED = OpenApiResponse(description="Errors by field, or `detail` says why not.")
TAGS = ["endpoints"]


@extend_schema_view(
    list=extend_schema(summary="One's own endpoints; for global managers all", tags=TAGS),
)
class EndpointViewSet(mixins.ListModelMixin, GenericViewSet[Endpoint]):
    """Endpoints of other teams."""

    queryset = Endpoint.objects.none()
    serializer_class = EndpointSerializer
    permission_classes = (IsAuthenticated,)
    token_scopes = NO_TOKENS

    @override
    def get_queryset(self) -> QuerySet[Endpoint]:
        """Give those that the caller may see and change."""
        return services.list_endpoints(rights_of(self.request))

    @extend_schema(
        summary="Register an endpoint",
        description=(
            "The answer has the secret that signs what is sent to it; nothing shows it again. It "
            "is told of what happens from five seconds later on."
        ),
        tags=TAGS,
        parameters=[IDEMPOTENCY_KEY],
        request=NewEndpointSerializer,
        responses={201: MadeEndpointSerializer, 400: REFUSED, 403: REFUSED, 409: REFUSED},
    )
    @idempotent_with_secret
    def create(self, request: Request) -> Response:
        """Make an endpoint."""
        rights = rights_of(request)
        form = NewEndpointSerializer(data=request.data, context={"rights": rights})
        form.is_valid(raise_exception=True)
        made = services.register(owner=signed_in(request), rights=rights, **form.validated_data)
        shown = {**EndpointSerializer(made.endpoint).data, "secret": made.text}
        return Response(shown, status.HTTP_201_CREATED)

    @extend_schema(summary="An endpoint", tags=TAGS, responses={200: EndpointSerializer})
    def retrieve(self, request: Request, pk: str) -> Response:
        """Give an endpoint."""
        return _shown(endpoint_of(request, pk))

    @extend_schema(
        summary="Change an endpoint's address, event types or description",
        tags=TAGS,
        request=EndpointChangeSerializer,
        responses={200: EndpointSerializer, 400: REFUSED},
    )
    def partial_update(self, request: Request, pk: str) -> Response:
        """Change an endpoint."""
        endpoint = endpoint_of(request, pk)
        form = EndpointChangeSerializer(data=request.data, partial=True)
        form.is_valid(raise_exception=True)
        changed = services.change(
            endpoint=endpoint, actor=signed_in(request), values=form.validated_data
        )
        return _shown(changed)

    @extend_schema(
        summary="Delete an endpoint with all that it was sent", tags=TAGS, responses={204: None}
    )
    def destroy(self, request: Request, pk: str) -> Response:
        """Delete an endpoint."""
        services.delete(endpoint=endpoint_of(request, pk), actor=signed_in(request))
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(
        summary="Make a new secret",
        description="For 24 hours what is sent is signed with the old one too.",
        tags=TAGS,
        request=None,
        responses={200: NewSecretSerializer},
    )
    @action(detail=True, methods=["post"], url_path="secret/rotate")
    def rotate_secret(self, request: Request, pk: str) -> Response:
        """Rotate."""
        endpoint = endpoint_of(request, pk)
        made = services.rotate_secret(endpoint=endpoint, actor=signed_in(request))
        shown = {"secret": made.text, "secrets": endpoint.secrets.order_by("-created_at", "-pk")}
        return Response(NewSecretSerializer(shown).data)

    @extend_schema(
        summary="Switch an endpoint on again",
        description="It is told of what happens from then on. What was given up can be resent.",
        tags=TAGS,
        request=None,
        responses={200: EndpointSerializer},
    )
    @action(detail=True, methods=["post"])
    def enable(self, request: Request, pk: str) -> Response:
        """Enable."""
        return _shown(services.enable(endpoint=endpoint_of(request, pk), actor=signed_in(request)))

    @extend_schema(
        summary="Switch an endpoint off; what waits to be sent is given up",
        tags=TAGS,
        request=None,
        responses={200: EndpointSerializer},
    )
    @action(detail=True, methods=["post"])
    def disable(self, request: Request, pk: str) -> Response:
        """Disable."""
        return _shown(
            services.disable(
                endpoint=endpoint_of(request, pk),
                reason=Endpoint.Disabled.BY_HAND,
                actor=signed_in(request),
            )
        )

    @extend_schema(
        summary="Have a `ping` sent, to see whether the endpoint takes it",
        description="It is sent once. Its delivery says how that went.",
        tags=TAGS,
        request=None,
        responses={202: DeliverySerializer, 409: REFUSED},
    )
    @action(detail=True, methods=["post"], throttle_classes=[ApiThrottle, CallThrottle])
    def ping(self, request: Request, pk: str) -> Response:
        """Ping."""
        made = services.ping(endpoint=endpoint_of(request, pk), actor=signed_in(request))
        return Response(DeliverySerializer(made).data, status.HTTP_202_ACCEPTED)


class DeliveriesView(ListAPIView[EndpointDelivery]):
    """What an endpoint is sent."""

    queryset = EndpointDelivery.objects.none()
    serializer_class = DeliverySerializer
    permission_classes = (IsAuthenticated,)
    token_scopes = NO_TOKENS
    pagination_class = NewestFirstPagination
    filterset_class = DeliveryFilter

    @override
    def get_queryset(self) -> QuerySet[EndpointDelivery]:
        """Give those of the endpoint."""
        return services.list_deliveries(endpoint_of(self.request, self.kwargs["pk"]))

    @extend_schema(
        operation_id="endpoints_deliveries_list",
        summary="What an endpoint was and is to be sent in the last month, the newest first",
        tags=TAGS,
    )
    @override
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """List."""
        return self.list(request, *args, **kwargs)


class DeliveryView(APIView):
    """Something about an endpoint's deliveries."""

    permission_classes = (IsAuthenticated,)
    token_scopes = NO_TOKENS


class DeliveryDetailView(DeliveryView):
    """One delivery."""

    @extend_schema(
        operation_id="endpoints_deliveries_retrieve",
        summary="A delivery with its attempts",
        tags=TAGS,
        responses={200: DeliveryDetailSerializer},
    )
    def get(self, request: Request, pk: int, delivery_id: int) -> Response:
        """Give a delivery."""
        found = services.find_delivery(endpoint_of(request, pk), delivery_id)
        return Response(DeliveryDetailSerializer(found).data)


class ResendView(DeliveryView):
    """Sending many deliveries again."""

    throttle_classes = (ApiThrottle, CallThrottle)

    @extend_schema(
        operation_id="endpoints_deliveries_resend_many",
        summary="Send again what was given up, or delivered; the oldest first, at most 1000",
        tags=TAGS,
        request=ResendSerializer,
        responses={202: ResentSerializer, 409: REFUSED},
    )
    def post(self, request: Request, pk: int) -> Response:
        """Resend."""
        endpoint = endpoint_of(request, pk)
        form = ResendSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        chosen = services.deliveries_in(endpoint, **form.validated_data)
        count = services.resend(endpoint=endpoint, deliveries=chosen, actor=signed_in(request))
        return Response({"resent": count}, status.HTTP_202_ACCEPTED)


class ResendOneView(DeliveryView):
    """Sending one delivery again."""

    throttle_classes = (ApiThrottle, CallThrottle)

    @extend_schema(
        operation_id="endpoints_deliveries_resend",
        summary="Send a delivery again, under the same `webhook-id`",
        tags=TAGS,
        request=None,
        responses={202: DeliverySerializer, 409: REFUSED},
    )
    def post(self, request: Request, pk: int, delivery_id: int) -> Response:
        """Resend."""
        resent = services.resend_one(
            endpoint=endpoint_of(request, pk), delivery_id=delivery_id, actor=signed_in(request)
        )
        return Response(DeliverySerializer(resent).data, status.HTTP_202_ACCEPTED)


def endpoint_of(request: Request, endpoint_id: str | int) -> Endpoint:
    """Give an endpoint that the caller may see and change.

    Raises:
        NotFoundError: There is none of that id, or not for them.
    """
    known_id = id_of(str(endpoint_id))
    if known_id is None:
        raise NotFoundError
    return services.find_endpoint(rights_of(request), known_id)


def _shown(endpoint: Endpoint) -> Response:
    return Response(EndpointSerializer(endpoint).data)
