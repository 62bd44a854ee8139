"""Django's entry of the app."""

from apps.users.groups import ManagedAppConfig


class UsersConfig(ManagedAppConfig):
    """Accounts."""

    default = True
    name = "apps.users"
    # Needed to find a participant by name.
    manager_permissions = ("view_user",)
