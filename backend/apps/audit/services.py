"""Writing the audit trail, and forgetting what is old."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Model

from apps.audit.models import AuditEntry
from apps.users.models import User

LABEL_CHARS_MAX = 200


def record(
    *,
    actor: User | None,
    act: str,
    of: Model,
    contest_id: int | None = None,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> AuditEntry:
    """Note an act in the caller's transaction, so that no act goes without its entry."""
    return AuditEntry.objects.create(
        actor=actor,
        actor_name=actor.get_username() if actor else "",
        act=act,
        object_type=of._meta.label_lower,  # noqa: SLF001 - Django documents it
        object_id=str(of.pk),
        object_label=str(of)[:LABEL_CHARS_MAX],
        contest_id=contest_id,
        before=dict(before or {}),
        after=dict(after or {}),
    )


def record_act_on_account(
    *,
    act: str,
    of: Model,
    actor: User | None,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    **_: object,
) -> None:
    """Note what `apps.users.signals` tells, as accounts know nothing of the trail."""
    record(actor=actor, act=act, of=of, before=before, after=after)


def forget_old(*, now: datetime) -> int:
    """Delete what is older than the trail has to be; give how much it was."""
    return AuditEntry.objects.forget_before(now - timedelta(days=settings.AUDIT_DAYS))


def changes(
    before: Mapping[str, Any], after: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Give of two states of an object the fields that differ, before and after."""
    names = [name for name in after if before.get(name) != after[name]]
    return {name: before.get(name) for name in names}, {name: after[name] for name in names}
