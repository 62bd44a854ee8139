"""Importing accounts and participants from a table: a report, a decision, the made passwords."""

import base64
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse

from apps.contests.models import Contest
from apps.contests.services.participant_import import (
    ImportedAccount,
    import_table,
    plan_import,
)
from apps.contests.services.participant_table import COLUMNS, ROWS_MAX, TABLE_BYTES_MAX
from apps.core.confirmation import CONFIRMED, is_confirmed
from apps.core.errors import ClientError
from apps.core.exports import csv_response
from apps.users.admin.actors import actor_of

REPORT_HEADER = ("username", "participant", "account", "password")


class TableForm(forms.Form):
    """Takes a file."""

    file = forms.FileField(
        label="Table",
        help_text=(
            f"CSV in UTF-8, its first line names the columns: {', '.join(COLUMNS)}. Only username"
            f" is needed. At most {ROWS_MAX} rows. Rows of one team make one participant; the first"
            " row's account stands for it. Nothing is stored before you have seen a report."
        ),
    )

    def clean_file(self) -> UploadedFile:
        """Bound the file.

        Raises:
            ValidationError: It is too large.
        """
        file: UploadedFile = self.cleaned_data["file"]
        if (file.size or 0) > TABLE_BYTES_MAX:
            raise forms.ValidationError(f"At most {TABLE_BYTES_MAX} bytes are taken.")
        return file


def import_view(
    page: admin.ModelAdmin[Any], request: HttpRequest, contest: Contest
) -> HttpResponse:
    """Take a table, report on it, and import it once that is confirmed.

    Raises:
        PermissionDenied: The user may not change the contest.
    """
    if not page.has_change_permission(request, contest):
        raise PermissionDenied
    if is_confirmed(request):
        return _import(page, request, contest)
    form = TableForm(request.POST or None, request.FILES or None)
    context: dict[str, Any] = {"form": form, "contest": contest}
    if request.method == "POST" and form.is_valid():
        table: bytes = form.cleaned_data["file"].read()
        plan = plan_import(contest=contest, table=table)
        context |= {
            "plan": plan,
            "table": base64.b64encode(table).decode(),
            "confirmed": CONFIRMED,
        }
    return _shown(page, request, context)


def _import(page: admin.ModelAdmin[Any], request: HttpRequest, contest: Contest) -> HttpResponse:
    try:
        table = base64.b64decode(request.POST.get("table", ""), validate=True)
        accounts = import_table(
            contest=contest,
            table=table,
            fingerprint=request.POST.get("fingerprint", ""),
            actor=actor_of(request),
        )
    except ValueError:
        page.message_user(request, "The table got lost; upload it again.", messages.ERROR)
        return redirect("admin:contests_contest_import", contest.pk)
    except ClientError as error:
        page.message_user(request, error.detail, messages.ERROR)
        return redirect("admin:contests_contest_import", contest.pk)
    context = {
        "contest": contest,
        "accounts": accounts,
        "report": base64.b64encode(_report(accounts)).decode(),
    }
    # It has passwords; the admin forbids to store any page.
    return _shown(page, request, context)


def _report(accounts: list[ImportedAccount]) -> bytes:
    rows = (
        (each.username, each.participant, "new" if each.is_new else "was there", each.password)
        for each in accounts
    )
    return csv_response("accounts.csv", REPORT_HEADER, rows).content


def _shown(
    page: admin.ModelAdmin[Any], request: HttpRequest, context: dict[str, Any]
) -> TemplateResponse:
    title = f"Import participants: {context['contest']}"
    base = {**page.admin_site.each_context(request), "opts": page.opts, "title": title}
    return TemplateResponse(request, "admin/contests/import_participants.html", base | context)
