"""Endpoints of entering contests, and of what their managers do with participants."""

from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView
from rest_framework.viewsets import GenericViewSet
from typing_extensions import override

from apps.contests.models import Contest, ContestParticipant
from apps.contests.permissions import ManagesContest, rights_of
from apps.contests.serializers.participants import (
    ChangedParticipantSerializer,
    DisqualificationSerializer,
    EntrySerializer,
    ManagedParticipantSerializer,
    OwnParticipationSerializer,
)
from apps.contests.services import disqualification, entrants, own_time, participation
from apps.contests.throttling import EntryThrottle
from apps.core.idempotency import IDEMPOTENCY_KEY, idempotent
from apps.core.throttling import ApiThrottle
from apps.users.permissions import signed_in
from apps.users.scopes import Scope, TokenScopes

REFUSED = OpenApiResponse(description="`code` and `detail` say why not.")
MANAGED = {200: ManagedParticipantSerializer, 400: REFUSED, 403: REFUSED}
OWN = {200: OwnParticipationSerializer, 400: REFUSED, 403: REFUSED}
ENTRIES = frozenset({"join", "start", "virtual"})


class ParticipationActions(GenericViewSet[Contest]):
    """What somebody does about taking part in a contest."""

    @override
    def get_throttles(self) -> list[BaseThrottle]:
        """Count attempts to enter by themselves too."""
        return [ApiThrottle(), *([EntryThrottle()] if self.action in ENTRIES else [])]

    @extend_schema(
        summary="One's own participations: the main one, and a virtual one",
        tags=["contests"],
        responses=OwnParticipationSerializer(many=True),
        filters=False,
    )
    @action(
        detail=True,
        permission_classes=[IsAuthenticated],
        filter_backends=[],
        pagination_class=None,
    )
    def participation(self, request: Request, pk: str) -> Response:
        """List how the caller takes part."""
        # The stubs know no serializer of many plain values.
        own: Any = own_time.list_own(contest=self.get_object(), user=signed_in(request))
        return Response(OwnParticipationSerializer(own, many=True).data)

    @extend_schema(
        summary="Become a participant",
        description=(
            "One who is already stays as is. When the contest is full and has a waiting list, "
            "`state` is `waiting`, and the place comes by itself."
        ),
        tags=["contests"],
        parameters=[IDEMPOTENCY_KEY],
        request=EntrySerializer,
        responses=OWN,
    )
    @action(detail=True, methods=["post"], permission_classes=[IsAuthenticated])
    @idempotent
    def join(self, request: Request, pk: str) -> Response:
        """Make the caller a participant."""
        joined = participation.join(
            contest=self.get_object(), user=signed_in(request), access_code=_access_code(request)
        )
        return self._own(request, joined)

    @extend_schema(
        summary="Start one's own time, where everybody has a window",
        description="Once; nothing else starts it. Joins the contest if need be.",
        tags=["contests"],
        request=EntrySerializer,
        responses=OWN,
    )
    @action(detail=True, methods=["post"], permission_classes=[IsAuthenticated])
    def start(self, request: Request, pk: str) -> Response:
        """Start the caller's clock."""
        started = own_time.start(
            contest=self.get_object(), user=signed_in(request), access_code=_access_code(request)
        )
        return self._own(request, started)

    @extend_schema(
        summary="Take an ended contest again by one's own clock, unranked",
        description="Once, from now on. Submissions then count for this participation.",
        tags=["contests"],
        request=None,
        responses=OWN,
    )
    @action(detail=True, methods=["post"], permission_classes=[IsAuthenticated])
    def virtual(self, request: Request, pk: str) -> Response:
        """Start the caller's virtual participation."""
        started = own_time.start_virtual(contest=self.get_object(), user=signed_in(request))
        return self._own(request, started)

    @extend_schema(
        summary="End one's participation",
        description="Before the first submission. Who has waited longest gets the place.",
        tags=["contests"],
        request=None,
        responses={204: None, 400: REFUSED, 403: REFUSED},
    )
    @action(detail=True, methods=["post"], permission_classes=[IsAuthenticated])
    def leave(self, request: Request, pk: str) -> Response:
        """End the caller's participation."""
        participation.leave(contest=self.get_object(), user=signed_in(request))
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _own(self, request: Request, participant: ContestParticipant) -> Response:
        own = own_time.list_own(contest=participant.contest, user=signed_in(request))
        shown = next(each for each in own if each.participant == participant)
        return Response(OwnParticipationSerializer(shown).data)


class ParticipantActView(APIView):
    """Something that managers of a contest do to one participant."""

    permission_classes = (IsAuthenticated,)
    token_scopes = TokenScopes(write=Scope.CONTESTS_MANAGE)

    def participant_of(self, request: Request, pk: int, participant_id: int) -> ContestParticipant:
        """Give a participant of a contest that the caller manages."""
        contest = get_object_or_404(rights_of(request).visible_contests(), pk=pk)
        if not ManagesContest().has_object_permission(request, self, contest):
            self.permission_denied(request)
        return get_object_or_404(contest.participants, pk=participant_id)


class ManagedParticipantView(ParticipantActView):
    """One participant, for the contest's managers."""

    @extend_schema(
        summary="Change what the contest says of a participant, such as extra time",
        tags=["participants"],
        request=ChangedParticipantSerializer,
        responses=MANAGED,
    )
    def patch(self, request: Request, pk: int, participant_id: int) -> Response:
        """Change a participant."""
        participant = self.participant_of(request, pk, participant_id)
        form = ChangedParticipantSerializer(data=request.data, partial=True)
        form.is_valid(raise_exception=True)
        fields = dict(form.validated_data)
        members = fields.pop("members", None)
        changed = entrants.change(
            participant=participant, members=members, fields=fields, actor=signed_in(request)
        )
        return Response(ManagedParticipantSerializer(changed).data)

    @extend_schema(
        summary="Take a participant off the list",
        description="Their submissions stay, and count no more.",
        tags=["participants"],
        responses={204: None, 403: REFUSED},
    )
    def delete(self, request: Request, pk: int, participant_id: int) -> Response:
        """Remove a participant."""
        participant = self.participant_of(request, pk, participant_id)
        entrants.remove(participant=participant, actor=signed_in(request))
        return Response(status=status.HTTP_204_NO_CONTENT)


class DisqualifyView(ParticipantActView):
    """Disqualifying a participant."""

    @extend_schema(
        summary="Disqualify a participant",
        description="They lose their rank and submit no more; the boards follow at once.",
        tags=["participants"],
        request=DisqualificationSerializer,
        responses=MANAGED,
    )
    def post(self, request: Request, pk: int, participant_id: int) -> Response:
        """Disqualify."""
        participant = self.participant_of(request, pk, participant_id)
        form = DisqualificationSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        changed = disqualification.disqualify(
            participant=participant, actor=signed_in(request), **form.validated_data
        )
        return Response(ManagedParticipantSerializer(changed).data)


class ReinstateView(ParticipantActView):
    """Taking a disqualification back."""

    @extend_schema(
        summary="Take a disqualification back",
        tags=["participants"],
        request=None,
        responses=MANAGED,
    )
    def post(self, request: Request, pk: int, participant_id: int) -> Response:
        """Reinstate."""
        participant = self.participant_of(request, pk, participant_id)
        changed = disqualification.reinstate(participant=participant, actor=signed_in(request))
        return Response(ManagedParticipantSerializer(changed).data)


def _access_code(request: Request) -> str:
    form = EntrySerializer(data=request.data)
    form.is_valid(raise_exception=True)
    code: str = form.validated_data["access_code"]
    return code
