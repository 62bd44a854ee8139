"""Bearer tokens at the API's door."""

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.plumbing import build_bearer_security_scheme_object
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request
from typing_extensions import override

from apps.users.models import User
from apps.users.tokens import find_user_by_token

SCHEME = "Bearer"
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
        user = find_user_by_token(token)
        if user is None:
            raise AuthenticationFailed("The token is not valid, or no longer.")
        return user, token

    @override
    def authenticate_header(self, request: Request) -> str:
        """Tell a client without credentials what to send."""
        return SCHEME


class BearerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # untyped base
    """The OpenAPI description of `BearerAuthentication`."""

    target_class = "apps.users.authentication.BearerAuthentication"
    name = "bearer"

    @override
    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        """Describe the header."""
        return dict(build_bearer_security_scheme_object("Authorization", SCHEME, "JWT"))
