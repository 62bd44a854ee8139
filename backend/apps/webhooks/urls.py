"""Addresses under `/api/webhooks/`."""

from django.urls import path

from apps.webhooks.views import CodeExecutionWebhookView

urlpatterns = [path("code-execution/", CodeExecutionWebhookView.as_view())]
