"""What Prometheus is told: after one submission, on a port of its own, and nowhere else."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
import pytest_asyncio
from fastapi import FastAPI
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from app import metrics
from app.config import Settings
from app.monitoring import metrics_served
from app.services import operations
from tests.integration.execution.fake_backend import FakeBackend
from tests.integration.execution.submissions import SUBMISSIONS, make_body
from tests.support.monitoring_files import (
    families_documented,
    families_of,
    families_used,
    of_service,
)
from tests.support.patience import PATIENCE_S
from tests.support.servers import free_port

pytestmark = pytest.mark.asyncio


@pytest.fixture
def settings(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setattr(operations, "KEPT_FOR_S", -1.0)
    return settings.model_copy(update={"metrics_port": free_port()})


@pytest_asyncio.fixture
async def prometheus(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    address = f"http://127.0.0.1:{settings.metrics_port}"
    async with httpx.AsyncClient(base_url=address, trust_env=False, timeout=PATIENCE_S) as client:
        yield client


async def scrape(prometheus: httpx.AsyncClient) -> list[Sample]:
    answer = await prometheus.get("/metrics")
    assert answer.status_code == 200
    families = text_string_to_metric_families(answer.text)
    return [sample for family in families for sample in family.samples]


def value_of(samples: list[Sample], name: str, **labels: str) -> float:
    found = [sample for sample in samples if sample.name == name and labels == sample.labels]
    assert len(found) == 1, f"{name} {labels}: {[s for s in samples if s.name == name]}"
    return float(found[0].value)


async def judged(client: httpx.AsyncClient, backend: FakeBackend) -> None:
    answer = await client.post(SUBMISSIONS, json=make_body(code="echo", language="python"))
    assert answer.status_code == 201
    await backend.wait_for_requests(1)


async def test_tells_of_a_submission_all_the_way(
    client: httpx.AsyncClient, backend: FakeBackend, prometheus: httpx.AsyncClient
) -> None:
    await judged(client, backend)

    samples = await scrape(prometheus)

    assert value_of(samples, "execution_queue_wait_seconds_count", priority="practice") == 1
    assert value_of(samples, "execution_judging_seconds_count", language="python") == 1
    verdict = {"language": "python", "verdict": "AC"}
    assert value_of(samples, "execution_judgements_total", **verdict) == 1
    answered = {"method": "POST", "route": "/api/v1/submissions", "status": "201"}
    assert value_of(samples, "http_request_duration_seconds_count", **answered) == 1


async def test_tells_of_a_delivery_as_it_ended(
    client: httpx.AsyncClient, backend: FakeBackend, prometheus: httpx.AsyncClient
) -> None:
    backend.failures = [httpx.Response(503, headers={"Retry-After": "3600"})]
    await judged(client, backend)
    while True:
        samples = await scrape(prometheus)
        if any(sample.name == "execution_delivery_seconds_count" for sample in samples):
            break

    assert value_of(samples, "execution_delivery_seconds_count", outcome="refused") == 1
    assert value_of(samples, "execution_events_undelivered") == 1


async def test_reads_what_waits_from_the_table_when_it_is_asked(
    client: httpx.AsyncClient, settings: Settings, prometheus: httpx.AsyncClient
) -> None:
    for _ in range(settings.judge_workers + 3):
        await client.post(SUBMISSIONS, json=make_body(code="sleep 60000"))
    claimed = {"priority": "practice", "state": "claimed"}
    while value_of(samples := await scrape(prometheus), "execution_queue_jobs", **claimed) < 2:
        pass

    waiting = {"priority": "practice", "state": "waiting"}
    assert value_of(samples, "execution_queue_jobs", **waiting) == 3
    assert value_of(samples, "execution_figures_up") == 1


async def test_alerts_dashboard_and_document_name_what_a_scrape_has(
    client: httpx.AsyncClient, prometheus: httpx.AsyncClient
) -> None:
    found = families_of((await prometheus.get("/metrics")).text)

    assert of_service(families_documented(), "execution_") == found
    assert of_service(families_used(), "execution_") <= found


async def test_no_label_has_a_value_that_a_client_chose(
    client: httpx.AsyncClient, prometheus: httpx.AsyncClient
) -> None:
    await client.get("/api/v1/submissions/4711")
    await client.request("BREW", "/coffee/with/milk")
    await client.get("/wp-login.php")

    samples = await scrape(prometheus)

    routes = {
        (sample.labels["method"], sample.labels["route"])
        for sample in samples
        if sample.name == "http_request_duration_seconds_count"
    }
    assert routes == {
        ("GET", "/api/v1/submissions/{submission_id}"),
        ("GET", "unknown"),
        ("unknown", "unknown"),
    }


async def test_the_service_s_own_port_shows_no_metrics(client: httpx.AsyncClient) -> None:
    assert (await client.get("/metrics")).status_code == 404
    assert (await client.get("/metrics/")).status_code == 404


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


async def test_works_on_where_the_port_is_taken(
    client: httpx.AsyncClient, service: FastAPI, taken_port: int
) -> None:
    async with metrics_served(service.state.factory, host="127.0.0.1", port=taken_port) as port:
        assert port is None


async def test_measures_nothing_while_it_is_off() -> None:
    metrics.judged(language="python", verdict="AC", seconds=1.0)

    with metrics.measured() as registry:
        assert registry.get_sample_value("execution_judging_seconds_count") is None


async def test_a_scrape_while_the_database_is_away_says_so(
    client: httpx.AsyncClient,
    service: FastAPI,
    prometheus: httpx.AsyncClient,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def hang() -> None:
        await asyncio.sleep(60)

    monkeypatch.setattr("app.monitoring.PATIENCE_S", 0.05)
    monkeypatch.setattr(service.state.factory.operations, "_look", hang)

    assert value_of(await scrape(prometheus), "execution_figures_up") == 0
