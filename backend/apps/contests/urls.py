"""Addresses of contests and problems, under `/api/code-execution/`."""

from rest_framework.routers import SimpleRouter

from apps.contests.views import ContestViewSet, ProblemViewSet

router = SimpleRouter()
router.register("contests", ContestViewSet, basename="contest")
router.register("problems", ProblemViewSet, basename="problem")
urlpatterns = router.urls
