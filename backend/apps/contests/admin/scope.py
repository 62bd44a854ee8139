"""Who sees and changes what in the admin: Django's permissions, or a role in the contest."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from typing_extensions import override

from apps.contests.models import Contest
from apps.contests.services.rights import Rights
from apps.users.models import User

_RIGHTS = "_admin_rights"
CONTESTS_IN_FILTER_MAX = 200


def rights_of(request: HttpRequest) -> Rights:
    """Give the rights of who sent the request; one request reads them once, at one moment."""
    rights: Rights | None = getattr(request, _RIGHTS, None)
    if rights is None:
        rights = Rights(request.user, timezone.now())
        setattr(request, _RIGHTS, rights)
    return rights


class ContestScopedAdmin(admin.ModelAdmin[Any]):
    """Rows that belong to a contest.

    Who has Django's permissions has them for all; else juries see those of their contests, and
    managers change them where `role_managers_change`.
    """

    contest_lookup: ClassVar[str] = "contest"
    role_managers_change: ClassVar[bool] = False

    @override
    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Give the rows of contests that the user judges, or all."""
        rows = super().get_queryset(request)
        if super().has_view_permission(request):
            return rows
        return rows.filter(**{f"{self.contest_lookup}__in": rights_of(request).judged_contest_ids})

    @override
    def has_module_permission(self, request: HttpRequest) -> bool:
        """Show the app to juries."""
        return super().has_module_permission(request) or bool(rights_of(request).judged_contest_ids)

    @override
    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let juries look."""
        if super().has_view_permission(request, obj):
            return True
        return self._is_within(obj, rights_of(request).judged_contest_ids)

    @override
    def has_add_permission(self, request: HttpRequest) -> bool:
        """Let managers add to their contests, where that is sensible."""
        if super().has_add_permission(request):
            return True
        return self.role_managers_change and bool(rights_of(request).managed_contest_ids)

    @override
    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let managers change what is of their contests; what is final stays."""
        return not _is_final(self._contest_of(obj)) and (
            super().has_change_permission(request, obj) or self._may_manage(request, obj)
        )

    @override
    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let managers delete what is of their contests; what is final stays."""
        return not _is_final(self._contest_of(obj)) and (
            super().has_delete_permission(request, obj) or self._may_manage(request, obj)
        )

    def _may_manage(self, request: HttpRequest, obj: Any) -> bool:
        is_theirs = self._is_within(obj, rights_of(request).managed_contest_ids)
        return self.role_managers_change and is_theirs

    def _is_within(self, obj: Model | None, contest_ids: Sequence[int]) -> bool:
        if obj is None:
            return bool(contest_ids)
        return self._contest_id_of(obj) in contest_ids

    def _contest_id_of(self, obj: Any) -> int | None:
        found = obj
        *path, last = self.contest_lookup.split("__")
        for name in path:
            found = getattr(found, name)
        contest_id: int | None = getattr(
            found, last if last in {"pk", "contest_id"} else f"{last}_id"
        )
        return contest_id

    def _contest_of(self, obj: Any) -> Contest | None:
        if not self.role_managers_change or obj is None:
            return None
        return obj if isinstance(obj, Contest) else obj.contest


class OfContestInline(admin.TabularInline[Any, Contest]):
    """What stands on a contest's page: its jury sees it, its managers change it."""

    @override
    def has_view_permission(self, request: HttpRequest, obj: Contest | None = None) -> bool:
        """Let the contest's jury look; without a contest Django asks whether to fetch any rows."""
        if super().has_view_permission(request, obj):
            return True
        judged = rights_of(request).judged_contest_ids
        return bool(judged) if obj is None else obj.pk in judged

    @override
    def has_add_permission(self, request: HttpRequest, obj: Contest | None = None) -> bool:
        """Let the contest's managers add."""
        return super().has_add_permission(request, obj) or _manages(request, obj)

    @override
    def has_change_permission(self, request: HttpRequest, obj: Contest | None = None) -> bool:
        """Let the contest's managers change."""
        return super().has_change_permission(request, obj) or _manages(request, obj)

    @override
    def has_delete_permission(self, request: HttpRequest, obj: Contest | None = None) -> bool:
        """Let the contest's managers delete."""
        return super().has_delete_permission(request, obj) or _manages(request, obj)


class AccountField(forms.ModelChoiceField[User]):
    """An account by its user name, for people who may not browse all of them."""

    widget = forms.TextInput

    def __init__(self, **kwargs: Any) -> None:
        unknown = {"invalid_choice": "There is no account of this name."}
        super().__init__(
            queryset=User.objects.all(),
            to_field_name="username",
            error_messages=unknown,
            **{"help_text": "The user name.", **kwargs},
        )

    @override
    def prepare_value(self, value: Any) -> Any:
        """Show a stored account by its name."""
        if isinstance(value, int):
            return User.objects.filter(pk=value).values_list("username", flat=True).first()
        return super().prepare_value(value)


class ContestFilter(admin.SimpleListFilter):
    """By contest: those that the user judges, the newest first."""

    title = "contest"
    parameter_name = "contest"

    @override
    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Name the contests."""
        rows = rights_of(request).judged_contests().order_by("-created_at", "-id")
        newest = rows.values_list("pk", "title")[:CONTESTS_IN_FILTER_MAX]
        return [(str(pk), title) for pk, title in newest]

    @override
    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Narrow to one contest."""
        text = self.value()
        if text is None:
            return queryset
        return queryset.filter(contest=text) if text.isdecimal() else queryset.none()


def _manages(request: HttpRequest, obj: Contest | None) -> bool:
    return obj is not None and obj.pk in rights_of(request).managed_contest_ids


def _is_final(contest: Contest | None) -> bool:
    return contest is not None and contest.finalized_at is not None
