"""Which ticks reach which streams, and how they travel."""

import pytest

from live.hub import MANY, TICKS_MAX, Hub
from live.wire import Tick, decode, encode

pytestmark = pytest.mark.asyncio
SOON_S = 0.01


def tick(tag: str, *channels: str) -> Tick:
    return Tick(channels=channels or ("list/1",), tag=tag)


async def test_every_tag_is_given_once_and_the_newest_last() -> None:
    hub = Hub()
    with hub.subscribed() as subscription:
        hub.narrow(subscription, frozenset({"list/1"}))
        for tag in ("1", "2", "1"):
            hub.tick(tick(tag))

        assert await subscription.next_tags(within_s=SOON_S) == ("2", "1")
        assert await subscription.next_tags(within_s=SOON_S) is None


async def test_a_tick_of_several_channels_comes_once_and_others_not() -> None:
    hub = Hub()
    with hub.subscribed() as subscription:
        hub.narrow(subscription, frozenset({"list/1", "list/2"}))
        hub.tick(tick("1", "list/1", "list/2"))
        hub.tick(tick("2", "list/3"))

        assert await subscription.next_tags(within_s=SOON_S) == ("1",)


async def test_what_comes_before_the_channels_are_known_is_kept_as_far_as_it_is_of_them() -> None:
    hub = Hub()
    with hub.subscribed() as subscription:
        hub.tick(tick("1", "list/1"))
        hub.tick(tick("2", "list/2"))
        hub.narrow(subscription, frozenset({"list/2"}))

        assert await subscription.next_tags(within_s=SOON_S) == ("2",)


async def test_channels_can_change() -> None:
    hub = Hub()
    with hub.subscribed() as subscription:
        hub.narrow(subscription, frozenset({"list/1"}))
        hub.narrow(subscription, frozenset({"list/2"}))
        hub.tick(tick("1", "list/1"))
        hub.tick(tick("2", "list/2"))

        assert await subscription.next_tags(within_s=SOON_S) == ("2",)


async def test_of_too_many_only_that_is_known() -> None:
    hub = Hub()
    with hub.subscribed() as subscription:
        hub.narrow(subscription, frozenset({"list/1"}))
        for number in range(TICKS_MAX + 1):
            hub.tick(tick(str(number)))

        assert await subscription.next_tags(within_s=SOON_S) == MANY
        hub.tick(tick("1"))
        assert await subscription.next_tags(within_s=SOON_S) == ("1",)


async def test_nothing_is_left_of_a_stream_that_ended() -> None:
    hub = Hub()
    with hub.subscribed() as subscription:
        hub.narrow(subscription, frozenset({"list/1"}))

    assert not hub._by_channel
    assert not hub._subscriptions


async def test_a_tick_travels_with_its_sender() -> None:
    sent = tick('"3"', "board/1/public", "board/1/true")

    assert decode(encode(sent, sender="here")) == (sent, "here")


@pytest.mark.parametrize(
    "data",
    [b"", b"1", b"{}", b'{"sender":"a"}', b'{"sender":"a","channels":[1],"tag":"b"}', b"\xff"],
)
async def test_refuses_what_is_no_tick(data: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        decode(data)
