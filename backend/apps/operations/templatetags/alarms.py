"""What the admin's first page says of alarms."""

from django import template
from django.db.models import QuerySet

from apps.operations.models import RaisedAlarm

register = template.Library()


@register.simple_tag
def raised_alarms() -> "QuerySet[RaisedAlarm]":
    """Give the alarms that were up when somebody last looked, which beat does all the time."""
    return RaisedAlarm.objects.order_by("severity", "since")
