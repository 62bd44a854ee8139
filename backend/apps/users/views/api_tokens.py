"""API tokens: making, listing and revoking one's own, and trading one for a run token."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from typing_extensions import override

from apps.core.idempotency import IDEMPOTENCY_KEY, idempotent_with_secret
from apps.users import api_tokens
from apps.users.models import ApiToken
from apps.users.permissions import api_token_of, signed_in
from apps.users.scopes import NO_TOKENS, Scope, TokenScopes
from apps.users.serializers import (
    ApiTokenSerializer,
    CreatedApiTokenSerializer,
    NewApiTokenSerializer,
    RunTokenSerializer,
)


class ApiTokensView(ListAPIView[ApiToken]):
    """The own tokens."""

    queryset = ApiToken.objects.none()
    serializer_class = ApiTokenSerializer
    token_scopes = NO_TOKENS

    @override
    def get_queryset(self) -> QuerySet[ApiToken]:
        """Give the tokens of who asks."""
        return api_tokens.list_of(signed_in(self.request))

    @extend_schema(operation_id="api_tokens_list", summary="My API tokens", tags=["auth"])
    @override
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """List them, the newest first."""
        return super().get(request, *args, **kwargs)

    @extend_schema(
        operation_id="api_tokens_create",
        summary="Make an API token",
        description=(
            "`token` is in this answer and never again: only its digest is kept. Send it as"
            " `Authorization: Bearer`."
        ),
        tags=["auth"],
        parameters=[IDEMPOTENCY_KEY],
        request=NewApiTokenSerializer,
        responses={201: CreatedApiTokenSerializer},
    )
    @idempotent_with_secret
    def post(self, request: Request) -> Response:
        """Make one."""
        form = NewApiTokenSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        new = api_tokens.create(user=signed_in(request), **form.validated_data)
        body = {**ApiTokenSerializer(new.token).data, "token": new.text}
        return Response(body, status=status.HTTP_201_CREATED)


class ApiTokenView(APIView):
    """One of the own tokens."""

    token_scopes = NO_TOKENS

    @extend_schema(
        operation_id="api_tokens_revoke",
        summary="Revoke an API token",
        tags=["auth"],
        parameters=[OpenApiParameter("id", int, OpenApiParameter.PATH)],
        responses={204: None},
    )
    def delete(self, request: Request, pk: int) -> Response:
        """Make it worthless."""
        api_tokens.revoke(user=signed_in(request), token_id=pk)
        return Response(status=status.HTTP_204_NO_CONTENT)


class ExchangeView(APIView):
    """Running programs with an API token."""

    token_scopes = TokenScopes(write=Scope.EXECUTIONS_RUN)

    @extend_schema(
        operation_id="api_tokens_exchange",
        summary="Trade an API token for one that the execution service takes",
        description=(
            "Send an API token with the scope `executions:run`. What comes back is good for a"
            " quarter of an hour, and for `/api/v1/executions/` only."
        ),
        tags=["auth"],
        request=None,
        responses={200: RunTokenSerializer},
    )
    def post(self, request: Request) -> Response:
        """Give a token for running programs."""
        run_token = api_tokens.exchange(api_token_of(request))
        return Response(RunTokenSerializer(run_token).data)
