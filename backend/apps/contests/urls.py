"""Addresses of contests and problems, under `/api/code-execution/`."""

from rest_framework.routers import SimpleRouter

from apps.contests.views.contests import ContestViewSet
from apps.contests.views.problems import ProblemViewSet

router = SimpleRouter()
router.register("contests", ContestViewSet, basename="contest")
router.register("problems", ProblemViewSet, basename="problem")
urlpatterns = router.urls
