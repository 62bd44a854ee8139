"""Endpoints of contests and their participants."""

from django.db.models import QuerySet
from django_filters.rest_framework import DjangoFilterBackend
from drf_spectacular.utils import OpenApiResponse, extend_schema, extend_schema_view
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.filters import SearchFilter
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ModelViewSet
from typing_extensions import override

from apps.contests.filters import ContestFilter
from apps.contests.models import Contest, ContestParticipant
from apps.contests.serializers import ContestSerializer, ParticipantSerializer
from apps.contests.services import contests, participation
from apps.core.idempotency import idempotent
from apps.users.permissions import IsContestManagerOrReadOnly, signed_in

CONTESTS = extend_schema(tags=["contests"])
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
        return contests.list_contests()

    @extend_schema(
        summary="Become a participant",
        tags=["contests"],
        request=None,
        responses={200: ParticipantSerializer, 400: REFUSED},
    )
    @action(detail=True, methods=["post"], permission_classes=[IsAuthenticated])
    @idempotent
    def join(self, request: Request, pk: str) -> Response:
        """Make the caller a participant."""
        participant = participation.join(contest=self.get_object(), user=signed_in(request))
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
        participation.leave(contest=self.get_object(), user=signed_in(request))
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
        return self._participants(participation.list_participants(contest=self.get_object()))

    @extend_schema(
        summary="Participants by the time they joined",
        tags=["contests"],
        responses=ParticipantSerializer(many=True),
        filters=False,
    )
    @action(detail=True, filter_backends=[])
    def participants(self, request: Request, pk: str) -> Response:
        """List the participants, the first to join first."""
        participants = participation.list_participants(contest=self.get_object())
        return self._participants(participants.order_by("joined_at", "id"))

    def _participants(self, participants: QuerySet[ContestParticipant]) -> Response:
        page = self.paginate_queryset(participants)  # type: ignore[arg-type]  # rows of another model
        return self.get_paginated_response(ParticipantSerializer(page, many=True).data)
