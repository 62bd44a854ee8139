"""Rate limits while the Redis in which processes count together is away."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from limits import parse

from apps.core import throttling
from apps.core.throttling import Limiter
from tests.support.redis_server import RedisServer
from tests.support.servers import ServerMissingError

TWO = parse("2/hour")


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path)
    try:
        server.start()
    except ServerMissingError as missing:
        pytest.skip(f"not run: {missing}")
    yield server
    server.kill()


def test_each_process_counts_by_itself_while_redis_is_gone(redis: RedisServer) -> None:
    limiter = Limiter(redis.url)
    limiter.hit(TWO, "user:1")
    redis.kill()

    hits = [limiter.hit(TWO, "user:1") for _ in range(3)]

    assert hits == [True, True, False]
    assert not limiter.test(TWO, "user:1")
    assert limiter.get_window_stats(TWO, "user:1").remaining == 0


def test_a_redis_that_hangs_delays_one_request_only(
    redis: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(throttling, "REDIS_TIMEOUT_S", 0.05)
    limiter = Limiter(redis.url)
    limiter.hit(TWO, "user:1")
    redis.pause()

    hits = [limiter.hit(TWO, "user:2") for _ in range(3)]

    redis.resume()
    assert hits == [True, True, False]
    assert limiter._next_try_s > 0


def test_processes_count_together_again_when_redis_is_back(
    redis: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(throttling, "REDIS_PAUSE_S", 0.0)
    first, second = Limiter(redis.url), Limiter(redis.url)
    redis.kill()
    first.hit(TWO, "user:1")
    redis.start()

    hits = [first.hit(TWO, "user:1"), second.hit(TWO, "user:1"), second.hit(TWO, "user:1")]

    assert hits == [True, True, False]
