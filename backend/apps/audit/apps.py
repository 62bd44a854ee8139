"""Django's entry of the app."""

from apps.users.groups import ManagedAppConfig


class AuditConfig(ManagedAppConfig):
    """The audit trail, which people read and nobody changes."""

    default = True
    name = "apps.audit"
    manager_permissions = ("view_auditentry",)
