"""Every address of the backend."""

from django.conf import settings
from django.contrib import admin
from django.urls import include, path, re_path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from apps.code_execution.views import PlatformHealthView
from apps.contests.views.scoreboard_page import ScoreboardPage
from apps.core.openapi import SharedDocument
from apps.core.problems import api_not_found
from apps.playground.views import playground
from apps.users.views.accounts import jwks

admin.site.site_header = admin.site.site_title = settings.API_TITLE
admin.site.index_title = "Administration"
admin.site.index_template = "admin/operations/index.html"

urlpatterns = [
    path("", playground, name="playground"),
    path("admin/", admin.site.urls),
    path("contests/<int:pk>/scoreboard/", ScoreboardPage.as_view(), name="scoreboard"),
    path("api/auth/", include("apps.users.urls")),
    path("api/code-execution/", include("apps.contests.urls")),
    path("api/code-execution/", include("apps.code_execution.urls")),
    path("api/webhooks/", include("apps.webhooks.urls")),
    path("api/endpoints/", include("apps.endpoints.urls")),
    path("api/health/", include("apps.core.urls")),
    path("api/operations/", include("apps.operations.urls")),
    path("api/schema/", SpectacularAPIView.as_view(generator_class=SharedDocument), name="schema"),
    path("api/docs/", SpectacularSwaggerSplitView.as_view(url_name="schema")),
    re_path(r"^api/", api_not_found),
    re_path(r"^health/?$", PlatformHealthView.as_view()),
    re_path(r"^\.well-known/jwks\.json/?$", jwks),
]
handler400 = "apps.core.problems.bad_request"
handler403 = "apps.core.problems.permission_denied"
handler404 = "apps.core.problems.page_not_found"
handler500 = "apps.core.problems.server_error"
