"""What is done with endpoints."""

import base64
import secrets
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from apps.audit import services as audit
from apps.contests.models import Contest
from apps.contests.services.rights import Rights
from apps.core.errors import ForbiddenError, InvalidFieldsError, NotFoundError
from apps.core.outgoing import AddressRefusedError, get_outgoing, parse
from apps.core.signature import SECRET_PREFIX, Secret, decode_secrets
from apps.endpoints.errors import EndpointDisabledError, TooManyEndpointsError
from apps.endpoints.event_types import OF_SUBMISSIONS, EventType
from apps.endpoints.models import (
    PREFIX_CHARS,
    Endpoint,
    EndpointDelivery,
    EndpointEvent,
    EndpointSecret,
)
from apps.endpoints.outbox import forget_wanted_types
from apps.endpoints.sealing import BrokenSealError, seal, unseal
from apps.users.models import User

ENDPOINTS_MAX = 20
SECRET_BYTES = 32
OLD_SECRETS_MAX = 2
OLD_SECRETS_LIVE_FOR = timedelta(hours=24)
RESENT_AT_ONCE_MAX = 1000
KEPT_FOR = timedelta(days=30)
DELETED_AT_ONCE_MAX = 500

Scope = Endpoint.Scope
State = EndpointDelivery.State


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSecret:
    """A secret, which is shown this once, and the endpoint that it is for."""

    endpoint: Endpoint
    row: EndpointSecret
    text: str


def list_endpoints(rights: Rights) -> QuerySet[Endpoint]:
    """Give somebody's own endpoints; global managers see all."""
    rows = Endpoint.objects.select_related("owner").prefetch_related("secrets")
    return rows if rights.is_global_manager else rows.filter(owner=rights.user_id)


def find_endpoint(rights: Rights, endpoint_id: int) -> Endpoint:
    """Give an endpoint that somebody may see and change.

    Raises:
        NotFoundError: There is none, or not for them.
    """
    found = list_endpoints(rights).filter(pk=endpoint_id).first()
    if found is None:
        raise NotFoundError
    return found


@transaction.atomic
def register(
    *,
    owner: User,
    rights: Rights,
    url: str,
    event_types: Sequence[str],
    scope: str = Scope.OWN,
    contest: Contest | None = None,
    description: str = "",
) -> NewSecret:
    """Make an endpoint; give its first secret.

    Raises:
        InvalidFieldsError: The address can't be used, or the fields do not go together.
        ForbiddenError: They may not be told of all that.
        TooManyEndpointsError: They have as many as one may have.
    """
    _check_scope(rights, scope, contest)
    _check(url, event_types, scope)
    # With the lock, of two at the same moment the later one counts the first.
    User.objects.select_for_update(no_key=True).get(pk=owner.pk)
    if Endpoint.objects.filter(owner=owner).count() >= ENDPOINTS_MAX:
        raise TooManyEndpointsError
    endpoint = Endpoint.objects.create(
        owner=owner,
        url=url,
        event_types=list(event_types),
        scope=scope,
        contest=contest,
        description=description,
    )
    made = _new_secret(endpoint)
    _changed()
    _record(endpoint, "endpoint.create", owner, after=_audited(endpoint))
    return made


@transaction.atomic
def change(*, endpoint: Endpoint, actor: User, values: Mapping[str, Any]) -> Endpoint:
    """Change an endpoint's address, event types or description.

    Raises:
        InvalidFieldsError: The address can't be used, or the scope has no such events.
    """
    before = _audited(endpoint)
    for name, value in values.items():
        setattr(endpoint, name, value)
    _check(endpoint.url, endpoint.event_types, endpoint.scope)
    endpoint.save(update_fields=list(values))
    _changed()
    old, new = audit.changes(before, _audited(endpoint))
    _record(endpoint, "endpoint.change", actor, before=old, after=new)
    return endpoint


@transaction.atomic
def delete(*, endpoint: Endpoint, actor: User) -> None:
    """Delete an endpoint with all that it was sent."""
    _record(endpoint, "endpoint.delete", actor, before=_audited(endpoint))
    endpoint.delete()
    _changed()


