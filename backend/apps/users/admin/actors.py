"""Who is at work in the admin."""

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from apps.users.models import User


def actor_of(request: HttpRequest) -> User:
    """Give the user, whom the admin has let in.

    Raises:
        PermissionDenied: Nobody is signed in.
    """
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


def is_superuser(request: HttpRequest) -> bool:
    """Tell whether a superuser is at work."""
    return isinstance(request.user, User) and request.user.is_superuser
