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
from apps.core.errors import ScopeError
from apps.users import api_tokens
from apps.users.models import ApiToken, User
from apps.users.scopes import NO_TOKENS, TokenScopes
from apps.users.token_text import is_api_token
from apps.users.tokens import find_bearer

SCHEME = "Bearer"
ACCESS_COOKIE = "access_token"
NOT_GOOD = "The token is not valid, or no longer."
_PARTS = 2


class BearerAuthentication(BaseAuthentication):
    """`Authorization: Bearer <access token or API token>`."""

    @override
    def authenticate(self, request: Request) -> tuple[User, str | ApiToken] | None:
        """Tell who sent the request; `None` if it has no such header.

        Raises:
            AuthenticationFailed: It has one that is not good.
            ScopeError: It has a good API token, but one that is not for this.
        """
        parts = get_authorization_header(request).split()
        if not parts or parts[0].lower() != SCHEME.lower().encode():
            return None
        if len(parts) != _PARTS:
            raise AuthenticationFailed("The Authorization header is not `Bearer <token>`.")
        token = parts[1].decode(errors="replace")
        if is_api_token(token):
            api_token = _api_token_for(request, token)
            return api_token.user, api_token
        user = _user_of(request, token)
        if user is None:
            raise AuthenticationFailed(NOT_GOOD)
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


def _api_token_for(request: Request, text: str) -> ApiToken:
    """Give the API token of a request, if it is good for what is asked.

    It is looked at here and not in a permission class, as views choose theirs themselves.

    Raises:
        AuthenticationFailed: It is not good.
        ScopeError: It is, but not for this.
    """
    token = api_tokens.find(text)
    if token is None:
        raise AuthenticationFailed(NOT_GOOD)
    view = request.parser_context["view"]
    rules: TokenScopes = getattr(view, "token_scopes", NO_TOKENS)
    needed = rules.needed_for(method=request.method or "", act=getattr(view, "action", None))
    if needed is None:
        raise ScopeError("API tokens are not taken here: sign in.")
    if needed not in token.scopes:
        raise ScopeError(f"The API token needs the scope {needed} for this.")
    live.note_expiry(request, int(token.expires_at.timestamp()))
    return token


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
