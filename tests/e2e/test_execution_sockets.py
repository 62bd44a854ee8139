"""Watching programs over WebSockets: on both ports, in memory, and on another replica."""

import json
import re
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, closing
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from tests.e2e.execution_stack import (
    EXECUTIONS,
    FINAL_STATUSES,
    OWN_PORT,
    ExecutionStack,
    Runner,
    guest_token,
)
from tests.support.patience import PATIENCE_S

pytestmark = pytest.mark.e2e
Message = dict[str, Any]
AT_ONCE_S = 10
"""Less than any pause after which it would be told anyway."""
DOCUMENTATION = Path(__file__).parents[2] / "docs" / "executions.md"
SLOW = "import time; time.sleep({seconds}); print(6 * 7)"
TALKING = """
import sys, time
for number in range(3):
    print(number, flush=True)
    print("oh", number, file=sys.stderr, flush=True)
    time.sleep(0.1)
while True:
    time.sleep(1)
"""
SAID = ("0\n1\n2\n", "oh 0\noh 1\noh 2\n")
"""What it prints on both streams before it waits to be cancelled."""


class Watcher(Runner):
    """Somebody who runs programs, and watches them."""

    def __init__(self, base_url: str, token: str) -> None:
        super().__init__(base_url, token)
        self.token = token

    def watch(
        self, execution_id: str, *, token: str | None = None, base_url: str | None = None
    ) -> ClientConnection:
        base = (base_url or str(self.http.base_url)).rstrip("/").replace("http", "ws", 1)
        token = self.token if token is None else token
        url = f"{base}{EXECUTIONS}/ws/{execution_id}?token={token}"
        return connect(url, compression=None, open_timeout=PATIENCE_S)


def hear(socket: ClientConnection) -> Message:
    message: Message = json.loads(socket.recv(timeout=PATIENCE_S))
    return message


def hear_all(socket: ClientConnection, first: Message | None = None) -> list[Message]:
    """Hear everything up to the last state; `first` has been heard before."""
    messages = [first or hear(socket)]
    while messages[-1]["data"].get("status") not in FINAL_STATUSES:
        messages.append(hear(socket))
    return messages


def hear_said(socket: ClientConnection) -> list[Message]:
    """Hear all that a talking program says; it still runs."""
    messages: list[Message] = []
    while tuple(text_of(pieces(messages), name) for name in ("stdout", "stderr")) != SAID:
        messages.append(hear(socket))
    return messages


def states(messages: list[Message]) -> list[str]:
    return [each["data"]["status"] for each in messages if each["type"] == "execution_update"]


def pieces(messages: list[Message]) -> list[Message]:
    return [each["data"] for each in messages if each["type"] == "execution_output"]


def close_code_of(socket: ClientConnection) -> int | None:
    try:
        while True:
            socket.recv(timeout=PATIENCE_S)
    except ConnectionClosed:
        return socket.close_code


@pytest.fixture(params=["front door", OWN_PORT])
def guest(request: pytest.FixtureRequest, door: ExecutionStack) -> Iterator[Watcher]:
    url = door.backend_url if request.param == "front door" else door.execution_url
    guest = Watcher(url, guest_token(door))
    with closing(guest.http):
        yield guest


@pytest.fixture
def visitor(replicas: ExecutionStack) -> Iterator[Watcher]:
    """A visitor at the front door of the replicas."""
    visitor = Watcher(replicas.backend_url, guest_token(replicas))
    with closing(visitor.http):
        yield visitor


def test_every_change_is_told_in_order_and_at_once(guest: Watcher) -> None:
    execution_id = guest.start(SLOW.format(seconds=0.5))

    with guest.watch(execution_id) as socket:
        messages = hear_all(socket)
        heard_at_s = time.time()

    result = messages[-1]["data"]
    kept = guest.see(execution_id).json()
    assert {each["execution_id"] for each in messages} == {execution_id}
    told = states(messages)
    assert told == ["pending", "running", "completed"][-len(told) :]  # who is slow comes later
    assert result == {name: kept[name] for name in kept if name not in {"code", "input_data"}}
    assert (result["output"], result["error_output"]) == ("42\n", "")
    assert heard_at_s - seconds_of(result["completed_at"]) < AT_ONCE_S


def seconds_of(instant: str) -> float:
    return datetime.fromisoformat(instant).timestamp()


