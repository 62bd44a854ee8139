import asyncio

import pytest

from app.domain.executions import OutputPiece, OutputStream
from app.domain.judging import ERROR_OUTPUT_BYTES, OUTPUT_BYTES
from app.domain.text import CUT_MARK, readable
from app.services.live_output import MAX_TURNS, told_live
from tests.support.patience import PATIENCE_S

pytestmark = pytest.mark.asyncio


class Told:
    """Whoever is told; `wait` returns when so many pieces have come."""

    def __init__(self) -> None:
        self.pieces: list[OutputPiece] = []
        self._has_come = asyncio.Condition()

    async def tell(self, piece: OutputPiece) -> None:
        async with self._has_come:
            self.pieces.append(piece)
            self._has_come.notify_all()

    async def wait(self, count: int) -> None:
        async with asyncio.timeout(PATIENCE_S), self._has_come:
            await self._has_come.wait_for(lambda: len(self.pieces) >= count)

    def text(self, stream: OutputStream) -> str:
        return "".join(piece.text for piece in self.pieces if piece.stream == stream)


async def test_what_is_written_is_told_while_the_program_runs() -> None:
    told = Told()
    async with told_live("id", told.tell) as hear:
        hear("stdout", b"one\n")
        await told.wait(1)
        hear("stderr", b"two\n")
        await told.wait(2)
        hear("stdout", b"three\n")

    assert [(piece.sequence, piece.stream, piece.text) for piece in told.pieces] == [
        (0, "stdout", "one\n"),
        (1, "stderr", "two\n"),
        (2, "stdout", "three\n"),
    ]


async def test_a_flood_of_bytes_makes_few_pieces() -> None:
    told = Told()
    async with told_live("id", told.tell) as hear:
        for number in range(20_000):
            hear("stdout", b"x")
            if number % 1000 == 0:
                await asyncio.sleep(0)

    assert told.text("stdout") == "x" * 20_000
    assert len(told.pieces) < 50


async def test_streams_that_take_turns_all_the_time_make_few_pieces_in_their_order() -> None:
    told = Told()
    async with told_live("id", told.tell) as hear:
        for number in range(1000):
            hear("stdout", b"%d," % number)
            hear("stderr", b"%d;" % number)

    assert told.text("stdout") == "".join(f"{number}," for number in range(1000))
    assert told.text("stderr") == "".join(f"{number};" for number in range(1000))
    assert len(told.pieces) <= MAX_TURNS


async def test_no_more_is_told_than_the_result_shows() -> None:
    told = Told()
    async with told_live("id", told.tell) as hear:
        for _ in range(100):
            hear("stdout", b"x" * 10_000)
            hear("stderr", b"y" * 10_000)

    assert told.text("stdout") == readable(b"x" * 1_000_000, max_bytes=OUTPUT_BYTES)
    assert told.text("stderr") == "y" * ERROR_OUTPUT_BYTES + CUT_MARK


async def test_half_a_character_at_the_end_is_told_as_unknown() -> None:
    told = Told()
    async with told_live("id", told.tell) as hear:
        hear("stdout", "ä".encode()[:1])

    assert told.text("stdout") == "\N{REPLACEMENT CHARACTER}"


async def test_nothing_is_told_after_a_run_that_was_given_up() -> None:
    told = Told()

    async def give_up() -> None:
        async with told_live("id", told.tell) as hear:
            hear("stdout", b"one\n")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await give_up()
    assert told.pieces == []
