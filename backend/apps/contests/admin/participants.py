"""Participants and what they come from."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from typing_extensions import override

from apps.contests.admin.scope import AccountField, ContestFilter, ContestScopedAdmin, rights_of
from apps.contests.models import Contest, ContestParticipant, Organization
from apps.contests.services import entrants
from apps.contests.services.disqualification import disqualify, reinstate
from apps.contests.services.participation import MAIN_KINDS
from apps.contests.signals import boards_needed
from apps.core.confirmation import Question, ask, is_confirmed, selection
from apps.core.errors import ClientError
from apps.core.exports import csv_response
from apps.users.admin.actors import actor_of

STANDINGS_HEADER = (
    "contest",
    "rank",
    "user",
    "name",
    "organization",
    "kind",
    "state",
    "final score",
    "penalty",
    "last improved",
    "joined",
)
REACHED = ("final_score", "penalty", "rank", "last_improved_at", "has_submitted")
# What the page says of the row itself.
OWN_FIELDS = ("kind", "name", "is_team", "label", "organization", "started_at", "extra_time_s")
DISQUALIFIED_SHOWN_MAX = 10
Row = ContestParticipant


class ParticipantForm(forms.ModelForm[ContestParticipant]):
    """A participant of a contest that may still change."""

    def clean_contest(self) -> Contest:
        """Refuse a final contest.

        Raises:
            ValidationError: Its results are final.
        """
        contest: Contest = self.cleaned_data["contest"]
        if contest.finalized_at is not None:
            raise forms.ValidationError("The contest's results are final.")
        return contest

    @override
    def full_clean(self) -> None:
        """Say what the act would refuse."""
        super().full_clean()
        if not self.is_bound or self.errors:
            return
        faults = entrants.faults_of(self.instance, list(self.cleaned_data["members"]))
        for name, texts in faults.items():
            self.add_error(name if name in self.fields else None, texts)


class DisqualificationForm(forms.Form):
    """Why."""

    reason = forms.CharField(
        max_length=500, help_text="Kept with the participant and in the audit trail."
    )


@admin.register(ContestParticipant)
class ParticipantAdmin(ContestScopedAdmin):
    """Participants over all contests."""

    role_managers_change = True
    form = ParticipantForm
    list_display = [
        "display_name",
        "contest",
        "kind",
        "state",
        "rank",
        "final_score",
        "penalty",
        "extra_time_s",
        "joined_at",
    ]
    list_filter = [ContestFilter, "kind", "state", "is_team"]
    list_select_related = ["user", "contest"]
    search_fields = ["user__username", "user__email", "name", "contest__title"]
    autocomplete_fields = ["contest", "user"]
    filter_horizontal = ["groups"]
    raw_id_fields = ["members"]
    fieldsets = [
        (None, {"fields": [("contest", "user"), ("kind", "state"), ("name", "label")]}),
        ("Team", {"fields": ["is_team", "members", "organization", "groups"]}),
        ("Own clock", {"fields": [("started_at", "extra_time_s")]}),
        ("Reached", {"fields": [REACHED]}),
        ("Disqualified", {"fields": [("disqualified_at", "disqualification_reason")]}),
    ]
    readonly_fields = [*REACHED, "disqualified_at", "disqualification_reason"]
    show_full_result_count = False
    actions = ["export_standings", "disqualify", "reinstate"]

    @override
    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Leave out of lists what may be long."""
        return super().get_queryset(request).defer("contest__description")

    @override
    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Keep who it is; the state changes by disqualifying and reinstating."""
        readonly = [*super().get_readonly_fields(request, obj), "state"]
        if obj is None:
            return readonly
        is_virtual = obj.kind == Row.Kind.VIRTUAL
        return [*readonly, "contest", "user", *(["kind"] if is_virtual else [])]

    @override
    def formfield_for_choice_field(
        self, db_field: Any, request: HttpRequest, **kwargs: Any
    ) -> forms.TypedChoiceField | None:
        """Offer the kinds that managers decide about; people begin virtual ones themselves."""
        if db_field.name == "kind":
            kwargs["choices"] = [(each.value, each.label) for each in MAIN_KINDS]
        return super().formfield_for_choice_field(db_field, request, **kwargs)

    @override
    def get_autocomplete_fields(self, request: HttpRequest) -> Any:
        """Offer the search to who may see every account and contest."""
        may_search = request.user.has_perm("users.view_user")
        return super().get_autocomplete_fields(request) if may_search else []

    @override
    def formfield_for_foreignkey(
        self, db_field: Any, request: HttpRequest, **kwargs: Any
    ) -> forms.ModelChoiceField[Any] | None:
        """Let role managers choose among their contests, and name the account."""
        if not request.user.has_perm("users.view_user"):
            if db_field.name == "user":
                return AccountField()
            if db_field.name == "contest":
                kwargs["queryset"] = Contest.objects.filter(
                    pk__in=rights_of(request).managed_contest_ids, finalized_at=None
                )
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    @override
    def save_model(
        self, request: HttpRequest, obj: ContestParticipant, form: Any, change: bool
    ) -> None:
        """Do what was said, as the API does."""
        said = form.cleaned_data
        fields = {name: said[name] for name in form.changed_data if name in OWN_FIELDS}
        actor = actor_of(request)
        members, groups = list(said["members"]), list(said["groups"])
        if change:
            entrants.change(
                participant=obj, members=members, groups=groups, fields=fields, actor=actor
            )
            return
        added = entrants.add(
            contest=obj.contest,
            user=obj.user,
            members=members,
            groups=groups,
            fields=fields,
            actor=actor,
        )
        obj.pk = added.pk

    @override
    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Leave it at that: members and groups are stored with the row."""

    @override
    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Say so when somebody else was faster."""
        try:
            return super().changeform_view(request, *args, **kwargs)
        except ClientError as error:
            self.message_user(request, error.detail, messages.ERROR)
            return redirect(request.path)

    @override
    def delete_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Say why somebody has to stay."""
        try:
            return super().delete_view(request, *args, **kwargs)
        except ClientError as error:
            self.message_user(request, error.detail, messages.ERROR)
            return redirect("admin:contests_contestparticipant_changelist")

    @override
    def delete_model(self, request: HttpRequest, obj: ContestParticipant) -> None:
        """Take somebody off the list, as the API does."""
        entrants.remove(participant=obj, actor=actor_of(request))

    @override
    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Row]) -> None:
        """Take several off the list."""
        for participant in queryset:
            try:
                entrants.remove(participant=participant, actor=actor_of(request))
            except ClientError as error:
                self.message_user(request, f"{participant}: {error.detail}", messages.WARNING)

    @admin.action(description="Export the selected participants as CSV", permissions=["view"])
    def export_standings(self, request: HttpRequest, queryset: QuerySet[Row]) -> HttpResponse:
        """Download who has reached what."""
        return standings_response(queryset)

    @admin.action(description="Disqualify...", permissions=["change"])
    def disqualify(self, request: HttpRequest, queryset: QuerySet[Row]) -> HttpResponse | None:
        """Take participants out of the ranking, with a reason."""
        form = DisqualificationForm(request.POST if is_confirmed(request) else None)
        if not form.is_valid():
            effects = _who(queryset, "will be out of the ranking and submit no more")
            return self._ask(request, "Disqualify participants", effects, "Disqualify", form)
        reason = form.cleaned_data["reason"]
        return self._each(
            request,
            queryset,
            lambda row: disqualify(participant=row, reason=reason, actor=actor_of(request)),
            "disqualified",
        )

    @admin.action(description="Take the disqualification back...", permissions=["change"])
    def reinstate(self, request: HttpRequest, queryset: QuerySet[Row]) -> HttpResponse | None:
        """Put participants back into the ranking."""
        out = queryset.filter(state=Row.State.DISQUALIFIED)
        if not is_confirmed(request):
            effects = _who(out, "will be in the ranking again")
            return self._ask(request, "Take disqualifications back", effects, "Take back", None)
        return self._each(
            request,
            out,
            lambda row: reinstate(participant=row, actor=actor_of(request)),
            "in the ranking again",
        )

    def _ask(
        self,
        request: HttpRequest,
        title: str,
        effects: list[str],
        button: str,
        form: forms.Form | None,
    ) -> HttpResponse:
        question = Question(
            title=title,
            effects=effects,
            button=button,
            back_url=reverse("admin:contests_contestparticipant_changelist"),
            form=form,
            hidden=selection(request),
        )
        return ask(request, self, question)

    def _each(
        self, request: HttpRequest, rows: QuerySet[Row], act: Any, done: str
    ) -> HttpResponse | None:
        """Do it to each that the user may change; say how many, and why not the others."""
        count = 0
        for participant in rows.select_related("contest", "user"):
            if not self.has_change_permission(request, participant):
                reason = "its results are final, or it is another manager's contest"
                self.message_user(request, f"{participant}: {reason}.", messages.WARNING)
                continue
            try:
                act(participant)
            except ClientError as error:
                self.message_user(request, f"{participant}: {error.detail}", messages.WARNING)
                continue
            count += 1
        self.message_user(request, f"{count} participants are {done}.", messages.SUCCESS)
        return None


