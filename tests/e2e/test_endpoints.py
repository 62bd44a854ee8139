"""Another team's server is told of verdicts, though the worker that sends was away."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from standardwebhooks import WebhookVerificationError

from tests.e2e.stack import Person, Stack, running_stack, wait_for
from tests.support.endpoints import Received, receiver

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.sandbox,
    pytest.mark.only_processes("processes are ended"),
]


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory, set_up_folder: Path) -> Iterator[Stack]:
    folder = tmp_path_factory.mktemp("stack")
    settings = {"OUTGOING_ALLOWED_NETWORKS": "127.0.0.0/8"}
    with running_stack(folder, set_up_folder, settings=settings) as stack:
        yield stack


def test_a_verdict_arrives_once_there_is_a_worker_again(
    stack: Stack, alice: Person, bob: Person
) -> None:
    with receiver() as team:
        wanted = {"url": team.url, "event_types": ["submission.completed"]}
        endpoint = alice.post("/api/endpoints/", wanted)
        everything = bob.post("/api/endpoints/", {**wanted, "scope": "all"})
        stack.kill("worker")
        submission_id = alice.submit(code="print(42)", language="python")
        assert alice.wait_for_verdict(submission_id)["status"] == "completed"
        assert team.received == []

        stack.start("worker")
        wait_for(lambda: len(team.received) == 2, what="both to be told")

    for secret in (endpoint["secret"], everything["secret"]):
        [got] = (each for each in team.received if is_signed(each, secret))
        assert got.document["data"]["submission"]["id"] == submission_id


def is_signed(received: Received, secret: str) -> bool:
    try:
        received.verified(secret)
    except WebhookVerificationError:
        return False
    return True
