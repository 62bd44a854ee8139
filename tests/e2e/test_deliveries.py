"""Results on their way to a backend that is busy, then wants no more, then wants them again."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.stack import Person, Stack, running_stack, wait_for
from tests.support.moody_receiver import MoodyReceiver, moody_receiver

pytestmark = [pytest.mark.e2e, pytest.mark.only_processes("a receiver stands between the services")]
DELIVERIES = "/api/code-execution/deliveries/"
ASKED_S = 3


@pytest.fixture(scope="module")
def receiver() -> Iterator[MoodyReceiver]:
    with moody_receiver() as receiver:
        yield receiver


@pytest.fixture(scope="module")
def stack(
    receiver: MoodyReceiver, tmp_path_factory: pytest.TempPathFactory, set_up_folder: Path
) -> Iterator[Stack]:
    """An installation whose results come by webhook alone: nobody asks for them."""
    settings = {"BACKEND_SERVICE_URL": receiver.url, "CODE_EXECUTION_RECONCILE_AFTER": "3600"}
    folder = tmp_path_factory.mktemp("stack")
    with running_stack(folder, set_up_folder, settings=settings) as stack:
        receiver.target = stack.backend_url
        yield stack


def state_of(person: Person) -> dict[str, Any]:
    answer: dict[str, Any] = person.http.get(f"{DELIVERIES}receiver/").json()
    return answer


def deliveries_of(person: Person, submission: int) -> dict[str, Any]:
    [event] = person.http.get(DELIVERIES, params={"submission": submission}).json()["results"]
    found: dict[str, Any] = person.http.get(f"{DELIVERIES}{event['id']}/").json()
    return found


def test_every_result_arrives_once_however_moody_the_receiver_is(
    alice: Person, bob: Person, receiver: MoodyReceiver
) -> None:
    receiver.answered.clear()
    receiver.moods = [(503, {"Retry-After": str(ASKED_S)}), (410, {})]

    first = alice.submit(language="python", code="print(1)")
    wait_for(lambda: len(receiver.answered) >= 1, what="the first attempt")
    wait_for(lambda: not state_of(bob)["is_enabled"], what="deliveries to be disabled")
    asked_at_s, came_back_at_s = receiver.answered_at_s[-2:]
    second = alice.submit(language="python", code="print(2)")
    wait_for(lambda: state_of(bob)["pending"] == 2, what="the second result to wait")
    state, sent_meanwhile = state_of(bob), len(receiver.answered)
    statuses = [alice.see(number)["status"] for number in (first, second)]
    bob.post(f"{DELIVERIES}receiver/enable/", {})
    results = [alice.wait_for_verdict(number)["output"] for number in (first, second)]
    wait_for(lambda: state_of(bob)["pending"] == 0, what="nothing to be left")

    assert came_back_at_s - asked_at_s >= ASKED_S - 0.1
    assert (state["disabled_for"], sent_meanwhile) == ("gone", 2)
    assert "completed" not in statuses
    assert results == ["1\n", "2\n"]
    acknowledged = [event for event, status in receiver.answered if status == 200]
    assert len(acknowledged) == len(set(acknowledged)) == 2
    codes = [each["status_code"] for each in deliveries_of(bob, first)["deliveries"]]
    assert codes == [200, 410, 503]


def test_what_was_refused_is_sent_again_by_hand(
    alice: Person, bob: Person, receiver: MoodyReceiver
) -> None:
    receiver.moods = [(400, {})]
    number = alice.submit(language="python", code="print(3)")
    wait_for(lambda: state_of(bob)["failed"] == 1, what="the result to be given up")

    resent = bob.post(f"{DELIVERIES}resend/", {"status": "failed"})

    assert resent == {"resent": 1, "has_more": False}
    assert alice.wait_for_verdict(number)["output"] == "3\n"
    wait_for(
        lambda: deliveries_of(bob, number)["status"] == "delivered",
        what="the delivery to be noted",
    )