@transaction.atomic
def rotate_secret(*, endpoint: Endpoint, actor: User) -> NewSecret:
    """Make a new secret; the old ones go on signing beside it for a day, and at most two."""
    now = timezone.now()
    Endpoint.objects.select_for_update(no_key=True).get(pk=endpoint.pk)
    made = _new_secret(endpoint)
    old = endpoint.secrets.exclude(pk=made.row.pk)
    old.filter(expires_at=None).update(expires_at=now + OLD_SECRETS_LIVE_FOR)
    kept = list(old.filter(expires_at__gt=now).values_list("pk", flat=True)[:OLD_SECRETS_MAX])
    old.exclude(pk__in=kept).delete()
    _record(endpoint, "endpoint.rotate_secret", actor, after={"secret": made.row.prefix})
    return made


def secrets_of(endpoint: Endpoint, *, now: datetime) -> tuple[Secret, ...]:
    """Give the secrets that sign now, the newest first.

    Raises:
        BrokenSealError: One can't be read, or there is none.
    """
    live = endpoint.secrets.filter(Q(expires_at=None) | Q(expires_at__gt=now))
    texts = [unseal(each.sealed) for each in live]
    if not texts:
        raise BrokenSealError
    return decode_secrets(",".join(texts))


@transaction.atomic
def enable(*, endpoint: Endpoint, actor: User) -> Endpoint:
    """Send to an endpoint again what happens from now on; what was given up can be resent."""
    if endpoint.disabled_at is not None:
        before = {"disabled_for": endpoint.disabled_for}
        endpoint.disabled_at = endpoint.failing_since = None
        endpoint.disabled_for = ""
        endpoint.active_since = timezone.now()
        fields = ["disabled_at", "failing_since", "disabled_for", "active_since"]
        endpoint.save(update_fields=fields)
        _changed()
        _record(endpoint, "endpoint.enable", actor, before=before)
    return endpoint


@transaction.atomic
def disable(*, endpoint: Endpoint, reason: str, actor: User | None) -> Endpoint:
    """Send to an endpoint nothing more; what waits is given up. The system has no `actor`."""
    now = timezone.now()
    rows = Endpoint.objects.filter(pk=endpoint.pk, disabled_at=None)
    if rows.update(disabled_at=now, disabled_for=reason):
        waiting = endpoint.deliveries.filter(state=State.WAITING)
        given_up = waiting.update(state=State.DEAD, finished_at=now)
        _changed()
        after = {"disabled_for": reason, "given_up": given_up}
        _record(endpoint, "endpoint.disable", actor, after=after)
    endpoint.refresh_from_db(fields=["disabled_at", "disabled_for"])
    return endpoint


@transaction.atomic
def ping(*, endpoint: Endpoint, actor: User) -> EndpointDelivery:
    """Have something sent that tells nothing, to see whether it is taken.

    Raises:
        EndpointDisabledError: Nothing is sent to it.
    """
    _check_enabled(endpoint)
    now = timezone.now()
    event = EndpointEvent.objects.create(
        type=EventType.PING,
        key=f"{EventType.PING}:{uuid.uuid4()}",
        occurred_at=now,
        addressed_at=now,
    )
    _record(endpoint, "endpoint.ping", actor)
    return EndpointDelivery.objects.create(endpoint=endpoint, event=event)


def list_deliveries(endpoint: Endpoint) -> QuerySet[EndpointDelivery]:
    """Give what an endpoint was or is to be sent, the newest first."""
    return endpoint.deliveries.select_related("event")


def find_delivery(endpoint: Endpoint, delivery_id: int) -> EndpointDelivery:
    """Give a delivery of an endpoint.

    Raises:
        NotFoundError: It has none of this id.
    """
    found = list_deliveries(endpoint).filter(pk=delivery_id).first()
    if found is None:
        raise NotFoundError
    return found


def deliveries_in(
    endpoint: Endpoint, *, state: str, since: datetime | None
) -> QuerySet[EndpointDelivery]:
    """Give those in a state, made at or after a moment."""
    chosen = endpoint.deliveries.filter(state=state)
    return chosen if since is None else chosen.filter(created_at__gte=since)


