"""Django's entry of the app."""

from apps.users.groups import ManagedAppConfig


class WebhooksConfig(ManagedAppConfig):
    """The inbox of events."""

    default = True
    name = "apps.webhooks"
    manager_permissions = ("view_webhookevent",)
