"""Made-up requests to the backend: none makes it fail, each is answered as the document says."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core import signals
from django.db import close_old_connections, transaction
from limits import parse

from apps.contests.services import board
from apps.contests.views import board_table
from apps.core.openapi import api_document
from apps.users.tokens import start_session
from config.wsgi import application
from tests.support.api_fuzzing import Case, faults
from tests.support.contest_world import Moment, Who, make_world

# Streams are not Django's; what the execution service says of itself needs one.
LEFT_OUT = frozenset({
    "GET /api/code-execution/contests/{id}/scoreboard/events/",
    "GET /api/code-execution/health/",
})


@pytest.fixture(autouse=True)
def requests_in_the_transaction_of_the_test() -> Iterator[None]:
    """Let no request close the connection, as Django's own test client does."""
    for signal in (signals.request_started, signals.request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (signals.request_started, signals.request_finished):
        signal.connect(close_old_connections)


@pytest.fixture(autouse=True)
def no_remembered_boards() -> None:
    board._board.cache_clear()
    board_table._table.cache_clear()


@pytest.fixture
def document(settings: Any) -> dict[str, Any]:
    settings.RATE_LIMITS = dict.fromkeys(settings.RATE_LIMITS, parse("1000000/minute"))
    made: dict[str, Any] = json.loads(json.dumps(api_document(), default=str))
    return made


@pytest.mark.django_db
@pytest.mark.parametrize("who", [Who.NOBODY, Who.ALICE, Who.MANAGER, Who.SUPERUSER])
def test_every_request_is_answered_as_the_document_says(document: dict[str, Any], who: Who) -> None:
    world = make_world(Moment.FROZEN)
    user = world.people[who]
    headers = {"Authorization": f"Bearer {start_session(user).access_token}"} if user else {}
    ids = {
        "participant_id": world.charlie.pk,
        "clarification_id": world.question.pk,
        "contest": world.contest.pk,
        "contest_id": world.contest.pk,
        "problem": world.problem.pk,
        "problem_id": world.problem.pk,
        "delivery_id": world.delivery.pk,
    }
    of_resource = {
        "contests": world.contest.pk,
        "problems": world.problem.pk,
        "rejudgings": world.rejudging.pk,
        "submissions": world.early.pk if world.early else 0,
        "endpoints": world.delivery.endpoint_id,
    }

    def send(case: Case) -> schemathesis.Response:
        if str(case.path_parameters.get("id")).isdigit():
            resource = case.path.partition("/{id}")[0].rpartition("/")[2]
            case.path_parameters["id"] = of_resource.get(resource, case.path_parameters["id"])
        case.cookies = {}
        for name in {"Authorization", "Cookie"} & {each.title() for each in case.headers}:
            del case.headers[name]
        with transaction.atomic():
            answer = case.call(app=application, headers=headers)
            transaction.set_rollback(True)
        return answer

    assert list(faults(document, send, ids=ids, leave_out=LEFT_OUT)) == []
