"""Every answer tells under which limits the request was counted, and what is left of them."""

import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.test import Client
from limits import parse
from rest_framework.test import APIClient

from apps.core import throttling

pytestmark = pytest.mark.django_db
CONTESTS = "/api/code-execution/contests/"
SUBMISSIONS = "/api/code-execution/submissions/"


@pytest.fixture(autouse=True)
def few_requests(settings: Any) -> None:
    """Limits that a test can use up."""
    settings.RATE_LIMITS = {
        **settings.RATE_LIMITS,
        "api": parse("5/minute"),
        "submission": parse("1/minute"),
    }


def test_tells_the_limit_and_what_is_left(as_alice: APIClient) -> None:
    first, second = as_alice.get(CONTESTS), as_alice.get(CONTESTS)

    assert first.headers["RateLimit-Policy"] == '"api";q=5;w=60'
    assert re.fullmatch(r'"api";r=4;t=\d+', first.headers["RateLimit"])
    assert re.fullmatch(r'"api";r=3;t=\d+', second.headers["RateLimit"])


def test_tells_every_limit_that_holds(as_alice: APIClient) -> None:
    answer = as_alice.post(SUBMISSIONS, {})

    assert answer.status_code == 400
    assert answer.headers["RateLimit-Policy"] == '"api";q=5;w=60, "submission";q=1;w=60'
    assert re.fullmatch(r'"api";r=4;t=\d+, "submission";r=0;t=\d+', answer.headers["RateLimit"])


def test_tells_who_is_refused_when_to_come_again(as_alice: APIClient) -> None:
    as_alice.post(SUBMISSIONS, {})

    answer = as_alice.post(SUBMISSIONS, {})

    assert answer.status_code == 429
    left_s = re.search(r'"submission";r=0;t=(\d+)', answer.headers["RateLimit"])
    assert left_s is not None
    assert abs(int(left_s[1]) - int(answer.headers["Retry-After"])) <= 1


def test_what_is_not_limited_tells_no_limit() -> None:
    answer = Client().get("/api/health/")

    assert answer.status_code == 200
    assert "RateLimit" not in answer.headers


def test_a_page_of_another_origin_may_send_a_key_and_read_the_limits() -> None:
    origin = {"Origin": "http://localhost:3000"}
    asking = {
        **origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "idempotency-key",
    }

    allowed = Client(headers=asking).options(SUBMISSIONS)
    answer = Client(headers=origin).get(CONTESTS)

    assert "idempotency-key" in allowed.headers["Access-Control-Allow-Headers"]
    exposed = set(answer.headers["Access-Control-Expose-Headers"].split(", "))
    assert exposed >= {"RateLimit", "RateLimit-Policy", "Retry-After"}


def test_requests_in_many_threads_are_all_counted_and_start_no_thread() -> None:
    limit, limiter = parse("50/hour"), throttling.limiter()
    limiter.hit(limit, "warm", "up")
    time.sleep(0.1)
    started = threading.active_count()

    with ThreadPoolExecutor(8) as threads:
        hits = list(threads.map(lambda _: limiter.hit(limit, "api", "user:1"), range(200)))
        assert threading.active_count() - started <= 8

    assert hits.count(True) == 50


def test_counters_are_forgotten_when_their_windows_are_over(monkeypatch: Any) -> None:
    memory, now_s = throttling.ProcessMemory(), time.time()
    for number in range(100):
        memory.acquire_sliding_window_entry(f"user:{number}", 10, 1)

    monkeypatch.setattr(time, "time", lambda: now_s + 120)
    memory.acquire_sliding_window_entry("user:late", 10, 1)

    assert len(memory.storage) == len(memory.expirations) == 1
