"""Endpoints of importing participants from a table: a report first, then the import."""

from typing import Any

from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.contests.serializers.participant_import import (
    ConfirmedTableSerializer,
    ImportedParticipantsSerializer,
    ParticipantReportSerializer,
    ParticipantTableSerializer,
)
from apps.contests.services.participant_import import import_table, plan_import
from apps.contests.views.acts import managed_contest
from apps.core.idempotency import IDEMPOTENCY_KEY, idempotent_with_secret
from apps.users.permissions import signed_in
from apps.users.scopes import Scope, TokenScopes

REFUSED = OpenApiResponse(description="`code` and `detail` say why not.")
TAGS = ["participants"]


class ImportReportView(APIView):
    """Reports on tables."""

    permission_classes = (IsAuthenticated,)
    token_scopes = TokenScopes(write=Scope.CONTESTS_MANAGE)

    @extend_schema(
        summary="Report on a table of participants; nothing is stored",
        tags=TAGS,
        request=ParticipantTableSerializer,
        responses={200: ParticipantReportSerializer, 400: REFUSED, 403: REFUSED},
    )
    def post(self, request: Request, pk: int) -> Response:
        """Say of each row what would come of it."""
        contest = managed_contest(request, pk)
        form = ParticipantTableSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        plan = plan_import(contest=contest, table=form.validated_data["table"].encode())
        return Response(ParticipantReportSerializer(plan).data)


class ImportView(APIView):
    """Imports of tables."""

    permission_classes = (IsAuthenticated,)
    token_scopes = TokenScopes(write=Scope.CONTESTS_MANAGE)

    @extend_schema(
        summary="Make the accounts and participants of a table, all of them",
        description=(
            "Of a table whose report was good, and of which the same would still come. Keep the "
            "made passwords: nobody can read them again."
        ),
        tags=TAGS,
        parameters=[IDEMPOTENCY_KEY],
        request=ConfirmedTableSerializer,
        responses={
            201: ImportedParticipantsSerializer,
            400: REFUSED,
            403: REFUSED,
            409: REFUSED,
        },
    )
    @idempotent_with_secret
    def post(self, request: Request, pk: int) -> Response:
        """Import."""
        contest = managed_contest(request, pk)
        form = ConfirmedTableSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        accounts: Any = import_table(
            contest=contest,
            table=form.validated_data["table"].encode(),
            fingerprint=form.validated_data["fingerprint"],
            actor=signed_in(request),
        )
        body = ImportedParticipantsSerializer({"accounts": accounts}).data
        # It has passwords.
        headers = {"Cache-Control": "no-store"}
        return Response(body, status=status.HTTP_201_CREATED, headers=headers)