def test_who_comes_after_the_end_gets_the_result_at_once(guest: Watcher) -> None:
    execution_id = guest.start("print(42)")
    guest.wait_for(execution_id)

    with guest.watch(execution_id) as socket:
        message = hear(socket)

    assert (message["type"], message["data"]["output"]) == ("execution_update", "42\n")


def test_output_is_told_while_the_program_runs(guest: Watcher) -> None:
    execution_id = guest.start(TALKING, stream_output=True)

    with guest.watch(execution_id) as socket, guest.watch(execution_id) as other:
        told, told_others = pieces(hear_said(socket)), pieces(hear_said(other))
        status_then = guest.see(execution_id).json()["status"]
        guest.http.post(f"{EXECUTIONS}/cancel/{execution_id}")
        ends = [hear_all(each) for each in (socket, other)]

    assert status_then == "running"
    assert [piece["sequence"] for piece in told] == list(range(len(told)))
    assert told_others == told
    assert [pieces(end) for end in ends] == [[], []]


def text_of(told: list[Message], stream: str) -> str:
    return "".join(piece["text"] for piece in told if piece["stream"] == stream)


def test_a_bad_token_is_closed_with_4001_and_what_is_not_theirs_with_4003(
    guest: Watcher, door: ExecutionStack
) -> None:
    execution_id = guest.start("print(42)")
    calls = [
        guest.watch(execution_id, token=""),
        guest.watch(execution_id, token="wrong"),
        guest.watch(execution_id, token=guest_token(door)),
        guest.watch(str(uuid.uuid4())),
    ]
    with ExitStack() as stack:
        sockets = [stack.enter_context(call) for call in calls]
        codes = [close_code_of(socket) for socket in sockets]

    assert codes == [4001, 4001, 4003, 4003]


def test_pings_are_answered_and_everything_else_is_passed_over(guest: Watcher) -> None:
    execution_id = guest.start("print(42)")

    with guest.watch(execution_id) as socket:
        hear_all(socket)
        for said in ("hello", '{"type": "subscribe"}', "ping", '{"type": "ping"}'):
            socket.send(said)
        answers = [hear(socket), hear(socket)]

    assert answers == [{"type": "pong"}] * 2


def test_a_cancelled_program_ends_for_who_watches(guest: Watcher) -> None:
    execution_id = guest.start("while True: pass")

    with guest.watch(execution_id) as socket:
        guest.http.post(f"{EXECUTIONS}/cancel/{execution_id}")
        result = hear_all(socket)[-1]["data"]

    assert (result["status"], result["is_cancelled"]) == ("error", True)


@pytest.mark.only_processes("each is asked at its own port")
def test_each_replica_tells_what_either_runs(replicas: ExecutionStack, visitor: Watcher) -> None:
    ids = [visitor.start(TALKING, stream_output=True) for _ in range(4)]

    with ExitStack() as stack:
        sockets = {
            (execution_id, url): stack.enter_context(visitor.watch(execution_id, base_url=url))
            for execution_id in ids
            for url in replicas.replica_urls.values()
        }
        told = {watch: hear_said(socket) for watch, socket in sockets.items()}
        for execution_id in ids:
            visitor.http.post(f"{EXECUTIONS}/cancel/{execution_id}")
        ends = {watch: hear_all(socket)[-1] for watch, socket in sockets.items()}

    for execution_id in ids:
        here, there = ((execution_id, url) for url in replicas.replica_urls.values())
        assert pieces(told[here]) == pieces(told[there])
        assert ends[here] == ends[there]


@pytest.mark.only_processes("processes are ended")
def test_a_killed_replica_makes_what_others_watch_late_and_its_own_watchers_come_back(
    replicas: ExecutionStack, visitor: Watcher
) -> None:
    ids = [visitor.start(SLOW.format(seconds=2)) for _ in range(4)]
    first, second = replicas.replica_urls.values()

    with ExitStack() as stack:
        theirs = [stack.enter_context(visitor.watch(each, base_url=first)) for each in ids]
        others = [stack.enter_context(visitor.watch(each, base_url=second)) for each in ids]
        firsts = {socket: hear(socket) for socket in (*theirs, *others)}
        replicas.kill("execution")
        codes = [close_code_of(socket) for socket in theirs]
        results = [hear_all(each, firsts[each])[-1]["data"]["output"] for each in others]
        again = [stack.enter_context(visitor.watch(each)) for each in ids]
        results_again = [hear_all(socket)[-1]["data"]["output"] for socket in again]
    replicas.start("execution")
    replicas.wait_for_replicas()

    assert set(codes) == {1006}
    assert results == results_again == ["42\n"] * 4


