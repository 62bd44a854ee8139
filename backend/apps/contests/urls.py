"""Addresses of contests and problems, under `/api/code-execution/`."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from apps.contests.views.acts import (
    CloneView,
    EndView,
    ExtendView,
    FreezeView,
    PublishView,
    UnfreezeView,
    UnpublishView,
)
from apps.contests.views.clarifications import AnswerView, ClarificationsView
from apps.contests.views.contests import ContestViewSet
from apps.contests.views.participant_import import ImportReportView, ImportView
from apps.contests.views.participation import (
    DisqualifyView,
    ManagedParticipantView,
    ReinstateView,
)
from apps.contests.views.problem_files import ProblemFileView
from apps.contests.views.problems import ProblemViewSet
from apps.contests.views.scoreboard import ScoreboardView
from apps.problems.serializers import FILE_VIEW

router = SimpleRouter()
router.register("contests", ContestViewSet, basename="contest")
router.register("problems", ProblemViewSet, basename="problem")
PARTICIPANT = "contests/<int:pk>/participants/<int:participant_id>/"
urlpatterns = [
    *router.urls,
    path("problems/<int:pk>/files/<path:path>", ProblemFileView.as_view(), name=FILE_VIEW),
    path("contests/<int:pk>/participants/import/", ImportView.as_view()),
    path("contests/<int:pk>/participants/import/report/", ImportReportView.as_view()),
    path(PARTICIPANT, ManagedParticipantView.as_view()),
    path(f"{PARTICIPANT}disqualify/", DisqualifyView.as_view()),
    path(f"{PARTICIPANT}reinstate/", ReinstateView.as_view()),
    path("contests/<int:pk>/clone/", CloneView.as_view()),
    path("contests/<int:pk>/publish/", PublishView.as_view()),
    path("contests/<int:pk>/unpublish/", UnpublishView.as_view()),
    path("contests/<int:pk>/extend/", ExtendView.as_view()),
    path("contests/<int:pk>/end/", EndView.as_view()),
    path("contests/<int:pk>/freeze/", FreezeView.as_view()),
    path("contests/<int:pk>/unfreeze/", UnfreezeView.as_view()),
    path("contests/<int:pk>/scoreboard/", ScoreboardView.as_view()),
    path("contests/<int:pk>/clarifications/", ClarificationsView.as_view()),
    path("contests/<int:pk>/clarifications/<int:clarification_id>/answer/", AnswerView.as_view()),
]
