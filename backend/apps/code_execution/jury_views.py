"""Endpoints of a contest's jury: rejudgings, and making results final."""

from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import (
    OpenApiResponse,
    extend_schema,
    extend_schema_field,
    extend_schema_view,
)
from rest_framework import mixins, serializers, status
from rest_framework.decorators import action
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet
from typing_extensions import override

from apps.code_execution import finalizing, rejudging
from apps.code_execution.comparison import Comparison, Difference, RankChange, Transition, compare
from apps.code_execution.filters import RejudgingFilter
from apps.code_execution.models import Rejudging
from apps.contests.domain import ID_MAX, id_of
from apps.contests.permissions import IsJury, rights_of
from apps.contests.serializers.contests import ContestSerializer
from apps.contests.views.acts import ActView, managed_contest, shown_contest
from apps.core.errors import NotFoundError
from apps.core.idempotency import IDEMPOTENCY_KEY, idempotent
from apps.users.permissions import signed_in
from apps.users.scopes import Scope, TokenScopes

REFUSED = OpenApiResponse(description="`detail` says why not.")
CHOSEN_MAX = 1000
TAGS = ["rejudgings"]


class NewRejudgingSerializer(serializers.Serializer[Any]):
    """Which submissions to judge once more: those that fit all that is given."""

    contest = serializers.IntegerField(
        required=False, allow_null=True, default=None, min_value=1, max_value=ID_MAX
    )
    problem = serializers.IntegerField(
        required=False, allow_null=True, default=None, min_value=1, max_value=ID_MAX
    )
    submissions = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=ID_MAX),
        required=False,
        max_length=CHOSEN_MAX,
        help_text="Ids; at most 1000.",
    )
    reason = serializers.CharField(
        max_length=rejudging.REASON_CHARS_MAX, allow_blank=True, default=""
    )

    @override
    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Ask for a scope.

        Raises:
            ValidationError: There is none.
        """
        if attrs["contest"] is None and attrs["problem"] is None and "submissions" not in attrs:
            raise serializers.ValidationError("Name a contest, a problem, or submissions.")
        return attrs


class DifferenceSerializer(serializers.Serializer[Difference]):
    """A submission that was judged differently."""

    submission = serializers.IntegerField()
    participant = serializers.IntegerField(allow_null=True)
    name = serializers.CharField()
    problem = serializers.CharField()
    old_verdict = serializers.CharField(allow_null=True)
    new_verdict = serializers.CharField(allow_null=True)
    old_score = serializers.FloatField(allow_null=True)
    new_score = serializers.FloatField(allow_null=True)


class RankChangeSerializer(serializers.Serializer[RankChange]):
    """A participant whose place or total would be another."""

    contest = serializers.IntegerField()
    participant = serializers.IntegerField()
    name = serializers.CharField()
    old_rank = serializers.IntegerField(allow_null=True)
    new_rank = serializers.IntegerField(allow_null=True)
    old_score = serializers.FloatField()
    new_score = serializers.FloatField()
    old_penalty = serializers.IntegerField()
    new_penalty = serializers.IntegerField()


class TransitionSerializer(serializers.Serializer[Transition]):
    """How many went from one verdict to another; `null` is none."""

    old = serializers.CharField(allow_null=True)
    new = serializers.CharField(allow_null=True)
    count = serializers.IntegerField()


class ComparisonSerializer(serializers.Serializer[Comparison]):
    """What is in force beside what the rejudging found; lists have at most 1000 lines."""

    total = serializers.IntegerField(help_text="Submissions in the rejudging.")
    judged = serializers.IntegerField()
    changed = serializers.IntegerField()
    transitions = TransitionSerializer(many=True)
    differences = DifferenceSerializer(many=True)
    affected = RankChangeSerializer(many=True)


REJUDGING_FIELDS: tuple[str, ...] = (
    "id",
    "contest",
    "problem",
    "reason",
    "state",
    "created_by",
    "created_at",
    "decided_by",
    "decided_at",
)


class RejudgingSerializer(serializers.ModelSerializer[Rejudging]):
    """A staged rejudging."""

    created_by = serializers.CharField(
        source="created_by.username", default=None, allow_null=True, read_only=True
    )
    decided_by = serializers.CharField(
        source="decided_by.username", default=None, allow_null=True, read_only=True
    )

    class Meta:
        model = Rejudging
        fields = REJUDGING_FIELDS
        read_only_fields = fields


class RejudgingDetailSerializer(RejudgingSerializer):
    """A staged rejudging, and what it would change or has changed."""

    comparison = serializers.SerializerMethodField()

    class Meta(RejudgingSerializer.Meta):
        fields = (*REJUDGING_FIELDS, "comparison")
        read_only_fields = fields

    @extend_schema_field(ComparisonSerializer)
    def get_comparison(self, row: Rejudging) -> dict[str, Any]:
        """Compare old and new."""
        return dict(ComparisonSerializer(compare(row)).data)


@extend_schema_view(
    list=extend_schema(summary="The rejudgings of the caller's contests", tags=TAGS),
    retrieve=extend_schema(
        summary="A rejudging with its differences, and who is affected",
        tags=TAGS,
        responses={200: RejudgingDetailSerializer},
    ),
)
class RejudgingViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, GenericViewSet[Rejudging]):
    """Rejudgings: judged beside what is in force, then applied or cancelled."""

    queryset = Rejudging.objects.none()
    permission_classes = (IsAuthenticated, IsJury)
    token_scopes = TokenScopes(read=Scope.CONTESTS_MANAGE, write=Scope.CONTESTS_MANAGE)
    filterset_class = RejudgingFilter

    @override
    def get_queryset(self) -> QuerySet[Rejudging]:
        """Give those that the caller may decide about."""
        return rejudging.list_rejudgings(rights_of(self.request))

    @override
    def get_serializer_class(self) -> type[RejudgingSerializer]:
        """Compare on a page of its own only."""
        return RejudgingSerializer if self.action == "list" else RejudgingDetailSerializer

    @extend_schema(
        summary="Judge finished submissions once more, beside what is in force",
        description="Nothing changes before it is applied.",
        tags=TAGS,
        parameters=[IDEMPOTENCY_KEY],
        request=NewRejudgingSerializer,
        responses={201: RejudgingDetailSerializer, 400: REFUSED, 409: REFUSED},
    )
    @idempotent
    def create(self, request: Request) -> Response:
        """Start a rejudging."""
        form = NewRejudgingSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        wanted = form.validated_data
        submissions = rejudging.submissions_to_rejudge(
            rights_of(request),
            contest_id=wanted["contest"],
            problem_id=wanted["problem"],
            submission_ids=wanted.get("submissions"),
        )
        started = rejudging.start(
            submissions=submissions, reason=wanted["reason"], actor=signed_in(request)
        )
        return Response(RejudgingDetailSerializer(started).data, status.HTTP_201_CREATED)

    @extend_schema(
        summary="Put the new results in force, and compute the boards anew",
        tags=TAGS,
        request=None,
        responses={200: RejudgingDetailSerializer, 400: REFUSED, 409: REFUSED},
    )
    @action(detail=True, methods=["post"])
    def apply(self, request: Request, pk: str) -> Response:
        """Apply."""
        decided = rejudging.apply(rejudging=self.get_object(), actor=signed_in(request))
        return Response(RejudgingDetailSerializer(decided).data)

    @extend_schema(
        summary="Leave everything as it is",
        tags=TAGS,
        request=None,
        responses={200: RejudgingDetailSerializer, 400: REFUSED},
    )
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: str) -> Response:
        """Cancel."""
        decided = rejudging.cancel(rejudging=self.get_object(), actor=signed_in(request))
        return Response(RejudgingDetailSerializer(decided).data)

    @override
    def get_object(self) -> Rejudging:
        """Give a rejudging.

        Raises:
            NotFoundError: There is none of that id, or not for the caller.
        """
        if id_of(self.kwargs["pk"]) is None:
            raise NotFoundError
        return super().get_object()


class FinalizeView(ActView):
    """Final results."""

    @extend_schema(
        summary="Make the results final and public",
        description="After the end, with nothing being judged. Nothing changes afterwards.",
        tags=["contest management"],
        request=None,
        responses={200: ContestSerializer, 403: REFUSED, 409: REFUSED},
    )
    def post(self, request: Request, pk: int) -> Response:
        """Finalise."""
        contest = managed_contest(request, pk)
        changed = finalizing.finalize(contest=contest, now=timezone.now(), actor=signed_in(request))
        return shown_contest(request, changed)
