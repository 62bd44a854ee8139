"""A request with an Idempotency-Key is done once, however often it comes."""

from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from apps.code_execution.models import CodeSubmission
from apps.core.idempotency import delete_old_answers
from apps.core.models import IdempotentAnswer
from apps.users.models import User
from tests.integration.backend.conftest import client_of
from tests.support.contests import make_contest, make_problem
from tests.support.execution_service import FakeExecutionService
from tests.support.threads import run_at_once

# With real commits: the hand-over happens after them.
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.locks]
URL = "/api/code-execution/submissions/"
HELLO = {"code": "print('Hello, World!')", "language": "python"}


def post(client: APIClient, body: object = None, *, key: str = "k-1", url: str = URL) -> Any:
    return client.post(url, HELLO if body is None else body, headers={"Idempotency-Key": key})


def test_the_same_request_gets_the_same_answer_and_is_done_once(
    as_alice: APIClient, execution_service: FakeExecutionService
) -> None:
    first, second = post(as_alice), post(as_alice)

    assert (first.status_code, second.status_code) == (201, 201)
    assert second.content == first.content
    assert CodeSubmission.objects.count() == 1
    assert len(execution_service.orders) == 1


def test_a_request_with_a_key_is_handed_over_at_once_too(
    as_alice: APIClient, execution_service: FakeExecutionService
) -> None:
    answer = post(as_alice)

    assert CodeSubmission.objects.get().microservice_submission_id == 1001
    assert answer.json()["status"] == "pending"


def test_the_boards_show_a_submission_with_a_key_too(
    as_alice: APIClient, execution_service: FakeExecutionService
) -> None:
    contest = make_contest()
    problem = make_problem(contest)

    post(as_alice, {**HELLO, "contest": contest.pk, "problem": problem.pk})

    [cell] = contest.participants.get().cells.values()
    assert cell["pending"] == 1


def test_the_order_of_names_does_not_make_it_another_request(
    as_alice: APIClient, execution_service: FakeExecutionService
) -> None:
    post(as_alice)

    again = post(as_alice, dict(reversed(HELLO.items())))

    assert again.status_code == 201
    assert CodeSubmission.objects.count() == 1


def test_the_same_key_with_another_body_is_refused(
    as_alice: APIClient, execution_service: FakeExecutionService
) -> None:
    post(as_alice)

    answer = post(as_alice, {**HELLO, "code": "print(2)"})

    assert answer.status_code == 422
    assert answer.json()["code"] == "idempotency-key-reused"
    assert CodeSubmission.objects.count() == 1


def test_the_same_key_at_another_address_is_refused(
    as_alice: APIClient, execution_service: FakeExecutionService
) -> None:
    first, second = make_contest(), make_contest()
    post(as_alice, {}, url=f"/api/code-execution/contests/{first.pk}/join/")

    answer = post(as_alice, {}, url=f"/api/code-execution/contests/{second.pk}/join/")

    assert answer.status_code == 422
    assert not second.participants.exists()


def test_joining_again_with_the_key_gets_the_same_answer(as_alice: APIClient) -> None:
    url = f"/api/code-execution/contests/{make_contest().pk}/join/"

    first, second = post(as_alice, {}, url=url), post(as_alice, {}, url=url)

    assert first.status_code == 200
    assert second.content == first.content


def test_a_key_is_each_users_own(
    as_alice: APIClient, as_charlie: APIClient, execution_service: FakeExecutionService
) -> None:
    first, second = post(as_alice), post(as_charlie)

    assert first.json()["id"] != second.json()["id"]


def test_without_a_key_each_request_is_done(
    as_alice: APIClient, execution_service: FakeExecutionService
) -> None:
    as_alice.post(URL, HELLO)
    as_alice.post(URL, HELLO)

    assert CodeSubmission.objects.count() == 2
    assert not IdempotentAnswer.objects.exists()


def test_what_was_refused_may_be_mended_and_sent_again(
    as_alice: APIClient, execution_service: FakeExecutionService
) -> None:
    contest = make_contest(is_active=False)
    body = {**HELLO, "contest": contest.pk}
    refused = post(as_alice, body)
    contest.is_active = True
    contest.save()

    answer = post(as_alice, body)

    assert (refused.status_code, answer.status_code) == (400, 201)


def test_quotes_around_a_key_are_not_part_of_it(
    as_alice: APIClient, execution_service: FakeExecutionService
) -> None:
    first, second = post(as_alice, key='"k-1"'), post(as_alice, key="k-1")

    assert first.json()["id"] == second.json()["id"]


@pytest.mark.parametrize("key", ["", '""', "k" * 256, "schlüssel", "a\tb"])
def test_refuses_a_key_that_can_not_be_kept(as_alice: APIClient, key: str) -> None:
    answer = post(as_alice, key=key)

    assert answer.status_code == 400
    assert answer.json()["code"] == "idempotency-key"
    assert not CodeSubmission.objects.exists()


def test_a_key_may_be_used_anew_after_a_day(
    as_alice: APIClient, execution_service: FakeExecutionService
) -> None:
    first = post(as_alice)
    IdempotentAnswer.objects.update(created_at=timezone.now() - timedelta(hours=25))

    later = post(as_alice, {**HELLO, "code": "print(2)"})

    assert later.status_code == 201
    assert later.json()["id"] != first.json()["id"]
    assert post(as_alice, {**HELLO, "code": "print(2)"}).content == later.content


def test_old_answers_are_deleted_and_newer_ones_kept(
    as_alice: APIClient, execution_service: FakeExecutionService
) -> None:
    now = timezone.now()
    for key, hours in (("old", 25), ("new", 23)):
        post(as_alice, key=key)
        rows = IdempotentAnswer.objects.filter(key=key)
        rows.update(created_at=now - timedelta(hours=hours))

    delete_old_answers(now=now)

    assert [answer.key for answer in IdempotentAnswer.objects.all()] == ["new"]


def test_requests_at_once_with_one_key_make_one_submission(
    alice: User, execution_service: FakeExecutionService
) -> None:
    answers = run_at_once([partial(post, client_of(alice)) for _ in range(4)])

    assert [answer.status_code for answer in answers] == [201] * 4
    assert len({answer.content for answer in answers}) == 1
    assert CodeSubmission.objects.count() == 1
    assert len(execution_service.orders) == 1
