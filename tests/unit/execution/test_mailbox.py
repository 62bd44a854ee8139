import asyncio
import sys

import pytest

from app.websockets.mailbox import Mailbox

pytestmark = pytest.mark.asyncio


async def test_messages_are_taken_in_their_order() -> None:
    mailbox: Mailbox[int] = Mailbox()
    for number in range(3):
        mailbox.put_nowait(number)

    assert [await mailbox.get() for _ in range(3)] == [0, 1, 2]
    assert mailbox.empty()


async def test_a_reader_waits_for_the_next_message() -> None:
    mailbox: Mailbox[str] = Mailbox()
    reading = asyncio.create_task(mailbox.get())
    await asyncio.sleep(0)
    assert not reading.done()

    mailbox.put_nowait("first")
    mailbox.put_nowait("second")

    assert await reading == "first"
    assert await mailbox.get() == "second"


async def test_a_reader_that_gives_up_loses_no_message() -> None:
    mailbox: Mailbox[str] = Mailbox()
    reading = asyncio.create_task(mailbox.get())
    await asyncio.sleep(0)

    mailbox.put_nowait("for whoever comes")
    reading.cancel()
    await asyncio.wait({reading})

    assert reading.cancelled()
    assert await mailbox.get() == "for whoever comes"


async def test_an_empty_one_is_small() -> None:
    mailbox: Mailbox[str] = Mailbox()

    assert sum(map(sys.getsizeof, (mailbox, *vars(mailbox).values()))) < 500
