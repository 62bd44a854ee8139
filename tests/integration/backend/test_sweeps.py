"""Asking for a sweep: soon after each ring, seldom, and never in the way of who rings."""

import json
import logging
import threading
import time
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from kombu import Connection

from apps.code_execution import queue, sweeps
from apps.code_execution.sweeps import SweepBell, ask_for_sweep
from tests.support.patience import PATIENCE_S


@pytest.fixture(autouse=True)
def fresh_app() -> Iterator[None]:
    """Let the settings of a test hold, and no others after it."""
    sweeps._app.cache_clear()
    yield
    sweeps._app.cache_clear()


@pytest.fixture(autouse=True)
def silence() -> None:
    """Wait for what was rung for before: a test that counts pauses would count its pause, too."""
    for each in bells_that_hear():
        each.join(PATIENCE_S)


@pytest.fixture
def pause_s(monkeypatch: pytest.MonkeyPatch) -> float:
    monkeypatch.setattr(sweeps, "PAUSE_S", 0.05)
    return 0.05


class Pauses:
    """Those that a bell makes, each of which lasts until the test ends it."""

    def __init__(self) -> None:
        self.seconds: list[float] = []
        self._begun = threading.Semaphore(0)
        self._over = threading.Semaphore(0)

    def sleep(self, seconds: float) -> None:
        self.seconds.append(seconds)
        self._begun.release()
        assert self._over.acquire(timeout=PATIENCE_S)

    def wait_for_one(self) -> None:
        assert self._begun.acquire(timeout=PATIENCE_S)

    def end(self) -> None:
        self._over.release()


def bells_that_hear() -> list[threading.Thread]:
    return [each for each in threading.enumerate() if each.name == "sweeps"]


def test_a_ring_is_never_lost_and_many_are_few_sweeps(monkeypatch: pytest.MonkeyPatch) -> None:
    pauses, asked = Pauses(), 0
    monkeypatch.setattr(sweeps, "time", SimpleNamespace(sleep=pauses.sleep))

    def ask() -> None:
        nonlocal asked
        asked += 1

    bell = SweepBell(ask)
    counts = []
    for _ in range(2):
        for _ in range(100):
            bell.ring()
        pauses.wait_for_one()
        counts.append(asked)
        bell.ring()
        pauses.end()
    pauses.wait_for_one()
    pauses.end()
    for each in bells_that_hear():
        each.join(PATIENCE_S)

    assert [*counts, asked] == [1, 2, 3]
    assert pauses.seconds == [sweeps.PAUSE_S] * 3


def test_after_silence_it_is_asked_again_at_once(pause_s: float) -> None:
    asked = threading.Event()
    bell = SweepBell(asked.set)
    for _ in range(3):
        bell.ring()
        assert asked.wait(PATIENCE_S)
        asked.clear()
        while bells_that_hear():
            time.sleep(pause_s / 10)


def test_a_fault_does_not_silence_it(pause_s: float, caplog: pytest.LogCaptureFixture) -> None:
    heard = threading.Semaphore(0)

    def fail() -> None:
        heard.release()
        raise ValueError("whatever")

    bell = SweepBell(fail)
    for _ in range(2):
        bell.ring()
        assert heard.acquire(timeout=PATIENCE_S)
    assert "no sweep could be asked for" in caplog.text


def test_a_sweep_is_what_workers_know_by_its_name(settings: Any) -> None:
    settings.CELERY_BROKER_READ_URL = settings.CELERY_BROKER_WRITE_URL = "memory://"
    settings.CELERY_BROKER_TRANSPORT_OPTIONS = {}

    ask_for_sweep()

    with Connection("memory://") as connection, connection.SimpleQueue("celery") as messages:
        message = messages.get(timeout=PATIENCE_S)
        message.ack()
    assert message.headers["task"] == queue.SWEEP
    assert json.loads(message.body)[:2] == [[], {}]
    assert message.headers["expires"] is not None


@pytest.mark.parametrize("scheme", ["redis", "amqp"])
def test_without_a_broker_a_line_is_written_and_nothing_fails(
    scheme: str, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    url = f"{scheme}://127.0.0.1:9"
    settings.CELERY_BROKER_READ_URL = settings.CELERY_BROKER_WRITE_URL = url
    settings.CELERY_BROKER_TRANSPORT_OPTIONS = {}

    with caplog.at_level(logging.WARNING):
        ask_for_sweep()

    assert "no sweep could be asked for" in caplog.text
