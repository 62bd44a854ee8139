"""Submissions find their judges alike in the process and through Redis or RabbitMQ, real ones.

Where a test is about tickets, nothing is looked for without one: a sweep comes too late for it.
"""

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import pytest_asyncio

from app.clients.tickets import QUEUE, connected, create_ticket_app
from app.services.stop import Stop
from tests.support import servers
from tests.support.balancer import Balancer, balancing
from tests.support.judged_installation import (
    ALICE,
    CHARLIE,
    HELD,
    JudgedInstallation,
    make_database,
)
from tests.support.patience import PATIENCE_S

pytestmark = pytest.mark.asyncio
NEVER_S = 600.0
SOON_S = 0.3


class Installation(JudgedInstallation):
    """One whose connection to the broker can be cut."""

    def __init__(self, folder: Path, balancer: Balancer, broker_url: str | None) -> None:
        super().__init__(folder, broker_url)
        self.balancer = balancer


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "service.sqlite3"
    make_database(path)
    return path


@pytest.fixture(scope="module", params=["in-process", "redis", "rabbitmq"])
def broker(request: pytest.FixtureRequest) -> Iterator[str | None]:
    if request.param == "in-process":
        yield None
        return
    try:
        with getattr(servers, request.param)() as url:
            yield url
    except servers.ServerMissingError as missing:
        pytest.skip(f"not run: {missing}")


@pytest_asyncio.fixture
async def installation(
    broker: str | None, template: Path, tmp_path: Path
) -> AsyncIterator[Installation]:
    """An installation with an empty database, and with a connection to the broker to be cut."""
    shutil.copy(template, tmp_path)
    with ExitStack() as ending:
        balancer = ending.enter_context(balancing())
        url = None
        if broker is not None:
            parts = urlsplit(broker)
            balancer.upstream_ports = [parts.port or 0]
            url = broker.replace(str(parts.port), str(balancer.port))
        yield Installation(tmp_path, balancer, url)


