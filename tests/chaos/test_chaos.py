import secrets

import pytest

from tests.chaos.run import Weather, weather
from tests.support.servers import ServerMissingError

# Less than a minute where nothing else goes on.
pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]


def test_whatever_is_killed_nothing_taken_is_lost_doubled_or_left() -> None:
    conditions = Weather(
        seed=secrets.randbelow(1_000_000),
        submissions=100,
        participants=8,
        replicas=1,
        seconds=15,
        haste=3,
    )
    try:
        report = weather(conditions)
    except ServerMissingError as missing:
        pytest.skip(f"not run: {missing}")
    assert {hit.part for hit in report.hits} == set(report.parts)
    assert not report.ended_by_themselves.keys() & {"celery-worker", "celery-beat"}
