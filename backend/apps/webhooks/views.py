"""The receiver's endpoint."""

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import (
    OpenApiParameter,
    OpenApiResponse,
    extend_schema,
    inline_serializer,
)
from rest_framework import serializers, status
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.core.signature import SignatureHeaders
from apps.webhooks import services
from apps.webhooks.serializers import ProgressEventSerializer, ResultEventSerializer


def _header(name: str, description: str) -> OpenApiParameter:
    return OpenApiParameter(
        name, OpenApiTypes.STR, OpenApiParameter.HEADER, description=description
    )


SIGNATURE = [
    _header("X-Webhook-Secret", "Lower-case hex HMAC-SHA256 of the body."),
    _header("webhook-id", "Standard Webhooks: the event's id, the same over retries."),
    _header("webhook-timestamp", "Standard Webhooks: Unix seconds of the attempt."),
    _header("webhook-signature", "Standard Webhooks: `v1,<base64>`, one per secret."),
]


class SignedView(APIView):
    """What the execution service tells. Its signature is the credential, and the only limit."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    throttle_classes = ()


class CodeExecutionWebhookView(SignedView):
    """Events of the execution service."""

    @extend_schema(
        operation_id="webhooks_receive",
        summary="Tell a result",
        description="Signed over the raw body; what is sent of both schemes has to be right.",
        tags=["webhooks"],
        parameters=SIGNATURE,
        request=ResultEventSerializer,
        responses={
            200: inline_serializer("EventTaken", {"status": serializers.ChoiceField(["success"])}),
            400: OpenApiResponse(description="The body is not a result of this submission."),
            401: OpenApiResponse(description="The signature is wrong or missing."),
            404: OpenApiResponse(description="No submission belongs to the result."),
        },
    )
    def post(self, request: Request) -> Response:
        """Take an event."""
        services.receive_event(headers=_signature_of(request), body=request.body)
        return Response({"status": "success"})


class ProgressView(SignedView):
    """News of how far judging is: the newest counts, and none is missed when it is lost."""

    @extend_schema(
        operation_id="webhooks_receive_progress",
        summary="Tell how far judging is",
        description="Signed like results. What is older than what is known is ignored.",
        tags=["webhooks"],
        parameters=SIGNATURE,
        request=ProgressEventSerializer,
        responses={
            204: None,
            400: OpenApiResponse(description="The body does not say how far judging is."),
            401: OpenApiResponse(description="The signature is wrong or missing."),
            404: OpenApiResponse(description="No submission belongs to it."),
        },
    )
    def post(self, request: Request) -> Response:
        """Take the news."""
        services.receive_progress(headers=_signature_of(request), body=request.body)
        return Response(status=status.HTTP_204_NO_CONTENT)


def _signature_of(request: Request) -> SignatureHeaders:
    return SignatureHeaders(
        secret=request.headers.get("X-Webhook-Secret"),
        message_id=request.headers.get("webhook-id"),
        timestamp=request.headers.get("webhook-timestamp"),
        signature=request.headers.get("webhook-signature"),
    )
