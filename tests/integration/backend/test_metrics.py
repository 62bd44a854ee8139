"""What Prometheus is told by the backend's processes, on ports of their own, and nowhere else."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import pytest
from django.test import Client
from django.urls import get_resolver
from django.utils import timezone
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample
from pytest_django import Settings
from rest_framework.test import APIClient

from apps.code_execution.client import get_client
from apps.code_execution.delivery import hand_over
from apps.code_execution.models import Judgement
from apps.core import metrics
from apps.operations.collector import FiguresCollector
from apps.operations.middleware import MeasuredRequestsMiddleware
from apps.operations.services import tick
from apps.users.keys import create_signing_key
from apps.users.models import User
from config.celery import app as celery
from tests.support.contests import make_submission
from tests.support.execution_service import FakeExecutionService
from tests.support.monitoring_files import (
    families_documented,
    families_of,
    families_used,
    of_service,
)
from tests.support.patience import PATIENCE_S
from tests.support.redis_server import RedisServer
from tests.support.servers import TLS, free_port

BACKEND = Path(__file__).parents[3] / "backend"
MIDDLEWARE = f"{MeasuredRequestsMiddleware.__module__}.{MeasuredRequestsMiddleware.__qualname__}"


@pytest.fixture
def registry() -> Iterator[CollectorRegistry]:
    yield metrics.turn_on()
    metrics.turn_off()


@pytest.fixture
def measured(settings: Settings, registry: CollectorRegistry) -> CollectorRegistry:
    settings.MIDDLEWARE = [MIDDLEWARE, *settings.MIDDLEWARE]
    return registry


@pytest.mark.django_db
def test_no_label_has_a_value_that_a_client_chose(measured: CollectorRegistry) -> None:
    client = Client()
    client.get("/api/code-execution/contests/4711/")
    client.get("/wp-login.php")
    client.generic("BREW", "/api/health/")

    labels = {
        (sample.labels["method"], sample.labels["route"], sample.labels["status"])
        for metric in measured.collect()
        for sample in metric.samples
        if sample.name == "http_request_duration_seconds_count"
    }
    assert len(labels) == 3
    assert ("GET", "unknown", "404") in labels
    assert ("unknown", "/api/health/", "405") in labels
    assert not any("4711" in route for _, route, _ in labels)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("status", "outcome"), [(201, "taken"), (503, "postponed"), (400, "refused")]
)
def test_counts_a_hand_over_by_how_it_ended(
    registry: CollectorRegistry,
    alice: User,
    execution_service: FakeExecutionService,
    status: int,
    outcome: str,
) -> None:
    make_submission(alice, microservice_submission_id=None)
    if status != 201:
        execution_service.answer_with(status)

    hand_over([Judgement.objects.get()], client=get_client(), timeout_s=30.0)

    counted = registry.get_sample_value("contest_hand_over_seconds_count", {"outcome": outcome})
    assert counted == 1


@pytest.mark.django_db
def test_counts_wrong_passwords(registry: CollectorRegistry, as_nobody: APIClient) -> None:
    as_nobody.post("/api/auth/token/", {"username": "alice", "password": "a guess"})

    assert registry.get_sample_value("contest_sign_in_failures_total") == 1
    assert registry.get_sample_value("contest_lock_outs_total") == 0


@pytest.mark.django_db
def test_counts_events_with_a_bad_signature(
    registry: CollectorRegistry, as_nobody: APIClient
) -> None:
    as_nobody.post("/api/webhooks/code-execution/", {"event": "ping"})

    assert registry.get_sample_value("contest_webhooks_refused_total") == 1


@pytest.mark.django_db
def test_reads_the_outbox_from_the_table_when_it_is_asked(alice: User) -> None:
    make_submission(alice, microservice_submission_id=None)

    values = {
        sample.name: sample.value
        for metric in FiguresCollector(lambda: 3).collect()
        for sample in metric.samples
    }

    assert values["contest_outbox_due"] == 1
    assert values["contest_live_streams"] == 3
    assert values["contest_figures_up"] == 1


@pytest.mark.django_db
def test_alerts_dashboard_and_document_name_what_a_scrape_has(registry: CollectorRegistry) -> None:
    tick(now=timezone.now())
    registry.register(FiguresCollector(lambda: 0))

    found = families_of(generate_latest(registry).decode())

    assert of_service(families_documented(), "contest_") == found
    assert of_service(families_used(), "contest_") <= found


def test_no_address_of_the_backend_shows_metrics() -> None:
    routes = [str(each.pattern) for each in get_resolver().url_patterns]

    assert not any("metrics" in route for route in routes)
    assert Client().get("/metrics").status_code == 404


@contextmanager
def process(*command: str, folder: Path, **environment: str) -> Iterator[None]:
    with (folder / "output.log").open("wb") as log:
        running = subprocess.Popen(
            [sys.executable, "-m", *command],
            cwd=BACKEND,
            env={
                **os.environ,
                "BACKEND_ENV_FILE": str(BACKEND / ".env.example"),
                "DJANGO_SETTINGS_MODULE": "config.settings",
                **environment,
            },
            stdout=log,
            stderr=log,
        )
        try:
            yield
        finally:
            running.terminate()
            running.wait(timeout=PATIENCE_S)


def status_of(url: str) -> int:
    """Ask as soon as somebody answers."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        with suppress(httpx.TransportError):
            return httpx.get(url, trust_env=False, verify=TLS).status_code
        time.sleep(0.05)
    raise AssertionError(f"nobody answers at {url}")


