"""Endpoints of problems."""

from collections.abc import Sequence
from typing import Any

from django.db.models import ProtectedError, QuerySet
from drf_spectacular.utils import (
    OpenApiResponse,
    PolymorphicProxySerializer,
    extend_schema,
    extend_schema_view,
)
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.viewsets import ModelViewSet
from typing_extensions import override

from apps.contests.filters import ProblemFilter
from apps.contests.permissions import MayChangeProblem, rights_of
from apps.contests.services import problems
from apps.core.errors import InUseError
from apps.core.idempotency import IDEMPOTENCY_KEY, idempotent
from apps.problems.models import Problem
from apps.problems.serializers import (
    ManagedProblemSerializer,
    ProblemDetailSerializer,
    ProblemSerializer,
)
from apps.users.permissions import IsContestManager
from apps.users.scopes import Scope, TokenScopes

PROBLEMS = extend_schema(tags=["problems"])
REFUSED = OpenApiResponse(description="`detail` says why not.")
GLOBAL_ACTIONS = frozenset({"create", "destroy"})
CHANGES = frozenset({"update", "partial_update"})


@extend_schema_view(
    list=extend_schema(tags=["problems"], responses=ProblemSerializer(many=True)),
    create=extend_schema(tags=["problems"], parameters=[IDEMPOTENCY_KEY]),
    retrieve=extend_schema(
        tags=["problems"],
        description="Its owner and the jury get `test_cases` in place of `samples`.",
        responses=PolymorphicProxySerializer(
            component_name="ProblemInDepth",
            serializers=[ProblemDetailSerializer, ManagedProblemSerializer],
            resource_type_field_name=None,
        ),
    ),
    update=PROBLEMS,
    partial_update=PROBLEMS,
    destroy=extend_schema(tags=["problems"], responses={204: None, 400: REFUSED}),
)
class ProblemViewSet(ModelViewSet[Problem]):
    """Problems: participants read those of contests that are open to them, managers change."""

    queryset = Problem.objects.none()
    serializer_class = ManagedProblemSerializer
    permission_classes = [IsAuthenticated]
    token_scopes = TokenScopes(read=Scope.PROBLEMS_READ, write=Scope.PROBLEMS_MANAGE)
    filterset_class = ProblemFilter

    @override
    def get_queryset(self) -> QuerySet[Problem]:
        """Give the problems that the caller may read."""
        return problems.list_problems(rights_of(self.request))

    @override
    def get_permissions(self) -> Sequence[Any]:
        """Let managers of all contests make and delete them, and owners change their own."""
        if self.action in GLOBAL_ACTIONS:
            return [IsContestManager()]
        if self.action in CHANGES:
            return [IsAuthenticated(), MayChangeProblem()]
        return super().get_permissions()

    @override
    def get_serializer_class(self) -> type[BaseSerializer[Problem]]:
        """Keep lists short."""
        return ProblemSerializer if self.action == "list" else ManagedProblemSerializer

    @override
    @idempotent
    def create(  # type: ignore[override]  # the same, but for a name that nobody calls it by
        self, request: Request, *args: Any, **kwargs: Any
    ) -> Response:
        """Make a problem."""
        return super().create(request, *args, **kwargs)

    @override
    def retrieve(self, request: Request, *args: str, **kwargs: str) -> Response:
        """Give a problem, with its hidden tests for whom they are not hidden."""
        problem = self.get_object()
        context = self.get_serializer_context()
        in_full = problems.problems_shown_in_full(rights_of(request))
        if in_full.filter(pk=problem.pk).exists():
            return Response(ManagedProblemSerializer(problem, context=context).data)
        return Response(ProblemDetailSerializer(problem, context=context).data)

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
