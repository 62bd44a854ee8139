"""Endpoints of contests and problems."""

from django.db.models import ProtectedError, QuerySet
from django.utils import timezone
from django_filters.rest_framework import DjangoFilterBackend
from drf_spectacular.utils import OpenApiResponse, extend_schema, extend_schema_view
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.filters import SearchFilter
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.viewsets import ModelViewSet
from typing_extensions import override

from apps.contests import services
from apps.contests.filters import ContestFilter, ProblemFilter
from apps.contests.models import Contest, ContestParticipant, Problem
from apps.contests.serializers import (
    ContestSerializer,
    ManagedProblemSerializer,
    ParticipantSerializer,
    ProblemDetailSerializer,
    ProblemSerializer,
)
from apps.core.errors import InUseError
from apps.users.permissions import IsContestManagerOrReadOnly, is_manager, signed_in

CONTESTS = extend_schema(tags=["contests"])
PROBLEMS = extend_schema(tags=["problems"])
REFUSED = OpenApiResponse(description="`detail` says why not.")


@extend_schema_view(
    list=CONTESTS,
    create=CONTESTS,
    retrieve=CONTESTS,
    update=CONTESTS,
    partial_update=CONTESTS,
    destroy=CONTESTS,
)
class ContestViewSet(ModelViewSet[Contest]):
    """Contests: everybody reads and joins, managers change."""

    queryset = Contest.objects.none()
    serializer_class = ContestSerializer
    permission_classes = [IsContestManagerOrReadOnly]
    filter_backends = [DjangoFilterBackend, SearchFilter]
    filterset_class = ContestFilter
    search_fields = ["title"]

    @override
    def get_queryset(self) -> QuerySet[Contest]:
        """Give all contests."""
        return services.list_contests()

    @extend_schema(
        summary="Become a participant",
        tags=["contests"],
        request=None,
        responses={200: ParticipantSerializer, 400: REFUSED},
    )
    @action(detail=True, methods=["post"], permission_classes=[IsAuthenticated])
    def join(self, request: Request, pk: str) -> Response:
        """Make the caller a participant."""
        participant = services.join(contest=self.get_object(), user=signed_in(request))
        return Response(ParticipantSerializer(participant).data)

    @extend_schema(
        summary="End one's participation",
        tags=["contests"],
        request=None,
        responses={204: None, 400: REFUSED},
    )
    @action(detail=True, methods=["post"], permission_classes=[IsAuthenticated])
    def leave(self, request: Request, pk: str) -> Response:
        """End the caller's participation."""
        services.leave(contest=self.get_object(), user=signed_in(request))
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(
        summary="Participants by rank",
        tags=["contests"],
        responses=ParticipantSerializer(many=True),
        filters=False,
    )
    @action(detail=True, filter_backends=[])
    def leaderboard(self, request: Request, pk: str) -> Response:
        """List the participants, the leaders first."""
        return self._participants(services.list_participants(contest=self.get_object()))

    @extend_schema(
        summary="Participants by the time they joined",
        tags=["contests"],
        responses=ParticipantSerializer(many=True),
        filters=False,
    )
    @action(detail=True, filter_backends=[])
    def participants(self, request: Request, pk: str) -> Response:
        """List the participants, the first to join first."""
        participants = services.list_participants(contest=self.get_object())
        return self._participants(participants.order_by("joined_at", "id"))

    def _participants(self, participants: QuerySet[ContestParticipant]) -> Response:
        page = self.paginate_queryset(participants)  # type: ignore[arg-type]  # rows of another model
        return self.get_paginated_response(ParticipantSerializer(page, many=True).data)


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
        return services.list_problems(user=signed_in(self.request), now=timezone.now())

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
