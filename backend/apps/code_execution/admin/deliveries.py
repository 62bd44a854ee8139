"""Deliveries of results: the execution service's events, each with its attempts, and acts."""

import re
from collections.abc import Callable, Sequence
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.http import urlencode
from typing_extensions import override

from apps.code_execution import deliveries
from apps.code_execution.deliveries import CHOSEN_MAX, Choice, EventPage, EventQuery
from apps.code_execution.models import Delivery
from apps.code_execution.sent_events import EventStatus, ReceiverState, SentEvent
from apps.contests.domain import ID_MAX
from apps.core.confirmation import Question, ask, is_confirmed
from apps.core.errors import ClientError, ServiceError
from apps.core.read_only_admin import ReadOnlyAdmin
from apps.users.admin.actors import actor_of

LIST = "admin:code_execution_delivery_changelist"
EVENT = "admin:code_execution_delivery_change"
CHOSEN = "event"


class EventFilterForm(forms.Form):
    """Which events to show; times are in UTC."""

    status = forms.ChoiceField(
        required=False, choices=[("", "all"), *((each.value, each.value) for each in EventStatus)]
    )
    submission = forms.IntegerField(required=False, min_value=1, max_value=ID_MAX)
    created_from = forms.DateTimeField(required=False, label="made from")
    created_until = forms.DateTimeField(required=False, label="until")
    before = forms.IntegerField(
        required=False, min_value=1, max_value=ID_MAX, widget=forms.HiddenInput
    )

    def to_query(self) -> EventQuery:
        """Give what the service works with."""
        given = self.cleaned_data
        return EventQuery(
            status=EventStatus(given["status"]) if given["status"] else None,
            submission_id=given["submission"],
            created_from=given["created_from"],
            created_until=given["created_until"],
            before=given["before"],
        )


