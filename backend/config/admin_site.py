"""Who gets into the admin: staff, and managers and judges of any contest."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.admin import AdminSite
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import URLPattern, URLResolver, path, reverse
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from typing_extensions import override

from apps.users import second_factor
from apps.users.models import User
from apps.users.signals import tell_of_act
from config.admin_second_factor import second_factor_page
from config.admin_sign_in import CodeView, PasswordView, may_enter

View = Callable[..., HttpResponseBase]


class ContestAdminSite(AdminSite):
    """The admin; what somebody sees there, each page decides."""

    @override
    def has_permission(self, request: HttpRequest) -> bool:
        """Let staff and juries in."""
        return isinstance(request.user, User) and may_enter(request.user)

    @override
    def get_urls(self) -> list[URLPattern | URLResolver]:
        """Add the pages of the second factor."""
        return [
            path("login/code/", self._page_of_code, name="login_code"),
            path("second-factor/", super().admin_view(self._page), name="second_factor"),
            *super().get_urls(),
        ]

    @override
    def admin_view(self, view: View, cacheable: bool = False) -> Any:
        """Show a page to whom the site lets in, once they have what it asks of them."""

        def show(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if view != self.logout and self._asks_more_of(request.user):
                return redirect("admin:second_factor")
            return view(request, *args, **kwargs)

        return super().admin_view(show, cacheable)

    @override
    @method_decorator(never_cache)
    @method_decorator(login_not_required)
    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """Ask for name and password."""
        index = reverse("admin:index")
        if request.method == "GET" and self.has_permission(request):
            return redirect(index)
        context = {
            **self._context_of_sign_in(request),
            "title": "Log in",
            **(extra_context or {}),
        }
        if REDIRECT_FIELD_NAME not in {**request.GET.dict(), **request.POST.dict()}:
            context[REDIRECT_FIELD_NAME] = index
        return PasswordView.as_view(extra_context=context)(request)

    @override
    def password_change(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> Any:
        """Let people change their own password, which is noted."""
        user = request.user
        before = getattr(user, "password", None)
        response = super().password_change(request, extra_context)
        if isinstance(user, User) and user.password != before:
            tell_of_act(act="account.change_password", of=user, actor=user)
        return response

    def _asks_more_of(self, user: object) -> bool:
        if not (settings.ADMIN_REQUIRES_SECOND_FACTOR and isinstance(user, User)):
            return False
        return may_enter(user) and not second_factor.has_one(user)

    def _page_of_code(self, request: HttpRequest) -> HttpResponseBase:
        context = {**self._context_of_sign_in(request), "title": "Second factor"}
        return CodeView.as_view(extra_context=context)(request)

    def _page(self, request: HttpRequest) -> HttpResponse:
        return second_factor_page(request, self)

    def _context_of_sign_in(self, request: HttpRequest) -> dict[str, Any]:
        return {
            **self.each_context(request),
            "subtitle": None,
            "app_path": request.get_full_path(),
            "username": request.user.get_username(),
        }