@pytest.mark.only_processes("processes are ended")
def test_a_replica_that_stops_says_so_to_who_watches_through_the_front_door(
    replicas: ExecutionStack, visitor: Watcher
) -> None:
    execution_id = visitor.start(SLOW.format(seconds=3))

    with ExitStack() as stack:
        sockets = [stack.enter_context(visitor.watch(execution_id)) for _ in range(4)]
        firsts = [hear(socket) for socket in sockets]
        replicas.stop("execution-2")
        ends = [end_of(socket, first) for socket, first in zip(sockets, firsts, strict=True)]
        with visitor.watch(execution_id) as again:
            result = hear_all(again)[-1]["data"]
    replicas.start("execution-2")
    replicas.wait_for_replicas()

    assert set(ends) <= {1012, "completed"}
    assert 1012 in ends
    assert result["output"] == "42\n"


def end_of(socket: ClientConnection, first: Message) -> int | str | None:
    """Return the last status, or the close code of a socket that ends without it."""
    try:
        return states(hear_all(socket, first))[-1]
    except ConnectionClosed:
        return socket.close_code


@pytest.mark.only_processes("processes are ended")
@pytest.mark.parametrize("fault", ["killed", "paused"])
def test_a_redis_that_goes_and_comes_back_makes_results_late_on_open_sockets(
    replicas: ExecutionStack, visitor: Watcher, fault: str
) -> None:
    ids = [visitor.start(SLOW.format(seconds=2)) for _ in range(6)]

    with ExitStack() as stack:
        sockets = [stack.enter_context(visitor.watch(each)) for each in ids]
        firsts = [hear(socket) for socket in sockets]
        if fault == "killed":
            replicas.redis.kill()
            time.sleep(2)
            replicas.redis.start()
        else:
            replicas.redis.pause()
            time.sleep(2)
            replicas.redis.resume()
        told = [hear_all(socket, first) for socket, first in zip(sockets, firsts, strict=True)]
        results = [messages[-1]["data"]["output"] for messages in told]

    assert {first["type"] for first in firsts} == {"execution_update"}
    assert results == ["42\n"] * 6


@pytest.mark.only_processes("processes are ended")
def test_a_redis_that_is_away_is_a_clear_error_for_who_comes(
    replicas: ExecutionStack, visitor: Watcher
) -> None:
    execution_id = visitor.start("print(42)")
    visitor.wait_for(execution_id)
    replicas.redis.kill()
    try:
        with visitor.watch(execution_id) as socket:
            error = hear(socket)
            code = close_code_of(socket)
    finally:
        replicas.redis.start()

    assert (error["type"], error["data"]["code"]) == ("error", "redis-unavailable")
    assert code == 1013


@pytest.mark.only_processes("it reads their logs")
def test_logs_name_sockets_without_their_tokens(door: ExecutionStack, guest: Watcher) -> None:
    execution_id = guest.start("print(42)")
    with guest.watch(execution_id) as socket:
        hear_all(socket)

    logs = [door.log(name) for name in (*door.replica_urls, "backend")]
    assert any(f"/ws/{execution_id}?token=***" in log for log in logs)
    assert not any(guest.token in log for log in logs)


@pytest.mark.only_processes("it reads a log")
def test_the_programs_of_the_documentation_work_in_a_browser(
    alone: ExecutionStack, browser: Browser
) -> None:
    functions, example = re.findall(r"```js\n(.*?)```", DOCUMENTATION.read_text(), re.DOTALL)
    page_text = f"""async (token) => {{
        const said = [];
        const console = {{ log: (...words) => said.push(words) }};
        {functions}
        {example}
        return said;
    }}"""

    accepted_before = alone.log("execution").count("[accepted]")
    # It stands for a page of somebody else's at this address, with rules of its own.
    page = browser.new_page(bypass_csp=True)
    page.goto(f"{alone.backend_url}/api/health/")
    said = page.evaluate(page_text, guest_token(alone))
    # It would come back, if the program took its own closing for a loss.
    page.wait_for_timeout(700)

    written = "".join(text for _, text in (each for each in said[:-1] if len(each) > 1))
    assert written == "Who? Hello Ada\n"
    assert said[-2] == ["completed"]
    assert said[-1][:2] == ["AC", "Who? Hello Ada\n"]
    assert alone.log("execution").count("[accepted]") == accepted_before + 1
