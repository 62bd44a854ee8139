"""Endpoints of what managers do with a contest at large."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers, status
from rest_framework.permissions import BasePermission, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.contests.models import Contest
from apps.contests.permissions import find_contest, rights_of
from apps.contests.serializers.contests import ContestSerializer
from apps.contests.services import acts, contests
from apps.core.errors import ForbiddenError
from apps.core.idempotency import IDEMPOTENCY_KEY, idempotent
from apps.users.permissions import IsContestManager, signed_in
from apps.users.scopes import Scope, TokenScopes

REFUSED = OpenApiResponse(description="`detail` says why not.")
MINUTES_MAX = acts.EXTENSION_MAX // timedelta(minutes=1)
TAGS = ["contest management"]


class CloneSerializer(serializers.Serializer[Any]):
    """What a copy of a contest is called, and when it starts; `null`: when the contest does."""

    title = serializers.CharField(max_length=acts.TITLE_CHARS_MAX)
    start_time = serializers.DateTimeField(allow_null=True, default=None)


class ExtensionSerializer(serializers.Serializer[Any]):
    """By how much a contest ends later."""

    minutes = serializers.IntegerField(min_value=1, max_value=MINUTES_MAX)


class ActView(APIView):
    """One act of a manager on one contest."""

    permission_classes: Sequence[type[BasePermission]] = (IsAuthenticated,)
    token_scopes = TokenScopes(write=Scope.CONTESTS_MANAGE)


class CloneView(ActView):
    """Copies of contests, which only those make who make contests."""

    permission_classes = (IsContestManager,)

    @extend_schema(
        summary="Make a contest with the same rules, problems, roles and groups",
        description="Nobody takes part in it yet, and it is not published.",
        tags=TAGS,
        parameters=[IDEMPOTENCY_KEY],
        request=CloneSerializer,
        responses={201: ContestSerializer, 400: REFUSED, 403: REFUSED},
    )
    @idempotent
    def post(self, request: Request, pk: int) -> Response:
        """Copy a contest."""
        form = CloneSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        contest = managed_contest(request, pk)
        made = acts.clone(contest=contest, actor=signed_in(request), **form.validated_data)
        return shown_contest(request, made, code=status.HTTP_201_CREATED)


class PublishView(ActView):
    """Contests that others may see."""

    @extend_schema(
        summary="Show a contest to others than its jury",
        tags=TAGS,
        request=None,
        responses={200: ContestSerializer, 403: REFUSED, 409: REFUSED},
    )
    def post(self, request: Request, pk: int) -> Response:
        """Publish."""
        return _publish(request, pk, is_published=True)


class UnpublishView(ActView):
    """Contests that only their jury may see."""

    @extend_schema(
        summary="Hide a contest from others than its jury",
        tags=TAGS,
        request=None,
        responses={200: ContestSerializer, 403: REFUSED, 409: REFUSED},
    )
    def post(self, request: Request, pk: int) -> Response:
        """Hide."""
        return _publish(request, pk, is_published=False)


class ExtendView(ActView):
    """Later ends."""

    @extend_schema(
        summary="Let a contest end later, for everybody",
        description="The freeze moves along, unless it has come already.",
        tags=TAGS,
        request=ExtensionSerializer,
        responses={200: ContestSerializer, 400: REFUSED, 403: REFUSED, 409: REFUSED},
    )
    def post(self, request: Request, pk: int) -> Response:
        """Extend."""
        form = ExtensionSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        changed = acts.extend(
            contest=managed_contest(request, pk),
            by=timedelta(minutes=form.validated_data["minutes"]),
            now=timezone.now(),
            actor=signed_in(request),
        )
        return shown_contest(request, changed)


class EndView(ActView):
    """Ends that come early."""

    @extend_schema(
        summary="End a running contest now",
        description=(
            "Who has extra time goes on that much longer. What a freeze hides stays hidden; a "
            "freeze that has not come is dropped."
        ),
        tags=TAGS,
        request=None,
        responses={200: ContestSerializer, 403: REFUSED, 409: REFUSED},
    )
    def post(self, request: Request, pk: int) -> Response:
        """End."""
        contest = managed_contest(request, pk)
        changed = acts.end(contest=contest, now=timezone.now(), actor=signed_in(request))
        return shown_contest(request, changed)


class FreezeView(ActView):
    """Boards that hide what is new."""

    @extend_schema(
        summary="Hide verdicts on what comes from now on",
        tags=TAGS,
        request=None,
        responses={200: ContestSerializer, 403: REFUSED, 409: REFUSED},
    )
    def post(self, request: Request, pk: int) -> Response:
        """Freeze."""
        contest = managed_contest(request, pk)
        changed = acts.freeze(contest=contest, now=timezone.now(), actor=signed_in(request))
        return shown_contest(request, changed)


class UnfreezeView(ActView):
    """Boards that hide nothing any more."""

    @extend_schema(
        summary="Show everybody the true board after the end",
        tags=TAGS,
        request=None,
        responses={200: ContestSerializer, 403: REFUSED, 409: REFUSED},
    )
    def post(self, request: Request, pk: int) -> Response:
        """Unfreeze."""
        contest = managed_contest(request, pk)
        changed = acts.unfreeze(contest=contest, now=timezone.now(), actor=signed_in(request))
        return shown_contest(request, changed)


def managed_contest(request: Request, contest_id: int) -> Contest:
    """Give a contest that the caller may change.

    Raises:
        NotFoundError: There is none that they may know of.
        ForbiddenError: They do not manage it.
    """
    contest, visibility = find_contest(request, contest_id)
    if not visibility.may_manage:
        raise ForbiddenError("Only the contest's managers do this.")
    return contest


def shown_contest(
    request: Request, contest: Contest, *, code: int = status.HTTP_200_OK
) -> Response:
    """Answer with a contest as its managers see it."""
    rights = rights_of(request)
    shown = contests.list_contests(rights).filter(pk=contest.pk).first()
    return Response(ContestSerializer(shown or contest, context={"rights": rights}).data, code)


def _publish(request: Request, contest_id: int, *, is_published: bool) -> Response:
    contest = managed_contest(request, contest_id)
    changed = acts.publish(contest=contest, is_published=is_published, actor=signed_in(request))
    return shown_contest(request, changed)
