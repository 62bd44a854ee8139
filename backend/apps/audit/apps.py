"""Django's entry of the app."""

from typing_extensions import override

from apps.users.groups import ManagedAppConfig
from apps.users.signals import sensitive_act


class AuditConfig(ManagedAppConfig):
    """The audit trail, which people read and nobody changes."""

    default = True
    name = "apps.audit"
    manager_permissions = ("view_auditentry",)

    @override
    def ready(self) -> None:
        """Hear of what is done to accounts."""
        super().ready()
        # Imported late, as models are not loaded before.
        from apps.audit.services import record_act_on_account  # noqa: PLC0415

        sensitive_act.connect(record_act_on_account)
