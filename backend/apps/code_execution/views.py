"""Endpoints of submissions, and the health of the execution service."""

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpResponse
from django.utils import timezone
from drf_spectacular.utils import (
    OpenApiParameter,
    OpenApiResponse,
    extend_schema,
    extend_schema_view,
    inline_serializer,
)
from rest_framework import mixins, serializers, status
from rest_framework.decorators import action
from rest_framework.exceptions import PermissionDenied
from rest_framework.generics import ListAPIView
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView
from rest_framework.viewsets import GenericViewSet
from typing_extensions import override

from apps.code_execution import admission, reading, services
from apps.code_execution.client import ServiceUnavailableError, get_client
from apps.code_execution.filters import ContestSubmissionFilter, SubmissionFilter
from apps.code_execution.languages import rules_of
from apps.code_execution.models import CodeSubmission
from apps.code_execution.serializers import (
    NewSubmissionSerializer,
    NewTrialSerializer,
    PlatformHealthSerializer,
    ProblemLanguageRulesSerializer,
    ProblemStatisticsSerializer,
    ServiceHealthSerializer,
    SubmissionSerializer,
    SubmissionSummarySerializer,
    WatchedSubmissionSerializer,
)
from apps.code_execution.service_health import service_is_healthy
from apps.code_execution.throttling import SubmissionThrottle, TrialThrottle
from apps.code_execution.watching import channel_of, channels_of_list
from apps.contests.domain import id_of
from apps.contests.permissions import IsJury, find_contest, rights_of
from apps.contests.services import problems
from apps.contests.visibility import Detail
from apps.core import live
from apps.core.entity_tags import answer_with_tag
from apps.core.errors import NotFoundError
from apps.core.idempotency import IDEMPOTENCY_KEY, idempotent
from apps.core.pagination import NewestFirstPagination
from apps.core.throttling import ApiThrottle
from apps.core.views import SERVICE_NAME
from apps.core.watched_lists import WatchedListView
from apps.users.permissions import signed_in
from apps.users.scopes import Scope, TokenScopes

REFUSED = OpenApiResponse(description="Errors by field, or `detail` says why not.")
COSTLY_ACTIONS = frozenset({"create", "rerun"})
# Made once, as making one's fields costs more than using them; neither keeps what it is given.
NEW_SUBMISSION = NewSubmissionSerializer()
STORED = SubmissionSerializer()


