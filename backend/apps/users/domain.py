"""Roles, as other services see them in a token."""

from enum import StrEnum

MANAGERS_GROUP = "Contest managers"


class Role(StrEnum):
    """What a user may do across the services."""

    ADMIN = "admin"
    MANAGER = "manager"
    PARTICIPANT = "participant"


def roles_of(*, is_superuser: bool, is_manager: bool) -> list[Role]:
    """List the roles, the mightiest first; everybody is a participant."""
    roles = [Role.PARTICIPANT]
    if is_manager:
        roles.insert(0, Role.MANAGER)
    if is_superuser:
        roles.insert(0, Role.ADMIN)
    return roles
