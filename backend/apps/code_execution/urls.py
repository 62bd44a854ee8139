"""Addresses of submissions, under `/api/code-execution/`."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from apps.code_execution.delivery_views import (
    EventListView,
    EventResendView,
    EventsResendView,
    EventView,
    ReceiverEnableView,
    ReceiverView,
)
from apps.code_execution.jury_views import FinalizeView, RejudgingViewSet
from apps.code_execution.views import (
    ContestStatisticsView,
    ContestSubmissionsView,
    ProblemLanguagesView,
    ServiceHealthView,
    SubmissionViewSet,
    TrialView,
)

router = SimpleRouter()
router.register("submissions", SubmissionViewSet, basename="submission")
router.register("rejudgings", RejudgingViewSet, basename="rejudging")
urlpatterns = [
    *router.urls,
    path("trials/", TrialView.as_view()),
    path("contests/<int:pk>/submissions/", ContestSubmissionsView.as_view()),
    path("contests/<int:pk>/finalize/", FinalizeView.as_view()),
    path("contests/<int:pk>/statistics/", ContestStatisticsView.as_view()),
    path("problems/<int:pk>/languages/", ProblemLanguagesView.as_view()),
    path("deliveries/", EventListView.as_view()),
    path("deliveries/resend/", EventsResendView.as_view()),
    path("deliveries/receiver/", ReceiverView.as_view()),
    path("deliveries/receiver/enable/", ReceiverEnableView.as_view()),
    path("deliveries/<int:pk>/", EventView.as_view()),
    path("deliveries/<int:pk>/resend/", EventResendView.as_view()),
    path("health/", ServiceHealthView.as_view()),
]
