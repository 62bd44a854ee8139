"""Pages that say what an act would do, and to how many, before it is done."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.contrib.admin import ModelAdmin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

CONFIRMED = "confirmed"
SELECTED_MAX = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked before an act: its effects in whole sentences, and what else has to be said."""

    title: str
    effects: Sequence[str]
    button: str
    back_url: str
    form: forms.Form | None = None
    is_possible: bool = True
    hidden: Mapping[str, Sequence[str]] = field(default_factory=dict)


def is_confirmed(request: HttpRequest) -> bool:
    """Tell whether somebody has read the page and pressed its button."""
    return request.method == "POST" and request.POST.get(CONFIRMED) == "yes"


def ask(request: HttpRequest, page: ModelAdmin[Any], question: Question) -> HttpResponse:
    """Show the page; its button posts to the same address."""
    context = {
        **page.admin_site.each_context(request),
        "opts": page.opts,
        "title": question.title,
        "question": question,
        "confirmed": CONFIRMED,
        "hidden": [(name, value) for name, values in question.hidden.items() for value in values],
    }
    return TemplateResponse(request, "admin/confirmation.html", context)


def selection(request: HttpRequest) -> dict[str, Sequence[str]]:
    """Give what a page has to post again so that the same action runs on the same rows."""
    names = ("action", "select_across", ACTION_CHECKBOX_NAME)
    return {name: request.POST.getlist(name) for name in names}
