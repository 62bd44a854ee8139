"""What the admin's first page says of alarms."""

from collections.abc import Sequence

from django import template
from django.utils import timezone

from apps.operations import services
from apps.operations.domain import Alarm
from apps.operations.models import RaisedAlarm

register = template.Library()


@register.simple_tag
def raised_alarms() -> Sequence[Alarm | RaisedAlarm]:
    """Give the alarms that are up."""
    return services.raised(now=timezone.now())
