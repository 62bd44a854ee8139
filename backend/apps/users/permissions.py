"""Who may do what at the API."""

from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView
from typing_extensions import override

from apps.core.errors import ForbiddenError
from apps.users.models import ApiToken, User


def is_manager(request: Request) -> bool:
    """Tell whether a contest manager sent the request."""
    return isinstance(request.user, User) and request.user.is_contest_manager


class IsContestManager(BasePermission):
    """Contest managers only."""

    @override
    def has_permission(self, request: Request, view: APIView) -> bool:
        """Allow managers."""
        return is_manager(request)


def signed_in(request: Request) -> User:
    """Give the user behind a request that a permission class has let through."""
    user = request.user
    assert isinstance(user, User)  # noqa: S101 - else a view lacks its permission class
    return user


def api_token_of(request: Request) -> ApiToken:
    """Give the API token that a request came with.

    Raises:
        ForbiddenError: It came with something else.
    """
    if not isinstance(request.auth, ApiToken):
        raise ForbiddenError("Send an API token as the bearer token.")
    return request.auth
