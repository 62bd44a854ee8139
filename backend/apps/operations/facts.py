"""Gathering the figures: from this service's tables, and from the execution service."""

import shutil
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Count, Min, Q

from apps.code_execution.client import (
    ServiceUnavailableError,
    SignatureRefusedError,
    get_client,
)
from apps.code_execution.domain import Status, clean_text
from apps.code_execution.models import CodeSubmission, Judgement
from apps.endpoints.models import Endpoint
from apps.operations.domain import BackendFacts, Facts, QueueFacts, ServiceFacts, WorkerFacts
from apps.operations.models import Heartbeat

BEAT = "beat"
TIMEOUT_S = 3.0
CHECKS_MAX, QUEUES_MAX, WORKERS_MAX = 20, 10, 1000
TEXT_CHARS_MAX = 200
DISABLED_LATELY = timedelta(days=1)
_NO_DATABASE: dict[str, Any] = {"queues": [], "events": {}, "judgements": {}, "workers": []}


def read_facts(*, now: datetime) -> Facts:
    """Gather everything; an execution service that does not answer is a finding, and no error."""
    backend = read_backend(now=now)
    try:
        document = get_client().operations(timeout_s=TIMEOUT_S)
        return Facts(backend=backend, service=_service(document))
    except SignatureRefusedError as error:
        return Facts(backend=backend, service=None, fault=str(error), is_signature_refused=True)
    except ServiceUnavailableError as error:
        fault = clean_text(str(error), TEXT_CHARS_MAX)
        return Facts(backend=backend, service=None, fault=fault)
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError):
        fault = "its answer is not what was expected; is it of another version?"
        return Facts(backend=backend, service=None, fault=fault)


def read_backend(*, now: datetime) -> BackendFacts:
    """Ask the tables."""
    due = Judgement.objects.filter(finished_at=None, due_at__lte=now)
    outbox = due.aggregate(count=Count("pk"), oldest=Min("due_at"))
    submissions = CodeSubmission.objects.filter(
        status__in=(Status.PENDING, Status.RUNNING)
    ).aggregate(
        pending=Count("pk", filter=Q(status=Status.PENDING)),
        running=Count("pk", filter=Q(status=Status.RUNNING)),
    )
    beat = Heartbeat.objects.filter(name=BEAT).first()
    disabled = Endpoint.objects.filter(
        disabled_for=Endpoint.Disabled.FAILING, disabled_at__gt=now - DISABLED_LATELY
    )
    disk = shutil.disk_usage(settings.DATA_DIR)
    return BackendFacts(
        outbox_due=outbox["count"],
        outbox_oldest_s=_age_s(outbox["oldest"], now),
        submissions_pending=submissions["pending"],
        submissions_running=submissions["running"],
        beat_age_s=_age_s(beat.beaten_at, now) if beat else None,
        endpoints_disabled=disabled.count(),
        disk_free_ratio=disk.free / disk.total,
    )


def _service(document: Any) -> ServiceFacts:
    """Read the service's answer.

    Raises:
        LookupError: Something is missing; what is of another kind raises what Python does then.
    """
    database = document["database"] or _NO_DATABASE
    events, judgements = database["events"], database["judgements"]
    waiting = document["executions_waiting"]
    return ServiceFacts(
        checks=_checks(document["checks"]),
        queues=tuple(_queue(each) for each in database["queues"][:QUEUES_MAX]),
        undelivered=int(events.get("undelivered", 0)),
        oldest_undelivered_s=float(events.get("oldest_undelivered_s", 0)),
        failed_lately=int(events.get("failed_lately", 0)),
        recent=int(judgements.get("recent", 0)),
        recent_faults=int(judgements.get("recent_faults", 0)),
        workers=tuple(_worker(each) for each in database["workers"][:WORKERS_MAX]),
        executions_waiting=None if waiting is None else int(waiting),
        disk_free_ratio=document["disk"]["free_bytes"] / document["disk"]["total_bytes"],
    )


def _queue(document: Mapping[str, Any]) -> QueueFacts:
    return QueueFacts(
        priority=clean_text(str(document["priority"]), TEXT_CHARS_MAX),
        waiting=int(document["waiting"]),
        claimed=int(document["claimed"]),
        oldest_waiting_s=float(document["oldest_waiting_s"]),
    )


def _worker(document: Mapping[str, Any]) -> WorkerFacts:
    return WorkerFacts(
        place=clean_text(str(document["place"]), TEXT_CHARS_MAX),
        pid=int(document["pid"]),
        lanes=int(document["lanes"]),
        silent_s=float(document["silent_s"]),
        is_silent=document["is_silent"] is True,
    )


def _checks(document: Mapping[str, Any]) -> dict[str, str]:
    return {
        clean_text(str(name), TEXT_CHARS_MAX): clean_text(str(outcome), TEXT_CHARS_MAX)
        for name, outcome in list(document.items())[:CHECKS_MAX]
    }


def _age_s(since: datetime | None, now: datetime) -> float:
    return max(0.0, (now - since).total_seconds()) if since else 0.0
