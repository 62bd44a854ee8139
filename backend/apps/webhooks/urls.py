"""Addresses under `/api/webhooks/`."""

from django.urls import path

from apps.webhooks.views import CodeExecutionWebhookView, ProgressView

urlpatterns = [
    path("code-execution/", CodeExecutionWebhookView.as_view()),
    path("code-execution/progress/", ProgressView.as_view()),
]
