"""Addresses under `/api/endpoints/`."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from apps.endpoints.views import (
    DeliveriesView,
    DeliveryDetailView,
    EndpointViewSet,
    ResendOneView,
    ResendView,
)

router = SimpleRouter()
router.register("", EndpointViewSet, basename="endpoint")
urlpatterns = [
    *router.urls,
    path("<int:pk>/deliveries/", DeliveriesView.as_view()),
    path("<int:pk>/deliveries/resend/", ResendView.as_view()),
    path("<int:pk>/deliveries/<int:delivery_id>/", DeliveryDetailView.as_view()),
    path("<int:pk>/deliveries/<int:delivery_id>/resend/", ResendOneView.as_view()),
]
