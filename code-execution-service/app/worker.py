"""A judge worker, `python -m app.worker`: as many as one likes share a database and a broker."""

import asyncio
import logging
import signal
import sys

from app.background import background_loops
from app.clients.ticket_taker import TicketTaker
from app.config import Settings, load_settings_or_exit
from app.engines.base import Engine
from app.errors import ServerError
from app.languages import LanguageRegistry, load_languages
from app.logs import configure_logging
from app.services.ticket_desk import Seat, TicketDesk
from app.wiring import Process, create_engine, wired

PAUSE_BEFORE_DATABASE_S = 1.0

logger = logging.getLogger(__name__)


async def work(settings: Settings, *, engine: Engine, languages: LanguageRegistry) -> int:
    """Judge until told to stop; return the exit code."""
    is_told_to_stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, is_told_to_stop.set)
    desk = TicketDesk()
    async with wired(settings, engine=engine, languages=languages, bell=desk.bell) as process:
        if process.engine_fault is not None:
            return 1
        await _wait_for_database(process, is_told_to_stop)
        taker = TicketTaker(
            settings.code_execution_queue_url, lanes=settings.judge_workers, serve=desk.hand_in
        )
        seats = [Seat(desk, seats=settings.judge_workers) for _ in range(settings.judge_workers)]
        ends = [asyncio.create_task(end) for end in (is_told_to_stop.wait(), taker.wait())]
        async with background_loops(process.factory, judge_bells=seats, execution_workers=0):
            if not is_told_to_stop.is_set():
                taker.start()
                logger.info("%d judges wait for submissions", len(seats))
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            taker.pause()
        desk.close()
        await taker.close()
        for end in ends:
            end.cancel()
    return 0 if is_told_to_stop.is_set() else 1


async def _wait_for_database(process: Process, is_told_to_stop: asyncio.Event) -> None:
    """Return when the database is there with all its tables."""
    complaint = ""
    while not is_told_to_stop.is_set():
        try:
            await process.checks["database"]()
        except ServerError as error:
            if error.detail != complaint:
                logger.warning("waiting: %s", error.detail)
            complaint = error.detail
            await asyncio.sleep(PAUSE_BEFORE_DATABASE_S)
        else:
            return


def main() -> None:
    """Judge until told to stop, or until what is needed for it has gone."""
    settings = load_settings_or_exit()
    if not (settings.code_execution_queue_url and settings.database_url):
        sys.stderr.write(
            "error: a judge worker needs CODE_EXECUTION_QUEUE_URL and DATABASE_URL; without them"
            " the service judges by itself\n"
        )
        sys.exit(2)
    configure_logging(
        settings.logs_directory,
        form=settings.log_format,
        level=settings.log_level,
        secrets=settings.secret_values,
    )
    languages = load_languages()
    engine, _ = create_engine(settings, languages)
    sys.exit(asyncio.run(work(settings, engine=engine, languages=languages)))


if __name__ == "__main__":
    main()