@admin.register(Delivery)
class DeliveryAdmin(ReadOnlyAdmin):
    """What the execution service has sent, and how to get it again."""

    @override
    def get_urls(self) -> list[URLPattern]:
        """Serve pages of its own, as there are no rows."""
        pages: list[tuple[str, Callable[..., HttpResponse], str]] = [
            ("", self.changelist_view, "changelist"),
            ("resend/", self.resend_chosen_view, "resend_chosen"),
            ("resend-failed/", self.resend_failed_view, "resend_failed"),
            ("enable/", self.enable_view, "enable"),
            ("<int:event_id>/", self.event_view, "change"),
            ("<int:event_id>/resend/", self.resend_view, "resend"),
        ]
        return [
            path(route, self.admin_site.admin_view(view), name=f"code_execution_delivery_{name}")
            for route, view, name in pages
        ]

    @override
    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show whether results are sent, and the events that fit the filter.

        Raises:
            PermissionDenied: The user may not see it.
        """
        self._expect_reader(request)
        form = EventFilterForm(request.GET)
        query = form.to_query() if form.is_valid() else None
        page, state, fault = _look(query)
        older = None
        if page is not None and page.before is not None:
            filters: dict[str, Any] = request.GET.dict()
            older = "?" + urlencode({**filters, "before": page.before})
        context = {
            **self._context(request, title="Deliveries"),
            "form": form,
            "page": page,
            "state": state,
            "fault": fault,
            "older": older,
            "may_resend": self._may_resend(request),
        }
        return TemplateResponse(request, "admin/code_execution/deliveries.html", context)

    def event_view(self, request: HttpRequest, event_id: int) -> HttpResponse:
        """Show an event with its attempts.

        Raises:
            PermissionDenied: The user may not see it.
        """
        self._expect_reader(request)
        event: SentEvent | None = None
        fault = None
        try:
            event = deliveries.find_event(event_id)
        except ServiceError as error:
            fault = error.detail
        context = {
            **self._context(request, title=f"Event {event_id}"),
            "event": event,
            "fault": fault,
            "may_resend": self._may_resend(request),
        }
        return TemplateResponse(request, "admin/code_execution/delivery.html", context)

    def resend_view(self, request: HttpRequest, event_id: int) -> HttpResponse:
        """Send an event again.

        Raises:
            PermissionDenied: The user may not, or only looks.
        """
        self._expect_sender(request)
        self._try(
            request,
            lambda: deliveries.resend_event(event_id, actor=actor_of(request)),
            lambda event: f"Event {event.id} is sent again.",
        )
        return redirect(EVENT, event_id)

    def resend_chosen_view(self, request: HttpRequest) -> HttpResponse:
        """Send the ticked events again.

        Raises:
            PermissionDenied: The user may not, or only looks.
        """
        self._expect_sender(request)
        chosen = _ids(request.POST.getlist(CHOSEN))
        if chosen:
            self._resend(request, Choice(ids=chosen))
        else:
            self.message_user(request, "Choose the events to send again.", messages.WARNING)
        return redirect(LIST)

    def resend_failed_view(self, request: HttpRequest) -> HttpResponse:
        """Send again what was given up, after asking.

        Raises:
            PermissionDenied: The user may not.
        """
        self._expect_permission(request)
        if not is_confirmed(request):
            effects = [
                f"Up to {CHOSEN_MAX} events that were given up are sent again, the oldest first.",
                "A result that has been applied already changes nothing.",
            ]
            question = Question(
                title="Send all failed events again",
                effects=effects,
                button="Send them again",
                back_url=reverse(LIST),
            )
            return ask(request, self, question)
        self._resend(request, Choice(status=EventStatus.FAILED))
        return redirect(LIST)

    def enable_view(self, request: HttpRequest) -> HttpResponse:
        """Have results sent again, after asking.

        Raises:
            PermissionDenied: The user may not.
        """
        self._expect_permission(request)
        if not is_confirmed(request):
            question = Question(
                title="Enable deliveries",
                effects=["The execution service sends results again, and all that waits."],
                button="Enable deliveries",
                back_url=reverse(LIST),
            )
            return ask(request, self, question)
        self._try(
            request,
            lambda: deliveries.enable_receiver(actor=actor_of(request)),
            lambda state: f"Deliveries are enabled; {state.pending} events were waiting.",
        )
        return redirect(LIST)

    def _resend(self, request: HttpRequest, choice: Choice) -> None:
        self._try(
            request,
            lambda: deliveries.resend_events(choice, actor=actor_of(request)),
            lambda done: (
                f"{done.resent} events are sent again"
                f"{'; there may be more' if done.has_more else ''}."
            ),
        )

    def _try(
        self, request: HttpRequest, act: Callable[[], Any], done: Callable[[Any], str]
    ) -> None:
        """Act, and tell the user what came of it."""
        try:
            outcome = act()
        except ServiceError as error:
            level = messages.WARNING if isinstance(error, ClientError) else messages.ERROR
            self.message_user(request, error.detail, level)
        else:
            self.message_user(request, done(outcome), messages.SUCCESS)

    def _context(self, request: HttpRequest, *, title: str) -> dict[str, Any]:
        return {**self.admin_site.each_context(request), "title": title, "opts": self.opts}

    def _may_resend(self, request: HttpRequest) -> bool:
        return request.user.has_perm("code_execution.resend_delivery")

    def _expect_reader(self, request: HttpRequest) -> None:
        if not self.has_view_permission(request):
            raise PermissionDenied

    def _expect_permission(self, request: HttpRequest) -> None:
        if not self._may_resend(request):
            raise PermissionDenied

    def _expect_sender(self, request: HttpRequest) -> None:
        self._expect_permission(request)
        if request.method != "POST":
            raise PermissionDenied


def _look(query: EventQuery | None) -> tuple[EventPage | None, ReceiverState | None, str | None]:
    """Ask for what the page shows; the last is why there is nothing."""
    try:
        state = deliveries.receiver()
        page = None if query is None else deliveries.list_events(query)
    except ServiceError as error:
        return None, None, error.detail
    return page, state, None


def _ids(texts: Sequence[str]) -> list[int]:
    """Read the ids of ticked events, as many as are sent again at once."""
    digits = [each for each in texts[:CHOSEN_MAX] if re.fullmatch(r"[1-9][0-9]{0,17}", each)]
    return [int(each) for each in digits]
