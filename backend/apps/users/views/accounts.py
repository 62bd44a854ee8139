"""Registration, sign-in, refresh, the own account, and the public keys."""

from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, JsonResponse
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from apps.core.throttling import ApiThrottle
from apps.users import services
from apps.users.authentication import ACCESS_COOKIE
from apps.users.keys import signing_keys
from apps.users.permissions import signed_in
from apps.users.scopes import NO_TOKENS
from apps.users.serializers import (
    GuestTokenSerializer,
    RefreshSerializer,
    RegistrationSerializer,
    SignInSerializer,
    TokenPairSerializer,
    UserSerializer,
)
from apps.users.throttling import GuestThrottle, LoginThrottle
from apps.users.tokens import TokenPair

JWKS_CACHE_S = 300
REFUSED = OpenApiResponse(description="`code` and `detail` say why not.")


class PublicAuthView(APIView):
    """Base of the endpoints that take a password or a token in the body."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    throttle_classes: tuple[type[BaseThrottle], ...] = (LoginThrottle,)


class RegistrationView(PublicAuthView):
    """Making an account."""

    @extend_schema(
        operation_id="auth_register",
        summary="Register",
        tags=["auth"],
        request=RegistrationSerializer,
        responses={201: TokenPairSerializer},
    )
    def post(self, request: Request) -> Response:
        """Make an account and sign it in."""
        form = RegistrationSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        pair = services.register(**form.validated_data)
        return _signed_in(pair, status=status.HTTP_201_CREATED)


class TokenView(PublicAuthView):
    """Signing in."""

    @extend_schema(
        operation_id="auth_sign_in",
        summary="Sign in with a user name or an e-mail address",
        tags=["auth"],
        request=SignInSerializer,
        responses={200: TokenPairSerializer, 401: REFUSED},
    )
    def post(self, request: Request) -> Response:
        """Give tokens for a password."""
        form = SignInSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        values = form.validated_data
        pair = services.sign_in(
            name=values.get("username") or values["email"],
            password=values["password"],
            code=values.get("code", ""),
        )
        return _signed_in(pair)


class RefreshView(PublicAuthView):
    """Staying signed in."""

    # Nobody guesses a signed token: what holds for every endpoint is enough.
    throttle_classes = (ApiThrottle,)

    @extend_schema(
        operation_id="auth_refresh",
        summary="Exchange a refresh token for new tokens",
        tags=["auth"],
        request=RefreshSerializer,
        responses={200: TokenPairSerializer, 401: REFUSED},
    )
    def post(self, request: Request) -> Response:
        """Give tokens for a refresh token."""
        form = RefreshSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        return _signed_in(services.refresh(**form.validated_data))


class GuestView(PublicAuthView):
    """Coming without an account."""

    throttle_classes = (GuestThrottle,)

    @extend_schema(
        operation_id="auth_guest",
        summary="Get a token to run programs without an account",
        description=(
            "Good for an hour and for `/api/v1/executions/` only; no other endpoint takes it."
            " Where guests are not wanted (`GUEST_EXECUTIONS`) there is none."
        ),
        tags=["auth"],
        request=None,
        responses={201: GuestTokenSerializer, 403: REFUSED},
    )
    def post(self, request: Request) -> Response:
        """Make up a guest."""
        guest = services.admit_guest()
        return Response(GuestTokenSerializer(guest).data, status=status.HTTP_201_CREATED)


class SignOutView(APIView):
    """Signing out."""

    token_scopes = NO_TOKENS

    @extend_schema(
        operation_id="auth_sign_out",
        summary="Sign out",
        description="Ends the session: its access and refresh tokens are good for nothing then.",
        tags=["auth"],
        request=None,
        responses={204: None},
    )
    def post(self, request: Request) -> Response:
        """End the session that the request came with."""
        if isinstance(request.auth, str):
            services.sign_out(access_token=request.auth)
        logout(request)
        response = Response(status=status.HTTP_204_NO_CONTENT)
        response.delete_cookie(ACCESS_COOKIE, samesite="Lax")
        return response


class AccountView(APIView):
    """The own account."""

    token_scopes = NO_TOKENS

    @extend_schema(
        operation_id="auth_me", summary="Who am I", tags=["auth"], responses=UserSerializer
    )
    def get(self, request: Request) -> Response:
        """Give the account that sent the request."""
        return Response(UserSerializer(signed_in(request)).data)


def _signed_in(pair: TokenPair, *, status: int = status.HTTP_200_OK) -> Response:
    """Give the tokens, and the access token as a cookie too, for pages of the same origin."""
    response = Response(TokenPairSerializer(pair).data, status=status)
    response.set_cookie(
        ACCESS_COOKIE,
        pair.access_token,
        max_age=pair.expires_in_s,
        secure=settings.HTTPS_ONLY,
        httponly=True,
        samesite="Lax",
    )
    return response


def jwks(request: HttpRequest) -> JsonResponse:
    """Publish the keys that verify access tokens. Source: RFC 7517, section 5."""
    response = JsonResponse({"keys": [key.jwk for key in signing_keys()]})
    response["Cache-Control"] = f"public, max-age={JWKS_CACHE_S}"
    return response
