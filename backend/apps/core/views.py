"""Health endpoints."""

from django.conf import settings
from django.utils import timezone
from drf_spectacular.utils import OpenApiResponse, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.core import health

SERVICE_NAME = "Backend"


class HealthView(APIView):
    """Liveness: needs nothing but this process."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    throttle_classes = ()

    @extend_schema(
        operation_id="health",
        summary="Is the server alive",
        tags=["health"],
        responses=inline_serializer(
            "Health",
            {
                "status": serializers.ChoiceField(["healthy"]),
                "timestamp": serializers.DateTimeField(),
                "service": serializers.CharField(),
                "version": serializers.CharField(),
            },
        ),
    )
    def get(self, request: Request) -> Response:
        """Answer that the process is alive."""
        return Response({
            "status": "healthy",
            "timestamp": timezone.now(),
            "service": SERVICE_NAME,
            "version": settings.API_VERSION,
        })


class ReadinessView(APIView):
    """Readiness: the database answers and is migrated."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    @extend_schema(
        operation_id="health_ready",
        summary="Can the server do its work",
        tags=["health"],
        responses={
            200: inline_serializer("Readiness", {"status": serializers.ChoiceField(["ready"])}),
            503: OpenApiResponse(description="`detail` says what is missing."),
        },
    )
    def get(self, request: Request) -> Response:
        """Answer whether requests can be served now."""
        health.check_ready()
        return Response({"status": "ready"})