@pytest.fixture
def only_tickets(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nothing be found but by a ticket, after the first look at the start; none is dropped."""
    monkeypatch.setattr("app.background.SWEEP_S", NEVER_S)
    monkeypatch.setattr("app.clients.tickets.KEPT_S", NEVER_S)


@pytest.mark.usefixtures("only_tickets")
async def test_everything_is_judged_once(installation: Installation) -> None:
    async with installation.running():
        ids = [await installation.hand_in(f"print {number}") for number in range(20)]
        reported = await installation.reported(20)

    assert sorted(reported) == ids
    assert set(installation.engine.sources.values()) == {1}


@pytest.mark.usefixtures("only_tickets")
async def test_contests_go_first_and_rejudgings_last(installation: Installation) -> None:
    async with installation.running(lanes=1):
        first = await installation.hand_in(HELD)
        await installation.wait_for(first, "running")
        await installation.hand_in("print rejudged", priority="rejudge")
        await installation.hand_in("print practised")
        await installation.hand_in("print counting", priority="contest")
        installation.engine.may_go_on.set()
        await installation.reported(4)

    begun = list(installation.engine.sources)  # what is judged so quickly is reported in any order
    assert begun == [HELD, "print counting", "print practised", "print rejudged"]


@pytest.mark.usefixtures("only_tickets")
async def test_who_hands_in_much_lets_others_in_between(installation: Installation) -> None:
    async with installation.running(lanes=1):
        first = await installation.hand_in(HELD)
        await installation.wait_for(first, "running")
        for number in range(2):
            await installation.hand_in(f"print alice's {number}", user_id=ALICE)
        await installation.hand_in("print charlie's", user_id=CHARLIE)
        installation.engine.may_go_on.set()
        await installation.reported(4)

    begun = list(installation.engine.sources)
    assert begun.index("print charlie's") < begun.index("print alice's 1")


@pytest.mark.usefixtures("only_tickets")
async def test_a_ticket_too_many_finds_nothing_and_harms_nothing(
    installation: Installation,
) -> None:
    async with installation.running():
        await installation.wait_for_broker()
        for _ in range(5):
            installation.ring()
        submission_id = await installation.hand_in("print 5")
        installation.ring()
        result = await installation.wait_for(submission_id)
        later = await installation.wait_for(await installation.hand_in("print 6"))

    assert result["verdict"] == later["verdict"] == "AC"
    assert set(installation.engine.sources.values()) == {1}


async def test_a_lost_ticket_costs_a_pause_and_no_submission(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.background.SWEEP_S", SOON_S)
    async with installation.running():
        installation.fall_silent()
        result = await installation.wait_for(await installation.hand_in("print 5"))

    assert result["verdict"] == "AC"


@pytest.mark.parametrize("broker", ["redis", "rabbitmq"], indirect=True)
@pytest.mark.usefixtures("only_tickets")
async def test_who_has_judged_looks_for_more_before_the_next_ticket(
    installation: Installation,
) -> None:
    async with installation.running(lanes=1):
        first = await installation.hand_in(HELD)
        await installation.wait_for(first, "running")
        installation.fall_silent()
        rest = [await installation.hand_in(f"print {number}") for number in range(2)]
        installation.engine.may_go_on.set()
        reported = await installation.reported(3)

    assert sorted(reported) == [first, *rest]
    assert list(installation.engine.sources) == [HELD, "print 0", "print 1"]


@pytest.mark.parametrize("broker", ["redis", "rabbitmq"], indirect=True)
async def test_without_the_broker_submissions_are_taken_and_judged_and_with_it_told_of_again(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.background.SWEEP_S", SOON_S)
    # Judges may come back to the broker later than who sends them tickets.
    monkeypatch.setattr("app.clients.tickets.KEPT_S", NEVER_S)
    async with installation.running():
        await installation.wait_for_broker()
        upstream_ports = installation.balancer.upstream_ports
        installation.balancer.cut()
        without = [await installation.hand_in(f"print {number}") for number in range(5)]
        results = [await installation.wait_for(submission_id) for submission_id in without]
        monkeypatch.setattr("app.background.SWEEP_S", NEVER_S)
        await asyncio.sleep(4 * SOON_S)  # until no look is left that was begun before
        installation.balancer.upstream_ports = upstream_ports
        await installation.wait_for_broker()
        told = await installation.wait_for(await installation.hand_in("print 5"))

    assert [result["verdict"] for result in results] == ["AC"] * 5
    assert told["verdict"] == "AC"


@pytest.mark.usefixtures("only_tickets")
async def test_who_is_stopped_ends_what_is_begun_and_leaves_the_rest_to_the_next(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell_to_stop = Stop.set

    def tell_and_let_go(stop: Stop) -> None:
        tell_to_stop(stop)
        installation.engine.may_go_on.set()

    monkeypatch.setattr(Stop, "set", tell_and_let_go)
    monkeypatch.setattr("app.factory.DRAIN_S", PATIENCE_S)
    monkeypatch.setattr("app.factory.DELIVERY_DRAIN_S", PATIENCE_S)
    async with installation.running(lanes=1):
        begun = await installation.hand_in(HELD)
        await installation.wait_for(begun, "running")
        rest = [await installation.hand_in(f"print {number}") for number in range(3)]
    after_the_stop = len(installation.backend.requests)
    async with installation.running(lanes=1):
        reported = await installation.reported(4)

    assert after_the_stop == 1
    assert reported[0] == begun
    assert sorted(reported[1:]) == rest
    assert set(installation.engine.sources.values()) == {1}


@pytest.mark.parametrize("broker", ["redis", "rabbitmq"], indirect=True)
@pytest.mark.usefixtures("only_tickets")
async def test_a_worker_that_comes_later_judges_what_has_waited(installation: Installation) -> None:
    async with installation.running(has_judges=False):
        ids = [await installation.hand_in(f"print {number}") for number in range(3)]
        statuses = [(await installation.wait_for(each, "pending"))["status"] for each in ids]
        async with installation.judging():
            reported = await installation.reported(3)

    assert statuses == ["pending"] * 3
    assert sorted(reported) == ids


@pytest.mark.parametrize("broker", ["rabbitmq"], indirect=True)
async def test_tickets_that_nobody_takes_do_not_pile_up(
    installation: Installation, broker: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.clients.tickets.KEPT_S", 1.0)
    drop_tickets(broker)  # other tests have theirs kept
    async with installation.running(has_judges=False):
        await installation.wait_for_broker()
        for number in range(3):
            await installation.hand_in(f"print {number}")
        async with asyncio.timeout(PATIENCE_S):
            while not await asyncio.to_thread(count_tickets, broker):
                # Those before may be gone already.
                await installation.hand_in("print 3")
            while await asyncio.to_thread(count_tickets, broker):  # noqa: ASYNC110  # a server's
                await asyncio.sleep(SOON_S / 10)


def drop_tickets(broker_url: str) -> None:
    app = create_ticket_app(broker_url)
    with connected(app) as connection, connection.channel() as channel:
        app.amqp.queues[QUEUE](channel).purge()


def count_tickets(broker_url: str) -> int:
    app = create_ticket_app(broker_url)
    with connected(app) as connection, connection.channel() as channel:
        count: int = app.amqp.queues[QUEUE](channel).queue_declare(passive=True).message_count
        return count
