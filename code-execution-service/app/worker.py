"""A judge worker, `python -m app.worker`: as many as one likes share a database and a broker."""

import argparse
import asyncio
import logging
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import httpx
from uvicorn.loops.auto import auto_loop_factory

from app.background import background_loops
from app.clients.ticket_taker import TicketTaker
from app.config import Settings, load_settings_or_exit
from app.engines.base import Engine
from app.errors import ServerError
from app.languages import LanguageRegistry, load_languages
from app.logs import configure_logging
from app.monitoring import metrics_served
from app.repositories.unit_of_work import Transactions
from app.services.judge_workers import JudgeWorkers
from app.services.ticket_desk import Seat, TicketDesk
from app.wiring import (
    VERSION,
    create_engine,
    database_opened,
    keep_what_is_loaded,
    start_tracing_or_exit,
    wired,
)

logger = logging.getLogger(__name__)


@asynccontextmanager
async def judging(
    settings: Settings,
    *,
    engine: Engine,
    languages: LanguageRegistry,
    backend_transport: httpx.AsyncBaseTransport | None = None,
) -> AsyncIterator[TicketTaker]:
    """Judge while the block runs; at its end what still runs is finished soon or given back.

    Raises:
        EngineError: no program can be run here.
        DatabaseNotReadyError: the database does not answer, or its tables are not ours.
    """
    desk, lanes = TicketDesk(), settings.judge_workers
    async with wired(
        settings,
        engine=engine,
        languages=languages,
        bell=desk.bell,
        backend_transport=backend_transport,
    ) as process:
        await process.checks["engine"]()
        await process.checks["database"]()
        taker = TicketTaker(settings.code_execution_queue_url, lanes=lanes, serve=desk.hand_in)
        seats = [Seat(desk, seats=lanes) for _ in range(lanes)]
        async with (
            metrics_served(process.factory, host=settings.metrics_host, port=settings.metrics_port),
            background_loops(
                process.factory, judge_bells=seats, execution_workers=0, is_fed_by_tickets=True
            ),
        ):
            taker.start()
            try:
                yield taker
            finally:
                taker.pause()
        desk.close()
        await taker.close()


async def work(settings: Settings, *, engine: Engine, languages: LanguageRegistry) -> int:
    """Judge until told to stop, and return the exit code."""
    is_told_to_stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, is_told_to_stop.set)
    try:
        async with judging(settings, engine=engine, languages=languages) as taker:
            logger.info("%d judges wait for submissions", settings.judge_workers)
            ends = [asyncio.create_task(end) for end in (is_told_to_stop.wait(), taker.wait())]
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            for end in ends:
                end.cancel()
    except ServerError as error:
        logger.error("this worker can't judge: %s", error.detail)  # noqa: TRY400  # says it all
        return 1
    return 0 if is_told_to_stop.is_set() else 1


async def check(settings: Settings) -> int:
    """Tell whether a worker here judges, as it has told the database; return the exit code."""
    async with database_opened(settings) as database:
        workers = JudgeWorkers(
            transactions=Transactions(database), place=settings.replica_name, version=VERSION
        )
        try:
            await workers.check_here()
        except ServerError as error:
            sys.stderr.write(f"{error.detail}\n")
            return 1
    return 0


def main(arguments: Sequence[str]) -> None:
    """Judge until told to stop, or until what is needed for it has gone."""
    parser = argparse.ArgumentParser(prog="python -m app.worker", description=__doc__)
    parser.add_argument(
        "--check", action="store_true", help="only tell whether a worker of this machine judges"
    )
    options = parser.parse_args(arguments)
    settings = load_settings_or_exit()
    if not (settings.code_execution_queue_url and settings.database_url):
        sys.stderr.write(
            "error: a judge worker needs CODE_EXECUTION_QUEUE_URL and DATABASE_URL; without them"
            " the service judges by itself\n"
        )
        sys.exit(2)
    if options.check:
        sys.exit(asyncio.run(check(settings)))
    configure_logging(
        settings.logs_directory,
        form=settings.log_format,
        level=settings.log_level,
        secrets=settings.secret_values,
    )
    start_tracing_or_exit("judge-worker")
    languages = load_languages()
    engine, _ = create_engine(settings, languages)
    keep_what_is_loaded()
    # The loop that the service itself runs on, which is cheaper than Python's own.
    with asyncio.Runner(loop_factory=auto_loop_factory()) as runner:
        sys.exit(runner.run(work(settings, engine=engine, languages=languages)))


if __name__ == "__main__":
    main(sys.argv[1:])
