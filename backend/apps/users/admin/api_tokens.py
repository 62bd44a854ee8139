"""API tokens in the admin."""

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from typing_extensions import override

from apps.core.errors import TooManyTokensError
from apps.users import api_tokens
from apps.users.admin.actors import actor_of, is_superuser
from apps.users.models import TOKEN_NAME_CHARS_MAX, ApiToken
from apps.users.scopes import SCOPE_CHOICES


class NewTokenForm(forms.Form):
    """What one's token is for, what it may do, and for how long."""

    name = forms.CharField(max_length=TOKEN_NAME_CHARS_MAX)
    scopes = forms.MultipleChoiceField(choices=SCOPE_CHOICES, widget=forms.CheckboxSelectMultiple)
    days = forms.IntegerField(
        min_value=1,
        max_value=api_tokens.LIFETIME_MAX.days,
        initial=api_tokens.LIFETIME.days,
        help_text="For how many days it is good.",
    )


@admin.register(ApiToken)
class ApiTokenAdmin(admin.ModelAdmin[ApiToken]):
    """One's own API tokens, and for superusers everybody's."""

    list_display = ("name", "user", "prefix", "scopes", "created_at", "expires_at", "last_used_at")
    list_filter = ("expires_at", "last_used_at")
    search_fields = ("name", "user__username", "prefix")
    fields = ("name", "user", "prefix", "scopes", "created_at", "expires_at", "last_used_at")
    show_full_result_count = False

    @override
    def get_queryset(self, request: HttpRequest) -> QuerySet[ApiToken]:
        """Give one's own tokens, or superusers all."""
        rows = super().get_queryset(request).select_related("user")
        return rows if is_superuser(request) else rows.filter(user=actor_of(request))

    @override
    def has_module_permission(self, request: HttpRequest) -> bool:
        """Show the list to everybody whom the admin lets in."""
        return True

    @override
    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Show each their own."""
        return obj is None or is_superuser(request) or obj.user_id == request.user.pk

    @override
    def has_add_permission(self, request: HttpRequest) -> bool:
        """Let everybody whom the admin lets in make their own."""
        return True

    @override
    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Make a token for who asks, and show it this once."""
        form = NewTokenForm(request.POST if request.method == "POST" else None)
        made = self._make(request, form) if form.is_valid() else None
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": "Make an API token",
            "form": form,
            "made": made,
        }
        return TemplateResponse(request, "admin/users/make_token.html", context)

    @override
    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Change none: a token stays what it was made for."""
        return False

    @override
    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let each revoke their own, and superusers all."""
        return self.has_view_permission(request, obj)

    @override
    def delete_model(self, request: HttpRequest, obj: ApiToken) -> None:
        """Revoke a token."""
        api_tokens.remove(token=obj, actor=actor_of(request))

    @override
    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[ApiToken]) -> None:
        """Revoke tokens."""
        for token in queryset:
            api_tokens.remove(token=token, actor=actor_of(request))

    def _make(self, request: HttpRequest, form: NewTokenForm) -> api_tokens.NewToken | None:
        values = form.cleaned_data
        try:
            return api_tokens.create(
                user=actor_of(request),
                name=values["name"],
                scopes=values["scopes"],
                expires_at=timezone.now() + timedelta(days=values["days"]),
            )
        except TooManyTokensError as error:
            form.add_error(None, error.detail)
            return None
