"""Django's entry of the app."""

from importlib import import_module
from typing import Any

from typing_extensions import override

from apps.code_execution.signals import judged
from apps.users.groups import ManagedAppConfig


class EndpointsConfig(ManagedAppConfig):
    """Endpoints of other teams."""

    default = True
    name = "apps.endpoints"
    verbose_name = "Webhook endpoints"
    manager_permissions = (
        "view_endpoint",
        "change_endpoint",
        "view_endpointdelivery",
        "change_endpointdelivery",
    )

    @override
    def ready(self) -> None:
        """Have results noted for whoever wants to be told of them."""
        super().ready()
        judged.connect(_note_judged)


def _note_judged(judgements: Any, **_: Any) -> None:
    # By name, as there are no models yet when Django reads this module.
    import_module("apps.endpoints.outbox").note_judged(judgements)
