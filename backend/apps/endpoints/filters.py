"""How lists of deliveries can be narrowed."""

from django_filters import rest_framework as filters

from apps.endpoints.models import EVENT_TYPE_CHOICES, EndpointDelivery


class DeliveryFilter(filters.FilterSet):
    """By how far it is, and what it tells."""

    event_type = filters.ChoiceFilter(field_name="event__type", choices=EVENT_TYPE_CHOICES)

    class Meta:
        model = EndpointDelivery
        fields = ("state",)
