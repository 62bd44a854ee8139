"""Django's entry of the app."""

from apps.users.groups import ManagedAppConfig


class OperationsConfig(ManagedAppConfig):
    """What whoever operates the installation looks at."""

    default = True
    name = "apps.operations"
    manager_permissions = ("view_operations",)