@extend_schema_view(
    list=extend_schema(
        summary="One's own submissions, the newest first; for the jury also its contests'",
        description="`submissions/events` is a stream of those that change.",
        tags=["submissions"],
    ),
    retrieve=extend_schema(
        summary="A submission and its result",
        description=(
            "`progress` says how far judging is. `submissions/{id}/events` is a stream of every "
            "change."
        ),
        tags=["submissions"],
        parameters=[OpenApiParameter("If-None-Match", str, OpenApiParameter.HEADER)],
        responses={
            200: SubmissionSerializer,
            304: OpenApiResponse(description="It is what you have."),
        },
    ),
)
class SubmissionViewSet(
    WatchedListView[CodeSubmission], mixins.RetrieveModelMixin, GenericViewSet[CodeSubmission]
):
    """Submissions: participants hand in and read their own, juries read their contests'."""

    queryset = CodeSubmission.objects.none()
    permission_classes = [IsAuthenticated]
    token_scopes = TokenScopes(
        read=Scope.SUBMISSIONS_READ,
        write=Scope.SUBMISSIONS_WRITE,
        acts={"rerun": Scope.CONTESTS_MANAGE},
    )
    filterset_class = SubmissionFilter
    changed_at = "updated_at"

    @override
    def get_queryset(self) -> QuerySet[CodeSubmission]:
        """Give the caller's own, and those that they judge."""
        return reading.list_submissions(rights_of(self.request))

    @override
    def get_serializer_context(self) -> dict[str, Any]:
        """Tell the serializer whom it writes for."""
        return {**super().get_serializer_context(), "rights": rights_of(self.request)}

    @override
    def channels(self) -> Iterable[str]:
        """Name those of the caller's own, and of the contests that they judge."""
        return channels_of_list(rights_of(self.request))

    @override
    def retrieve(  # type: ignore[override]  # its base says that it is rendered by DRF
        self, request: Request, *args: str, **kwargs: str
    ) -> HttpResponse:
        """Give a submission, as far as the caller may know of it."""
        is_watched = live.question_of(request) is not None
        submission, disclosure = reading.find_submission(
            rights_of(request), positive_id(kwargs["pk"]), has_program=not is_watched
        )
        serializer = WatchedSubmissionSerializer if is_watched else SubmissionSerializer
        shown = serializer(submission, context={"disclosure": disclosure}).data
        response = answer_with_tag(request, shown)
        live.offer(response, request, channels=[channel_of(submission.pk)], embeds=True)
        return response

    @override
    def get_serializer_class(self) -> type[BaseSerializer[CodeSubmission]]:
        """Keep lists short."""
        return SubmissionSummarySerializer if self.action == "list" else SubmissionSerializer

    @override
    def get_throttles(self) -> list[BaseThrottle]:
        """Count what costs the time of a processor by itself too."""
        costly = [SubmissionThrottle()] if self.action in COSTLY_ACTIONS else []
        return [ApiThrottle(), *costly]

    @extend_schema(
        summary="Hand in a program",
        description=(
            "It is stored first, then handed to the execution service. The first one to an open "
            "contest joins it. Too soon after the last one: 429 with `Retry-After`."
        ),
        tags=["submissions"],
        parameters=[IDEMPOTENCY_KEY],
        request=NewSubmissionSerializer,
        responses={201: SubmissionSerializer, 400: REFUSED, 403: REFUSED, 429: REFUSED},
    )
    @idempotent
    def create(self, request: Request) -> Response:
        """Store a submission."""
        form = NEW_SUBMISSION.to_internal_value(request.data)
        contest = admission.find_contest(rights_of(request), form.pop("contest_id"))
        submission = services.create_submission(user=signed_in(request), contest=contest, **form)
        return Response(STORED.to_representation(submission), status=status.HTTP_201_CREATED)

    @extend_schema(
        summary="Judge a finished submission anew",
        tags=["submissions"],
        request=None,
        responses={200: SubmissionSerializer, 400: REFUSED, 409: REFUSED},
    )
    @action(detail=True, methods=["post"], permission_classes=[IsJury])
    def rerun(self, request: Request, pk: str) -> Response:
        """Reset a submission and judge it again.

        Raises:
            PermissionDenied: The caller is not of the jury of its contest.
        """
        found, disclosure = reading.find_submission(rights_of(request), positive_id(pk))
        if disclosure.detail is not Detail.EVERYTHING:
            raise PermissionDenied
        submission = services.rerun_submission(submission_id=found.pk, actor=signed_in(request))
        context = {"disclosure": disclosure}
        return Response(SubmissionSerializer(submission, context=context).data)


