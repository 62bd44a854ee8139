from pathlib import Path

import pytest
from celery.signals import after_task_publish, heartbeat_sent
from celery.utils.dispatch.signal import Signal
from pytest_django import Settings

from config.heartbeat import show_life


@pytest.mark.parametrize("signal", [heartbeat_sent, after_task_publish])
def test_what_reaches_the_broker_is_a_sign_of_life(
    signal: Signal, settings: Settings, tmp_path: Path
) -> None:
    settings.HEARTBEAT_FILE = str(tmp_path / "alive")

    signal.send(sender=None)

    assert (tmp_path / "alive").exists()


def test_no_file_is_written_unless_one_is_named(settings: Settings) -> None:
    assert settings.HEARTBEAT_FILE == ""

    show_life()
