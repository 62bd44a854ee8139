"""The scoreboard as JSON."""

from datetime import datetime
from typing import NamedTuple

from django.http import HttpResponse
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.views import APIView

from apps.contests.models import Contest
from apps.contests.permissions import rights_of
from apps.contests.services.board import BoardDocument, read_board
from apps.contests.services.board_tags import channel_of, etag_of
from apps.contests.throttling import BoardThrottle
from apps.contests.views.scoreboard_schema import BoardSerializer
from apps.contests.visibility import Visibility
from apps.core import live
from apps.core.entity_tags import is_known, told_apart
from apps.core.errors import BoardHiddenError, NotFoundError
from apps.core.openapi import streamed
from apps.users.scopes import Scope, TokenScopes

REFUSED = OpenApiResponse(description="`code` and `detail` say why not.")


class ShownBoard(NamedTuple):
    """Which board a caller gets to see at a moment."""

    contest: Contest
    visibility: Visibility
    is_true: bool
    now: datetime

    @property
    def etag(self) -> str:
        """The tag of the board as it is now."""
        return etag_of(
            self.contest,
            is_true=self.is_true,
            names_problems=self.visibility.may_see_problems,
            now=self.now,
        )

    def read(self) -> BoardDocument:
        """Read it."""
        return read_board(
            self.contest,
            is_true=self.is_true,
            names_problems=self.visibility.may_see_problems,
            now=self.now,
        )


class ScoreboardView(APIView):
    """A contest's scoreboard."""

    permission_classes = (AllowAny,)
    token_scopes = TokenScopes(read=Scope.CONTESTS_READ)
    throttle_classes = (BoardThrottle,)

    @extend_schema(
        summary="The scoreboard",
        description=(
            "During a freeze the jury alone gets the true board. Send the last `ETag` as "
            "`If-None-Match`: as long as nothing changed the answer is 304. "
            "`scoreboard/events/` tells when to ask again."
        ),
        extensions=streamed(
            event="board",
            data='`{"etag": "..."}`, which is the new `ETag`: ask for the board then.',
        ),
        tags=["contests"],
        parameters=[
            OpenApiParameter(
                "public", bool, description="For the jury: what everybody else gets to see."
            ),
            OpenApiParameter("If-None-Match", str, OpenApiParameter.HEADER),
        ],
        responses={
            200: BoardSerializer,
            304: OpenApiResponse(description="It is what you have."),
            403: REFUSED,
            404: REFUSED,
        },
    )
    def get(self, request: Request, pk: int) -> HttpResponse:
        """Give the board, its state alone, or nothing new."""
        board = find_board(request, pk)
        if is_known(request, board.etag):
            response = HttpResponse(status=status.HTTP_304_NOT_MODIFIED)
        elif request.method == "HEAD":
            response = HttpResponse(content_type="application/json")
        else:
            response = HttpResponse(board.read().body, content_type="application/json")
        channel = channel_of(board.contest.pk, is_true=board.is_true)
        live.offer(response, request, channels=[channel], embeds=False)
        return told_apart(response, board.etag)


def find_board(request: Request, contest_id: int) -> ShownBoard:
    """Say which board the caller gets to see.

    Who is not of the jury gets the public board, whose stream is silent about what a freeze hides,
    also where there is none yet.

    Raises:
        NotFoundError: There is no contest of that id that the caller may know of.
        BoardHiddenError: The caller may not see its board.
    """
    rights = rights_of(request)
    contest = rights.visible_contests().defer("description").filter(pk=contest_id).first()
    if contest is None:
        raise NotFoundError
    visibility = rights.visibility(contest)
    if not visibility.may_see_board:
        raise BoardHiddenError
    asks_public = request.query_params.get("public", "").lower() in {"1", "true"}
    is_true = visibility.may_judge and not asks_public
    return ShownBoard(contest, visibility, is_true, timezone.now())
