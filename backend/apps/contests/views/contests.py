"""Endpoints of contests and their participants."""

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
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

from apps.contests.filters import ContestFilter
from apps.contests.models import Contest, ContestParticipant
from apps.contests.permissions import ManagesContest, rights_of
from apps.contests.serializers.contests import ContestSerializer
from apps.contests.serializers.participants import (
    ManagedParticipantSerializer,
    NewParticipantSerializer,
    ParticipantSerializer,
)
from apps.contests.services import contests, entrants, rosters
from apps.contests.views.participation import ParticipationActions
from apps.core.idempotency import IDEMPOTENCY_KEY, idempotent
from apps.users.permissions import IsContestManager, signed_in
from apps.users.scopes import Scope, TokenScopes

CONTESTS = extend_schema(tags=["contests"])
REFUSED = OpenApiResponse(description="`detail` says why not.")
GLOBAL_ACTIONS = frozenset({"create", "destroy"})
CHANGES = frozenset({"update", "partial_update", "add_participant"})


@extend_schema_view(
    list=CONTESTS,
    create=extend_schema(tags=["contests"], parameters=[IDEMPOTENCY_KEY]),
    retrieve=CONTESTS,
    update=CONTESTS,
    partial_update=CONTESTS,
    destroy=extend_schema(
        tags=["contests"],
        description=(
            "Submissions stay, but for those of accounts that an import has made for its teams: "
            "these accounts go with it."
        ),
    ),
)
class ContestViewSet(ParticipationActions, ModelViewSet[Contest]):
    """Contests: everybody reads and joins those they may know of, their managers change them."""

    queryset = Contest.objects.none()
    serializer_class = ContestSerializer
    permission_classes = [IsAuthenticated]
    token_scopes = TokenScopes(
        read=Scope.CONTESTS_READ,
        write=Scope.CONTESTS_MANAGE,
        acts=dict.fromkeys(("join", "leave", "start", "virtual"), Scope.CONTESTS_PARTICIPATE),
    )
    filter_backends = [DjangoFilterBackend, SearchFilter]
    filterset_class = ContestFilter
    search_fields = ["title"]

    @override
    def get_queryset(self) -> QuerySet[Contest]:
        """Give the contests that the caller may know of."""
        return contests.list_contests(rights_of(self.request))

    @override
    def get_permissions(self) -> Sequence[Any]:
        """Let managers of all contests make and delete them, and each one's own change it."""
        if self.action in GLOBAL_ACTIONS:
            return [IsContestManager()]
        if self.action in CHANGES:
            return [IsAuthenticated(), ManagesContest()]
        return super().get_permissions()

    @override
    def get_serializer_context(self) -> dict[str, Any]:
        """Tell the serializer whom it writes for."""
        return {**super().get_serializer_context(), "rights": rights_of(self.request)}

    @override
    @idempotent
    def create(  # type: ignore[override]  # the same, but for a name that nobody calls it by
        self, request: Request, *args: Any, **kwargs: Any
    ) -> Response:
        """Make a contest."""
        return super().create(request, *args, **kwargs)

    @override
    def perform_create(self, serializer: BaseSerializer[Contest]) -> None:
        """Store a new contest in the caller's name."""
        serializer.save(actor=signed_in(self.request))

    @override
    def perform_update(self, serializer: BaseSerializer[Contest]) -> None:
        """Store a changed contest in the caller's name."""
        serializer.save(actor=signed_in(self.request))

    @override
    def perform_destroy(self, instance: Contest) -> None:
        """Delete a contest in the caller's name."""
        contests.delete_contest(contest=instance, actor=signed_in(self.request))

    @extend_schema(
        summary="Participants by rank",
        description="While the contest is frozen, the jury alone sees the true ranks and scores.",
        tags=["contests"],
        responses={200: ParticipantSerializer(many=True), 403: REFUSED},
        filters=False,
    )
    @action(detail=True, filter_backends=[])
    def leaderboard(self, request: Request, pk: str) -> Response:
        """List the participants, the leaders first."""
        contest = self.get_object()
        visibility = rights_of(request).visibility(contest)
        return self._participants(rosters.list_by_rank(contest, visibility), contest)

    @extend_schema(
        summary="Participants by the time they joined",
        tags=["contests"],
        responses=ParticipantSerializer(many=True),
        filters=False,
    )
    @action(detail=True, filter_backends=[])
    def participants(self, request: Request, pk: str) -> Response:
        """List the participants, the first to join first."""
        contest = self.get_object()
        visibility = rights_of(request).visibility(contest)
        return self._participants(rosters.list_participants(contest, visibility), contest)

    @extend_schema(
        summary="Put somebody on the contest's list",
        description="Also where nobody enters by themselves, or no place is left.",
        tags=["participants"],
        parameters=[IDEMPOTENCY_KEY],
        request=NewParticipantSerializer,
        responses={201: ManagedParticipantSerializer, 400: REFUSED},
    )
    @participants.mapping.post
    @idempotent
    def add_participant(self, request: Request, pk: str) -> Response:
        """Make somebody a participant."""
        form = NewParticipantSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        fields = dict(form.validated_data)
        added = entrants.add(
            contest=self.get_object(),
            user=fields.pop("username"),
            members=fields.pop("members", []),
            fields=fields,
            actor=signed_in(request),
        )
        body = ManagedParticipantSerializer(added).data
        return Response(body, status=status.HTTP_201_CREATED)

    def _participants(self, rows: QuerySet[ContestParticipant], contest: Contest) -> Response:
        page = self.paginate_queryset(rows)  # type: ignore[arg-type]  # rows of another model
        context = {"visibility": rights_of(self.request).visibility(contest)}
        shown = ParticipantSerializer(page, many=True, context=context)
        return self.get_paginated_response(shown.data)
