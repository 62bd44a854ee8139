"""Bearer tokens at the API's door."""

from django.conf import settings
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.plumbing import build_bearer_security_scheme_object
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from typing_extensions import override

from apps.core import live
from apps.users.models import User
from apps.users.tokens import find_bearer

SCHEME = "Bearer"
ACCESS_COOKIE = "access_token"
_PARTS = 2


class BearerAuthentication(BaseAuthentication):
    """`Authorization: Bearer <access token>`."""

    @override
    def authenticate(self, request: Request) -> tuple[User, str] | None:
        """Tell who sent the request; `None` if it has no such header.

        Raises:
            AuthenticationFailed: It has one that is not good.
        """
        parts = get_authorization_header(request).split()
        if not parts or parts[0].lower() != SCHEME.lower().encode():
            return None
        if len(parts) != _PARTS:
            raise AuthenticationFailed("The Authorization header is not `Bearer <token>`.")
        token = parts[1].decode(errors="replace")
        user = _user_of(request, token)
        if user is None:
            raise AuthenticationFailed("The token is not valid, or no longer.")
        return user, token

    @override
    def authenticate_header(self, request: Request) -> str:
        """Tell a client without credentials what to send."""
        return SCHEME


class CookieAuthentication(BaseAuthentication):
    """The access token in the cookie that signing in sets (contract S-COM-03).

    Browsers send it by themselves, so a request that changes something must not come from a page
    of another origin: `SameSite=Lax` keeps other sites out, the check of `Origin` their neighbours.
    """

    @override
    def authenticate(self, request: Request) -> tuple[User, str] | None:
        """Tell who sent the request; `None` if there is no cookie that counts."""
        token = request.COOKIES.get(ACCESS_COOKIE)
        if token is None or not _is_from_our_pages(request):
            return None
        user = _user_of(request, token)
        return (user, token) if user else None


def _user_of(request: Request, token: str) -> User | None:
    bearer = find_bearer(token)
    if bearer is None:
        return None
    live.note_expiry(request, bearer.expires_at_s)
    return bearer.user


def _is_from_our_pages(request: Request) -> bool:
    origin = request.headers.get("Origin")
    if request.method in SAFE_METHODS or origin is None:
        return True
    ours = f"{request.scheme}://{request.get_host()}"
    return origin in {ours, *settings.CSRF_TRUSTED_ORIGINS, *settings.CORS_ALLOWED_ORIGINS}


class CookieScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # untyped base
    """The OpenAPI description of `CookieAuthentication`."""

    target_class = "apps.users.authentication.CookieAuthentication"
    name = "cookie"

    @override
    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        """Describe the cookie."""
        return {"type": "apiKey", "in": "cookie", "name": ACCESS_COOKIE}


class BearerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # untyped base
    """The OpenAPI description of `BearerAuthentication`."""

    target_class = "apps.users.authentication.BearerAuthentication"
    name = "bearer"

    @override
    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        """Describe the header."""
        return dict(build_bearer_security_scheme_object("Authorization", SCHEME, "JWT"))
