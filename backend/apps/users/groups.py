"""What contest managers may do in the admin."""

from typing import Any

from django.apps import AppConfig
from django.apps import apps as installed_apps
from django.db.models.signals import post_migrate
from typing_extensions import override

from apps.users.domain import MANAGERS_GROUP


class ManagedAppConfig(AppConfig):
    """An app that gives contest managers `manager_permissions`, again after every `migrate`."""

    # Django takes the one class with `default` from each `apps.py`.
    default = False
    manager_permissions: tuple[str, ...] = ()

    @override
    def ready(self) -> None:
        """Have the permissions given as soon as Django has made them."""
        post_migrate.connect(_grant, sender=self)


def _grant(sender: ManagedAppConfig, using: str, apps: Any = installed_apps, **_: Any) -> None:
    group, _created = (
        apps.get_model("auth", "Group").objects.using(using).get_or_create(name=MANAGERS_GROUP)
    )
    permissions = apps.get_model("auth", "Permission").objects.using(using)
    group.permissions.add(
        *permissions.filter(
            content_type__app_label=sender.label, codename__in=sender.manager_permissions
        )
    )
