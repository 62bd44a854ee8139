"""How the installation is doing, as JSON."""

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.operations import services
from apps.operations.serializers import SituationSerializer
from apps.users.permissions import IsContestManager
from apps.users.scopes import Scope, TokenScopes


class OperationsView(APIView):
    """Figures and alarms, for those who manage all contests."""

    permission_classes = (IsContestManager,)
    token_scopes = TokenScopes(read=Scope.OPERATIONS_READ)

    @extend_schema(
        operation_id="operations",
        summary="Tell how the installation is doing",
        description="Figures of both services, and what is wrong, the worst first.",
        tags=["operations"],
        responses=SituationSerializer,
    )
    def get(self, request: Request) -> Response:
        """Answer with figures and alarms."""
        situation = services.look(now=timezone.now())
        return Response(SituationSerializer(situation).data)
