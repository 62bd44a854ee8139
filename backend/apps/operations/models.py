"""Tables of what has to be remembered to raise alarms."""

from django.db import models
from typing_extensions import override

from apps.operations.domain import Severity


class Heartbeat(models.Model):
    """When a part of the installation was last seen working."""

    name = models.CharField(max_length=40, primary_key=True)
    beaten_at = models.DateTimeField()

    @override
    def __str__(self) -> str:
        return self.name


class RaisedAlarm(models.Model):
    """An alarm that is up, since when, and what was wrong when somebody last looked."""

    name = models.CharField(max_length=40, primary_key=True)
    severity = models.CharField(
        max_length=8, choices=[(each.value, each.value.capitalize()) for each in Severity]
    )
    what = models.CharField(max_length=500)
    since = models.DateTimeField()

    @override
    def __str__(self) -> str:
        return self.name


class Operations(RaisedAlarm):
    """No rows of its own: it gives the admin's page its place and permission."""

    class Meta:
        proxy = True
        default_permissions = ("view",)
        verbose_name = verbose_name_plural = "Operations"
