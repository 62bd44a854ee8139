"""Addresses under `/api/health/`."""

from django.urls import path

from apps.core.views import HealthView, ReadinessView

urlpatterns = [
    path("", HealthView.as_view()),
    path("ready/", ReadinessView.as_view()),
]