def resend_one(*, endpoint: Endpoint, delivery_id: int, actor: User) -> EndpointDelivery:
    """Send a delivery again; give it as it is then.

    Raises:
        NotFoundError: The endpoint has none of this id.
        EndpointDisabledError: Nothing is sent to it.
    """
    found = find_delivery(endpoint, delivery_id)
    resend(endpoint=endpoint, deliveries=endpoint.deliveries.filter(pk=found.pk), actor=actor)
    return find_delivery(endpoint, delivery_id)


@transaction.atomic
def resend(*, endpoint: Endpoint, deliveries: QuerySet[EndpointDelivery], actor: User) -> int:
    """Send again, from the first pause on; give how many. What still waits is left alone.

    At most `RESENT_AT_ONCE_MAX`, the oldest first.

    Raises:
        EndpointDisabledError: Nothing is sent to it.
    """
    _check_enabled(endpoint)
    done = deliveries.filter(endpoint=endpoint).exclude(state=State.WAITING)
    ids = list(done.order_by("created_at", "pk").values_list("pk", flat=True)[:RESENT_AT_ONCE_MAX])
    count = EndpointDelivery.objects.filter(pk__in=ids).update(
        state=State.WAITING, attempts=0, next_attempt_at=timezone.now(), finished_at=None
    )
    if count:
        _record(endpoint, "endpoint.resend", actor, after={"deliveries": count})
    return count


def delete_old_events(*, now: datetime) -> None:
    """Delete events of a month ago and before, with their deliveries and attempts."""
    old = EndpointEvent.objects.filter(occurred_at__lt=now - KEPT_FOR)
    while ids := list(old.values_list("pk", flat=True)[:DELETED_AT_ONCE_MAX]):
        EndpointEvent.objects.filter(pk__in=ids).delete()


def _check_scope(rights: Rights, scope: str, contest: Contest | None) -> None:
    if (scope == Scope.CONTEST) != (contest is not None):
        text = "Name a contest with the scope `contest`, and with no other."
        raise InvalidFieldsError({"contest": [text]})
    if scope == Scope.ALL and not rights.is_global_manager:
        raise ForbiddenError("Only who manages every contest may be told of everything.")
    if contest is not None and not rights.visibility(contest).may_manage:
        raise ForbiddenError("Only the contest's managers may be told of all of it.")


def _check(url: str, event_types: Sequence[str], scope: str) -> None:
    try:
        get_outgoing().destination_of(url)
    except AddressRefusedError as error:
        raise InvalidFieldsError({"url": [str(error)]}) from None
    if scope == Scope.OWN and not OF_SUBMISSIONS.issuperset(event_types):
        text = "Of contests as a whole only those are told who manage them: set a scope."
        raise InvalidFieldsError({"event_types": [text]})


def _check_enabled(endpoint: Endpoint) -> None:
    if endpoint.disabled_at is not None:
        raise EndpointDisabledError


def _new_secret(endpoint: Endpoint) -> NewSecret:
    text = SECRET_PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()
    row = EndpointSecret.objects.create(
        endpoint=endpoint, sealed=seal(text), prefix=text[:PREFIX_CHARS]
    )
    return NewSecret(endpoint=endpoint, row=row, text=text)


def _changed() -> None:
    """Have this process look at once; after the commit, as another thread may look before it."""
    forget_wanted_types()
    transaction.on_commit(forget_wanted_types)


def _audited(endpoint: Endpoint) -> dict[str, Any]:
    """Give what the audit trail says; of the address not the path, which may be a secret."""
    return {
        "origin": parse(endpoint.url).origin,
        "scope": endpoint.scope,
        "event_types": list(endpoint.event_types),
        "description": endpoint.description,
    }


def _record(
    endpoint: Endpoint,
    act: str,
    actor: User | None,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    audit.record(
        actor=actor,
        act=act,
        of=endpoint,
        contest_id=endpoint.contest_id,
        before=before,
        after=after,
    )