def scrape(port: int, *, until: str) -> list[Sample]:
    """Ask for metrics until one of that name has a value above 0."""
    url = f"http://127.0.0.1:{port}/metrics"
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        try:
            text = httpx.get(url, trust_env=False, verify=TLS).text
        except httpx.TransportError:
            text = ""
        samples = [s for f in text_string_to_metric_families(text) for s in f.samples]
        if any(sample.name == until and sample.value for sample in samples):
            return samples
        time.sleep(0.05)
    raise AssertionError(f"no {until} in {PATIENCE_S} s")


def settings_of(folder: Path) -> dict[str, str]:
    return {
        "DATABASE_URL": f"sqlite:///{folder / 'empty.sqlite3'}",
        "JWT_PRIVATE_KEY_FILE": str(folder / "jwt-private-key.pem"),
        "METRICS_PORT": str(free_port()),
        "TMPDIR": str(folder),
    }


def test_the_web_process_serves_them_on_a_port_of_its_own_only(tmp_path: Path) -> None:
    environment, port = settings_of(tmp_path), free_port()
    create_signing_key(Path(environment["JWT_PRIVATE_KEY_FILE"]))
    with process("config.server", "--port", str(port), folder=tmp_path, **environment):
        scrape(int(environment["METRICS_PORT"]), until="process_start_time_seconds")
        assert status_of(f"http://127.0.0.1:{port}/metrics") == 404
        samples = scrape(
            int(environment["METRICS_PORT"]), until="http_request_duration_seconds_count"
        )

    routes = {sample.labels["route"] for sample in samples if "route" in sample.labels}
    assert routes == {"unknown"}
    assert [s.value for s in samples if s.name == "contest_figures_up"] == [0]  # has no tables


def test_the_worker_counts_what_its_processes_do_together(tmp_path: Path) -> None:
    environment, broker = settings_of(tmp_path), RedisServer(tmp_path)
    broker.start()
    try:
        with process(
            *("celery", "-A", "config", "worker", "--beat", "--concurrency", "2"),
            *("--schedule", str(tmp_path / "schedule")),
            folder=tmp_path,
            CELERY_BROKER_URL=broker.url,
            **environment,
        ):
            samples = scrape(int(environment["METRICS_PORT"]), until="contest_task_seconds_count")
            directories = list(tmp_path.glob("backend-metrics-*"))
    finally:
        broker.kill()

    tasks = {s.labels["task"] for s in samples if s.name == "contest_task_seconds_count"}
    assert tasks & {each["task"] for each in celery.conf.beat_schedule.values()}
    assert len(directories) == 1
    assert not directories[0].exists()
