"""The page of a contest: its rules, problems, jury and groups."""

from collections.abc import Collection, Sequence
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db.models import Count, Field, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.safestring import SafeString, mark_safe
from typing_extensions import override

from apps.audit import services as audit
from apps.contests.admin.participants import standings_response
from apps.contests.admin.scope import AccountField, ContestScopedAdmin, OfContestInline, rights_of
from apps.contests.formats import FORMATS, describe
from apps.contests.models import (
    Contest,
    ContestGroup,
    ContestParticipant,
    ContestProblem,
    ContestRole,
)
from apps.contests.services import contests
from apps.contests.services.problems import problems_shown_in_full
from apps.contests.services.roles import reason_against_role
from apps.contests.services.waiting_list import fill_places
from apps.contests.signals import rules_changed
from apps.problems.models import LANGUAGE_CHOICES
from apps.problems.rendering import render_statement
from apps.users.admin.actors import actor_of
from apps.users.models import User

FIELDSETS: Any = [
    (
        None,
        {"fields": ["title", "description", "rendered_description", ("is_active", "is_published")]},
    ),
    (
        "Times",
        {
            "fields": [
                ("start_time", "end_time", "freeze_time"),
                ("window_minutes", "time_zone"),
                ("allows_virtual", "allows_practice"),
            ],
            "description": "In UTC.",
        },
    ),
    ("Scoring", {"fields": [("format", "format_config"), ("board_access", "feedback")]}),
    (
        "Who may enter",
        {
            "fields": [
                ("access", "access_code"),
                ("registration_opens_at", "registration_closes_at"),
                ("max_participants", "has_waiting_list"),
            ]
        },
    ),
    (
        "Submissions",
        {
            "fields": [
                "allowed_languages",
                ("submissions_max", "cooldown_s", "code_bytes_max"),
            ]
        },
    ),
    ("Elsewhere", {"fields": ["external_id"], "classes": ["collapse"]}),
]


def _without(names: Collection[str], rows: Sequence[str | tuple[str, ...]]) -> list[Any]:
    kept = (
        (row if row not in names else ())
        if isinstance(row, str)
        else tuple(name for name in row if name not in names)
        for row in rows
    )
    return [row for row in kept if row]