class TrialView(APIView):
    """Running programs without scoring."""

    permission_classes = (IsAuthenticated,)
    token_scopes = TokenScopes(write=Scope.SUBMISSIONS_WRITE)
    throttle_classes = (ApiThrottle, TrialThrottle)

    @extend_schema(
        summary="Try a program out, without scoring",
        description=(
            "On the problem's samples, or on `input_data` if there is any. The result is read "
            "like a submission's, at `submissions/{id}/`, for a day."
        ),
        tags=["submissions"],
        parameters=[IDEMPOTENCY_KEY],
        request=NewTrialSerializer,
        responses={201: SubmissionSerializer, 400: REFUSED, 404: REFUSED},
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Store a trial run."""
        form = NewTrialSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        trial = services.create_trial(
            rights=rights_of(request), user=signed_in(request), **form.validated_data
        )
        return Response(SubmissionSerializer(trial).data, status=status.HTTP_201_CREATED)


class ContestSubmissionsView(ListAPIView[CodeSubmission]):
    """What everybody tried in a contest, as far as the caller may know."""

    queryset = CodeSubmission.objects.none()
    serializer_class = SubmissionSummarySerializer
    permission_classes = (IsAuthenticated,)
    token_scopes = TokenScopes(read=Scope.SUBMISSIONS_READ)
    pagination_class = NewestFirstPagination
    filterset_class = ContestSubmissionFilter

    @override
    def get_queryset(self) -> QuerySet[CodeSubmission]:
        """Give the contest's submissions."""
        contest, visibility = find_contest(self.request, self.kwargs["pk"])
        return reading.list_of_contest(contest, visibility)

    @override
    def get_serializer_context(self) -> dict[str, Any]:
        """Tell the serializer whom it writes for."""
        rights = rights_of(self.request)
        return {**super().get_serializer_context(), "rights": rights, "is_on_board": True}

    @extend_schema(
        summary="Everybody's submissions in a contest, the newest first",
        description="Verdicts of others come after the end, unless the contest is frozen.",
        tags=["submissions"],
        responses={200: SubmissionSummarySerializer(many=True), 403: REFUSED},
    )
    @override
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """List what was tried."""
        return self.list(request, *args, **kwargs)


class ContestStatisticsView(APIView):
    """How the problems of a contest do."""

    permission_classes = (IsAuthenticated,)
    token_scopes = TokenScopes(read=Scope.CONTESTS_READ)

    @extend_schema(
        operation_id="contests_statistics",
        summary="Attempts and solvers of each problem of a contest",
        tags=["contests"],
        responses={200: ProblemStatisticsSerializer(many=True), 403: REFUSED},
    )
    def get(self, request: Request, pk: int) -> Response:
        """Count, as far as the caller may know."""
        counted: Any = reading.statistics_of(*find_contest(request, pk))
        return Response(ProblemStatisticsSerializer(counted, many=True).data)


def positive_id(text: str) -> int:
    """Read an id from a path.

    Raises:
        NotFoundError: It is none.
    """
    found = id_of(text)
    if found is None:
        raise NotFoundError
    return found


class ProblemLanguagesView(APIView):
    """What a problem allows in which language."""

    permission_classes = (IsAuthenticated,)
    token_scopes = TokenScopes(read=Scope.PROBLEMS_READ)

    @extend_schema(
        operation_id="problems_languages",
        summary="Limits and compile options of a problem in each language",
        tags=["problems"],
        responses=ProblemLanguageRulesSerializer(many=True),
    )
    def get(self, request: Request, pk: int) -> Response:
        """List what holds for each language."""
        problem = problems.get_problem(rights_of(request), pk)
        rules: Any = rules_of(problem)  # the stubs know no serializer of many plain values
        return Response(ProblemLanguageRulesSerializer(rules, many=True).data)


class ServiceHealthView(APIView):
    """Whether programs are being run."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    @extend_schema(
        operation_id="execution_service_health",
        summary="Health of the execution service",
        tags=["health"],
        responses={
            200: ServiceHealthSerializer,
            503: inline_serializer(
                "UnhealthyService",
                {
                    "status": serializers.ChoiceField(["unhealthy"]),
                    "detail": serializers.CharField(),
                },
            ),
        },
    )
    def get(self, request: Request) -> Response:
        """Ask the execution service how it is."""
        try:
            body: dict[str, Any] = get_client().health()
        except ServiceUnavailableError:
            return Response(
                {"status": "unhealthy", "detail": "The execution service does not answer."},
                status=status.HTTP_503_SERVICE_UNAVAILABLE,
            )
        return Response(body)


class PlatformHealthView(APIView):
    """The platform as a whole, in the words of everybody who asks at this path (contract C-20)."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    throttle_classes = ()

    @extend_schema(
        operation_id="platform_health",
        summary="Is the platform alive",
        description="`backend_status` tells of the execution service, as of the last few seconds.",
        tags=["health"],
        responses=PlatformHealthSerializer,
    )
    def get(self, request: Request) -> Response:
        """Answer that the process is alive, and whether programs can be run."""
        document = {
            "status": "healthy",
            "timestamp": timezone.now(),
            "service": SERVICE_NAME,
            "version": settings.API_VERSION,
            "replica": settings.REPLICA_NAME,
            "cornflow_status": "healthy",
            "backend_status": "healthy" if service_is_healthy() else "unhealthy",
            "cornflow_version": settings.API_VERSION,
        }
        return Response(PlatformHealthSerializer(document).data)
