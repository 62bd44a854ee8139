"""How often somebody who has to tell others tries, while Redis does not answer."""

import pytest
import redis

from live import publisher
from live.publisher import RedisPublisher
from live.wire import Tick

STEP_S = 0.25
TICK = Tick(channels=("board/1/public",), tag='"new"')


class Room:
    """A clock, and a Redis that is away or not; it notes when it was asked."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.is_away = True
        self.asked_at_s: list[float] = []

    def monotonic(self) -> float:
        return self.now_s

    def execute(self) -> None:
        self.asked_at_s.append(self.now_s)
        if self.is_away:
            raise redis.TimeoutError

    def publish_for(self, seconds: float, redis_publisher: RedisPublisher) -> list[float]:
        """Publish at every step; return how long after each other Redis was asked."""
        self.asked_at_s.clear()
        for _ in range(round(seconds / STEP_S)):
            redis_publisher.publish([TICK])
            self.now_s += STEP_S
        return [
            later - earlier
            for earlier, later in zip(self.asked_at_s, self.asked_at_s[1:], strict=False)
        ]


@pytest.fixture
def room(monkeypatch: pytest.MonkeyPatch) -> Room:
    room = Room()
    monkeypatch.setattr(publisher, "time", room)
    monkeypatch.setattr("redis.client.Pipeline.execute", room.execute)
    return room


def test_tries_less_and_less_often_while_redis_is_away(room: Room) -> None:
    redis_publisher = RedisPublisher("redis://127.0.0.1", sender="me")

    assert room.publish_for(20, redis_publisher) == [0.25, 0.5, 1, 2, 4, 5, 5]


def test_is_told_by_one_answer_that_redis_is_back(room: Room) -> None:
    redis_publisher = RedisPublisher("redis://127.0.0.1", sender="me")
    room.publish_for(20, redis_publisher)
    room.now_s += 5

    room.is_away = False
    while_there = room.publish_for(1, redis_publisher)
    room.is_away = True
    while_away_again = room.publish_for(2, redis_publisher)

    assert while_there == [STEP_S] * 3
    assert while_away_again == [0.25, 0.5, 1]
