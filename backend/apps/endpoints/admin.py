"""Endpoints and what they were sent, in the admin. They are made at the API."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from typing_extensions import override

from apps.core.bounded_paginator import BoundedPaginator
from apps.core.confirmation import SELECTED_MAX
from apps.core.errors import ClientError
from apps.core.outgoing import parse
from apps.core.read_only_admin import ReadOnlyAdmin
from apps.endpoints import services
from apps.endpoints.models import (
    Endpoint,
    EndpointAttempt,
    EndpointDelivery,
    EndpointSecret,
)
from apps.users.admin.actors import actor_of


class LogInline(admin.TabularInline[Any, Any]):
    """Rows that the system writes."""

    extra = 0
    can_delete = False

    @override
    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Allow nobody to add."""
        return False

    @override
    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Allow nobody to change."""
        return False

    @override
    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let look who may look at what they belong to."""
        return True


class SecretInline(LogInline):
    """Secrets by their beginnings."""

    model = EndpointSecret
    fields = ["prefix", "created_at", "expires_at"]


class AttemptInline(LogInline):
    """Tries to deliver."""

    model = EndpointAttempt
    fields = ["at", "status", "latency_ms", "error", "response"]


class LogAdmin(ReadOnlyAdmin):
    """Rows on which one may act, and which nobody adds, changes or deletes here."""

    paginator = BoundedPaginator

    @override
    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Allow nobody to delete."""
        return False

    def has_act_permission(self, request: HttpRequest) -> bool:
        """Tell whether acts may be offered."""
        return request.user.has_perm(f"endpoints.change_{self.opts.model_name}")

    def do_each(
        self,
        request: HttpRequest,
        queryset: QuerySet[Any],
        act: Callable[[Any], object],
        *,
        done: str,
    ) -> None:
        """Do an act on each row, and say how many and what was refused."""
        count = 0
        for row in queryset[:SELECTED_MAX]:
            try:
                act(row)
            except ClientError as error:
                self.message_user(request, f"{row}: {error.detail}", messages.WARNING)
            else:
                count += 1
        self.message_user(request, f"{count} {done}", messages.SUCCESS)


@admin.register(Endpoint)
class EndpointAdmin(LogAdmin):
    """Addresses of other teams."""

    inlines = [SecretInline]
    list_display = ["id", "origin", "owner", "scope", "contest", "disabled_for", "failing_since"]
    list_filter = ["scope", "disabled_for"]
    list_select_related = ["owner", "contest"]
    search_fields = ["=id", "owner__username", "url"]
    actions = ["ping", "enable", "disable", "resend_dead"]
    fields = [
        "owner",
        "url",
        ("scope", "contest"),
        "event_types",
        "description",
        ("created_at", "active_since"),
        ("disabled_at", "disabled_for"),
        ("failing_since", "last_failure_at"),
    ]

    @admin.display(description="address", ordering="url")
    def origin(self, endpoint: Endpoint) -> str:
        """Leave out the path, which may be a secret."""
        return parse(endpoint.url).origin

    @admin.action(description="Send a ping", permissions=["act"])
    def ping(self, request: HttpRequest, queryset: QuerySet[Endpoint]) -> None:
        """Have each sent something that tells nothing."""
        actor = actor_of(request)
        self.do_each(
            request,
            queryset,
            lambda each: services.ping(endpoint=each, actor=actor),
            done="pings wait to be sent; the deliveries say how that went.",
        )

    @admin.action(description="Switch on again", permissions=["act"])
    def enable(self, request: HttpRequest, queryset: QuerySet[Endpoint]) -> None:
        """Enable each."""
        actor = actor_of(request)
        self.do_each(
            request,
            queryset,
            lambda each: services.enable(endpoint=each, actor=actor),
            done="endpoints are on.",
        )

    @admin.action(description="Switch off", permissions=["act"])
    def disable(self, request: HttpRequest, queryset: QuerySet[Endpoint]) -> None:
        """Disable each."""
        actor = actor_of(request)
        reason = Endpoint.Disabled.BY_HAND
        self.do_each(
            request,
            queryset,
            lambda each: services.disable(endpoint=each, reason=reason, actor=actor),
            done="endpoints are off.",
        )

    @admin.action(description="Send again what was given up", permissions=["act"])
    def resend_dead(self, request: HttpRequest, queryset: QuerySet[Endpoint]) -> None:
        """Have what was given up sent again, for each."""
        actor = actor_of(request)
        dead = EndpointDelivery.objects.filter(state=EndpointDelivery.State.DEAD)
        self.do_each(
            request,
            queryset,
            lambda each: services.resend(endpoint=each, deliveries=dead, actor=actor),
            done="endpoints are sent again what was given up.",
        )


@admin.register(EndpointDelivery)
class EndpointDeliveryAdmin(LogAdmin):
    """What endpoints were and are to be sent."""

    inlines = [AttemptInline]
    list_display = [
        "id",
        "endpoint",
        "event_type",
        "state",
        "attempts",
        "next_attempt_at",
        "created_at",
    ]
    list_filter = ["state", "event__type", "created_at"]
    list_select_related = ["endpoint", "event"]
    search_fields = ["=endpoint__id", "=id"]
    actions = ["resend"]
    fields = [
        ("endpoint", "event", "event_type"),
        ("state", "attempts"),
        ("created_at", "next_attempt_at", "finished_at"),
    ]
    readonly_fields = ["event_type"]

    @admin.display(description="tells", ordering="event__type")
    def event_type(self, delivery: EndpointDelivery) -> str:
        """Say what kind of event it is."""
        return delivery.event.type

    @admin.action(description="Send again", permissions=["act"])
    def resend(self, request: HttpRequest, queryset: QuerySet[EndpointDelivery]) -> None:
        """Send each again."""
        actor = actor_of(request)
        self.do_each(
            request,
            queryset,
            lambda each: services.resend_one(
                endpoint=each.endpoint, delivery_id=each.pk, actor=actor
            ),
            done="deliveries wait to be sent again.",
        )
