"""Endpoints of questions to the jury, its answers, and its announcements."""

from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView
from typing_extensions import override

from apps.contests.filters import ClarificationFilter
from apps.contests.models import Clarification
from apps.contests.permissions import find_contest
from apps.contests.serializers.clarifications import (
    AnswerSerializer,
    ClarificationSerializer,
    NewClarificationSerializer,
)
from apps.contests.services import clarifications
from apps.contests.throttling import QuestionThrottle
from apps.contests.visibility import Visibility
from apps.core.errors import ForbiddenError
from apps.core.idempotency import IDEMPOTENCY_KEY, idempotent
from apps.core.throttling import ApiThrottle
from apps.core.watched_lists import WatchedListView
from apps.users.permissions import signed_in
from apps.users.scopes import Scope, TokenScopes

REFUSED = OpenApiResponse(description="`detail` says why not.")
TAGS = ["clarifications"]


class ClarificationsView(WatchedListView[Clarification]):
    """What is said in a contest."""

    queryset = Clarification.objects.none()
    serializer_class = ClarificationSerializer
    permission_classes = (IsAuthenticated,)
    token_scopes = TokenScopes(read=Scope.CONTESTS_READ, write=Scope.CONTESTS_PARTICIPATE)
    filterset_class = ClarificationFilter
    changed_at = "created_at"

    @override
    def get_queryset(self) -> QuerySet[Clarification]:
        """Give what the caller may read."""
        contest, visibility = find_contest(self.request, self.kwargs["pk"])
        return clarifications.list_clarifications(contest, visibility)

    @override
    def channels(self) -> Iterable[str]:
        """Name those on which the caller hears of what they may read."""
        contest, visibility = find_contest(self.request, self.kwargs["pk"])
        return clarifications.channels_of(contest, visibility)

    @override
    def get_throttles(self) -> list[BaseThrottle]:
        """Count questions by themselves too."""
        asking = [QuestionThrottle()] if self.request.method == "POST" else []
        return [ApiThrottle(), *asking]

    @override
    def get_serializer_context(self) -> dict[str, Any]:
        """Tell the serializer whom it writes for."""
        _contest, visibility = find_contest(self.request, self.kwargs["pk"])
        return {**super().get_serializer_context(), "visibility": visibility}

    @extend_schema(
        summary="Announcements, one's own questions, and answers; for the jury everything",
        description="`clarifications/events` is a stream of what is said from then on.",
        tags=TAGS,
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """List what was said, the newest first."""
        return self.list(request, *args, **kwargs)

    @extend_schema(
        summary="Ask the jury, or as the jury announce something to all",
        tags=TAGS,
        parameters=[IDEMPOTENCY_KEY],
        request=NewClarificationSerializer,
        responses={201: ClarificationSerializer, 400: REFUSED, 403: REFUSED},
    )
    @idempotent
    def post(self, request: Request, pk: int) -> Response:
        """Store a question or an announcement."""
        contest, visibility = find_contest(request, pk)
        form = NewClarificationSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        said = {
            "contest": contest,
            "author": signed_in(request),
            "text": form.validated_data["text"],
            "problem_id": form.validated_data["problem"],
        }
        if visibility.may_judge:
            made = clarifications.announce(**said)
        else:
            made = clarifications.ask(visibility=visibility, **said)
        return _created(made, visibility)


class AnswerView(APIView):
    """The jury's side of a question."""

    permission_classes = (IsAuthenticated,)
    token_scopes = TokenScopes(write=Scope.CONTESTS_MANAGE)

    @extend_schema(
        summary="Answer a question, to its asker or to all",
        description="An answer to all shows what was asked, and not who asked.",
        tags=TAGS,
        parameters=[IDEMPOTENCY_KEY],
        request=AnswerSerializer,
        responses={201: ClarificationSerializer, 403: REFUSED, 404: REFUSED},
    )
    @idempotent
    def post(self, request: Request, pk: int, clarification_id: int) -> Response:
        """Store an answer.

        Raises:
            ForbiddenError: The caller is not of the jury.
        """
        contest, visibility = find_contest(request, pk)
        if not visibility.may_judge:
            raise ForbiddenError("Only the contest's jury answers questions.")
        form = AnswerSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        made = clarifications.answer(
            contest=contest,
            question_id=clarification_id,
            author=signed_in(request),
            text=form.validated_data["text"],
            is_to_all=form.validated_data["to_all"],
        )
        return _created(made, visibility)


def _created(made: Clarification, visibility: Visibility) -> Response:
    shown = ClarificationSerializer(made, context={"visibility": visibility})
    return Response(shown.data, status=status.HTTP_201_CREATED)
