"""Addresses under `/api/operations/`."""

from django.urls import path

from apps.operations.views import OperationsView

urlpatterns = [path("", OperationsView.as_view())]