class ContestProblemInline(OfContestInline):
    """The problems of a contest, in their order."""

    model = ContestProblem
    fields = ["order", "label", "problem", "points", "color"]
    autocomplete_fields = ["problem"]
    extra = 0

    @override
    def formfield_for_dbfield(
        self, db_field: Field[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> Any:
        """Let the row fit the page."""
        if db_field.name in {"label", "color"}:
            kwargs["widget"] = forms.TextInput(attrs={"size": 8})
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    @override
    def get_autocomplete_fields(self, request: HttpRequest) -> Any:
        """Offer the search to who may see every problem."""
        may_search = request.user.has_perm("problems.view_problem")
        return super().get_autocomplete_fields(request) if may_search else []

    @override
    def formfield_for_foreignkey(
        self, db_field: Any, request: HttpRequest, **kwargs: Any
    ) -> forms.ModelChoiceField[Any] | None:
        """Offer role managers the problems that they know in full: who sets one sees its tests."""
        if db_field.name == "problem" and not request.user.has_perm("problems.view_problem"):
            kwargs["queryset"] = problems_shown_in_full(rights_of(request))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


class RoleForm(forms.ModelForm[ContestRole]):
    """A role for somebody who does not compete."""

    def clean_user(self) -> User:
        """Refuse who is ranked.

        Raises:
            ValidationError: They compete.
        """
        user: User = self.cleaned_data["user"]
        contest = self.instance.contest
        reason = reason_against_role(contest, user) if contest.pk else None
        if reason:
            raise forms.ValidationError(reason)
        return user


class RoleInline(OfContestInline):
    """Who runs a contest."""

    model = ContestRole
    form = RoleForm
    extra = 0

    @override
    def formfield_for_foreignkey(
        self, db_field: Any, request: HttpRequest, **kwargs: Any
    ) -> forms.ModelChoiceField[Any] | None:
        """Ask for the user name."""
        if db_field.name == "user":
            return AccountField(help_text="")
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


class GroupInline(OfContestInline):
    """The groups of a contest's participants."""

    model = ContestGroup
    extra = 0


class ContestAdmin(ContestScopedAdmin):
    """Contests. Registered by `code_execution.admin`, which can rank them by the submissions."""

    contest_lookup = "pk"
    role_managers_change = True
    list_display = ["title", "is_published", "is_active", "start_time", "end_time", "how_many"]
    list_filter = ["is_active", "is_published", "start_time", "end_time"]
    search_fields = ["title"]
    # Said again, as counting along drops the model's own.
    ordering = ["-created_at", "-id"]
    fieldsets = FIELDSETS
    readonly_fields = ["rendered_description"]
    inlines = [ContestProblemInline, RoleInline, GroupInline]
    actions = ["export_standings"]

    class Media:
        css: ClassVar[dict[str, list[str]]] = {"all": ["admin/problems/statement.css"]}
        js: ClassVar[list[Any]] = [forms.Script("core/maths_on_page.js", type="module")]

    @override
    def get_queryset(self, request: HttpRequest) -> QuerySet[Contest]:
        """Count the participants along."""
        rows: QuerySet[Contest] = super().get_queryset(request)
        return rows.annotate(participant_count=Count("participants"))

    @override
    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Keep the access code from judges, who do not decide who may enter.

        What is stored is shown once there is something.
        """
        hidden = {
            *(() if self.has_change_permission(request, obj) else ("access_code",)),
            *(() if obj is not None and obj.description else ("rendered_description",)),
        }
        return [
            (title, {**options, "fields": _without(hidden, options["fields"])})
            for title, options in FIELDSETS
        ]

    @override
    def formfield_for_dbfield(
        self, db_field: Field[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> Any:
        """Offer the languages to tick; say what each format may be told."""
        if db_field.name == "allowed_languages":
            return forms.MultipleChoiceField(
                choices=LANGUAGE_CHOICES,
                widget=forms.CheckboxSelectMultiple,
                required=False,
                help_text="None ticked: all.",
            )
        if db_field.name == "format_config":
            kwargs["help_text"] = format_html_join(
                mark_safe("<br>"),
                "{} {}",
                ((name, describe(each.options)) for name, each in FORMATS.items()),
            )
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    @override
    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Contest | None:
        """Keep others from changing a contest, or who takes part, while it is being changed."""
        found: Contest | None = super().get_object(request, object_id, from_field)
        if found is None or request.method != "POST":
            return found
        contests.lock_contest(found.pk)
        locked: Contest | None = super().get_object(request, object_id, from_field)
        return locked

    @override
    def has_add_permission(self, request: HttpRequest) -> bool:
        """Let managers of every contest make new ones; a role is in one that is there."""
        return admin.ModelAdmin.has_add_permission(self, request)

    @override
    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let managers of every contest delete."""
        return admin.ModelAdmin.has_delete_permission(self, request, obj)

    @admin.display(description="as participants see it")
    def rendered_description(self, contest: Contest) -> SafeString:
        """Give the stored description as HTML."""
        return mark_safe(render_statement(contest.description))  # noqa: S308 - it is sanitized

    @admin.display(description="participants", ordering="participant_count")
    def how_many(self, contest: Contest) -> int:
        """Give the number of participants."""
        count: int = getattr(contest, "participant_count", 0)
        return count

    @override
    def save_form(self, request: HttpRequest, form: Any, change: bool) -> Contest:
        """Remember what was before, for the audit trail."""
        contest: Contest = super().save_form(request, form, change)
        before = contests.state_of(Contest.objects.get(pk=contest.pk)) if change else {}
        form.state_before = before
        return contest

    @override
    def save_model(self, request: HttpRequest, obj: Contest, form: Any, change: bool) -> None:
        """Note who made it; of one that is there, write what was changed on the page alone."""
        if not change:
            obj.created_by = actor_of(request)
            obj.save()
        elif form.changed_data:
            obj.save(update_fields=form.changed_data)

    @override
    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Store what stands on the page too, note the act, and have places and boards follow."""
        super().save_related(request, form, formsets, change)
        contest: Contest = form.instance
        before, after = audit.changes(form.state_before, contests.state_of(contest))
        audit.record(
            actor=actor_of(request),
            act="contest.change" if change else "contest.create",
            of=contest,
            contest_id=contest.pk,
            before=before,
            after=after,
        )
        fill_places(contest, timezone.now())
        rules_changed.send(sender=Contest, contest=contest)

    @override
    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Say which accounts go with an imported contest."""
        to_delete, model_count, perms_needed, protected = super().get_deleted_objects(objs, request)
        accounts = sum(contests.imported_accounts(each).count() for each in objs)
        if accounts:
            what = "accounts that came with the import, with their submissions"
            model_count = {**model_count, what: accounts}
            to_delete = [*to_delete, f"{accounts} {what}"]
        return to_delete, model_count, perms_needed, protected

    @override
    def delete_model(self, request: HttpRequest, obj: Contest) -> None:
        """Note who deleted it."""
        contests.delete_contest(contest=obj, actor=actor_of(request))

    @override
    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Contest]) -> None:
        """Note who deleted them."""
        for contest in queryset:
            contests.delete_contest(contest=contest, actor=actor_of(request))

    @admin.action(description="Export the standings as CSV", permissions=["view"])
    def export_standings(self, request: HttpRequest, queryset: QuerySet[Contest]) -> HttpResponse:
        """Download who has reached what."""
        participants = ContestParticipant.objects.filter(contest__in=queryset)
        return standings_response(participants.order_by("contest", "rank", "joined_at"))