@admin.register(Organization)
class OrganizationAdmin(admin.ModelAdmin[Organization]):
    """What participants come from."""

    list_display = ["name", "formal_name", "country"]
    search_fields = ["name", "formal_name"]


def standings_response(participants: QuerySet[ContestParticipant]) -> HttpResponse:
    """Make a download of participants, in the order they come; it is for the jury."""
    for contest_id in sorted(set(participants.values_list("contest", flat=True))):
        boards_needed.send(sender=Contest, contest_id=contest_id)
    rows = (
        (
            each.contest.title,
            each.rank,
            each.user.get_username(),
            each.display_name,
            each.organization and each.organization.name,
            each.kind,
            each.state,
            each.final_score,
            each.penalty,
            each.last_improved_at,
            each.joined_at,
        )
        for each in participants.select_related("contest", "user", "organization").defer(
            "cells", "contest__description"
        )
    )
    return csv_response("standings.csv", STANDINGS_HEADER, rows)


def _who(rows: QuerySet[Row], what: str) -> list[str]:
    count = rows.count()
    shown = [str(row) for row in rows.select_related("user", "contest")[:DISQUALIFIED_SHOWN_MAX]]
    more = [f"and {count - len(shown)} more"] if count > len(shown) else []
    return [f"{count} participants {what}:", *shown, *more]
