"""Whatever makes something makes it once, however often a request comes with the same key."""

from collections.abc import Callable
from typing import Any

import pytest
from django.apps import apps
from rest_framework.test import APIClient

from apps.contests.models import Clarification, Contest
from apps.contests.services.participant_import import plan_import
from apps.core.idempotency import ANSWER_CHARS_MAX
from apps.core.models import IdempotentAnswer
from apps.core.openapi import api_document
from apps.users.models import User
from tests.integration.backend.conftest import client_of
from tests.support.contests import make_contest, make_problem, make_submission
from tests.support.execution_service import FakeExecutionService
from tests.support.people import make_user

pytestmark = pytest.mark.django_db(transaction=True)
API = "/api/code-execution"
HELLO = {"code": "print('Hello, World!')", "language": "python"}
TABLE = "username,email,name\ndora,dora@example.org,Dora D.\n"
# Nothing is kept of a guest; who registers twice is told that the name is taken.
WITHOUT_A_KEY = {"/api/auth/guest/", "/api/auth/register/"}
# Their answers have secrets, which are told once.
TOLD_ONCE = {
    "/api/auth/api-tokens/",
    "/api/endpoints/",
    f"{API}/contests/{{id}}/participants/import/",
}


def contest_body(contest: Contest) -> dict[str, Any]:
    times = {"start_time": "2026-01-01T10:00:00Z", "end_time": "2026-01-01T12:00:00Z"}
    return {"title": "Cup", "description": "For all.", **times}


def import_body(contest: Contest) -> dict[str, Any]:
    fingerprint = plan_import(contest=contest, table=TABLE.encode()).fingerprint
    return {"table": TABLE, "fingerprint": fingerprint}


BODIES: dict[str, Callable[[Contest], dict[str, Any]]] = {
    "/api/auth/api-tokens/": lambda _: {"name": "laptop", "scopes": ["contests:read"]},
    "/api/endpoints/": lambda _: {
        "url": "https://example.org/hook",
        "event_types": ["submission.completed"],
    },
    f"{API}/contests/": contest_body,
    f"{API}/contests/{{id}}/clone/": lambda _: {"title": "Next year's"},
    f"{API}/contests/{{id}}/clarifications/": lambda _: {"text": "May n be 0?"},
    f"{API}/contests/{{id}}/clarifications/{{clarification_id}}/answer/": lambda _: {"text": "No."},
    f"{API}/contests/{{id}}/participants/": lambda _: {"username": "charlie"},
    f"{API}/contests/{{id}}/participants/import/": import_body,
    f"{API}/problems/": lambda _: {"title": "Sum", "statement": "Add."},
    f"{API}/rejudgings/": lambda contest: {"contest": contest.pk},
    f"{API}/submissions/": lambda _: HELLO,
    f"{API}/trials/": lambda _: HELLO | {"input_data": "1"},
}


def creates() -> set[str]:
    """Name the addresses of the document that answer 201 to a POST."""
    paths = api_document()["paths"]
    return {
        path for path, item in paths.items() if "201" in item.get("post", {}).get("responses", {})
    }


def rows() -> dict[str, int]:
    return {model._meta.label: model._default_manager.count() for model in apps.get_models()}


@pytest.fixture
def root(db: None) -> APIClient:
    return client_of(make_user("root", is_superuser=True, is_staff=True))


def test_every_address_that_makes_something_is_tried() -> None:
    assert creates() - WITHOUT_A_KEY == set(BODIES)


@pytest.mark.parametrize("path", sorted(BODIES))
def test_a_repeated_request_makes_nothing_more(
    root: APIClient,
    alice: User,
    charlie: User,
    execution_service: FakeExecutionService,
    path: str,
) -> None:
    contest = make_contest()
    problem = make_problem(contest)
    make_submission(alice, contest=contest, problem=problem, status="completed", verdict="WA")
    asker = contest.participants.get(user=alice)
    question = Clarification.objects.create(
        contest=contest, author=alice, from_participant=asker, text="When?"
    )
    url = path.format(id=contest.pk, clarification_id=question.pk)
    body, key = BODIES[path](contest), {"Idempotency-Key": "k-1"}

    first = root.post(url, body, headers=key)
    before = rows()
    second = root.post(url, body, headers=key)

    assert first.status_code == 201, first.content
    assert rows() == before
    if path in TOLD_ONCE:
        assert (second.status_code, second.json()["code"]) == (409, "answer-not-kept")
        assert IdempotentAnswer.objects.get().body == ""
    else:
        assert second.status_code == 201
        assert second.json() == first.json()


def test_an_answer_that_is_very_long_is_not_kept(root: APIClient) -> None:
    tests = [{"input": "x" * ANSWER_CHARS_MAX, "expected_output": "1"}]
    body: dict[str, Any] = {"title": "Sum", "statement": "Add.", "test_cases": tests}
    key = {"Idempotency-Key": "k-1"}

    first = root.post(f"{API}/problems/", body, headers=key)
    second = root.post(f"{API}/problems/", body, headers=key)

    assert (first.status_code, second.status_code) == (201, 409)
    assert IdempotentAnswer.objects.get().body == ""
