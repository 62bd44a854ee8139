"""Endpoints of problems."""

from django.db.models import ProtectedError, QuerySet
from django.utils import timezone
from drf_spectacular.utils import OpenApiResponse, extend_schema, extend_schema_view
from rest_framework.serializers import BaseSerializer
from rest_framework.viewsets import ModelViewSet
from typing_extensions import override

from apps.contests.filters import ProblemFilter
from apps.contests.services import problems
from apps.core.errors import InUseError
from apps.problems.models import Problem
from apps.problems.serializers import (
    ManagedProblemSerializer,
    ProblemDetailSerializer,
    ProblemSerializer,
)
from apps.users.permissions import IsContestManagerOrReadOnly, is_manager, signed_in

PROBLEMS = extend_schema(tags=["problems"])
REFUSED = OpenApiResponse(description="`detail` says why not.")


@extend_schema_view(
    list=extend_schema(tags=["problems"], responses=ProblemSerializer(many=True)),
    create=PROBLEMS,
    retrieve=extend_schema(
        tags=["problems"],
        description="Managers get `test_cases` in place of `samples`.",
        responses=ProblemDetailSerializer,
    ),
    update=PROBLEMS,
    partial_update=PROBLEMS,
    destroy=extend_schema(tags=["problems"], responses={204: None, 400: REFUSED}),
)
class ProblemViewSet(ModelViewSet[Problem]):
    """Problems: participants read those of running contests, managers change."""

    queryset = Problem.objects.none()
    serializer_class = ManagedProblemSerializer
    permission_classes = [IsContestManagerOrReadOnly]
    filterset_class = ProblemFilter

    @override
    def get_queryset(self) -> QuerySet[Problem]:
        """Give the problems that the caller may see."""
        return problems.list_problems(user=signed_in(self.request), now=timezone.now())

    @override
    def get_serializer_class(self) -> type[BaseSerializer[Problem]]:
        """Show test cases to managers only, and not in lists."""
        if self.action == "list":
            return ProblemSerializer
        return ManagedProblemSerializer if is_manager(self.request) else ProblemDetailSerializer

    @override
    def perform_destroy(self, instance: Problem) -> None:
        """Delete a problem that no contest sets.

        Raises:
            InUseError: A contest sets it.
        """
        try:
            instance.delete()
        except ProtectedError:
            raise InUseError("A contest sets this problem, so it can't be deleted.") from None
