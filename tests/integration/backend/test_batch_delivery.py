"""Handing over many at once: cheaper, and each as safe as by itself."""

import json
import threading
from collections.abc import Iterator
from functools import partial
from importlib import import_module
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from rest_framework.test import APIClient

from apps.code_execution import delivery, first_tries, queue, services, sweeps
from apps.code_execution.client import get_client
from apps.code_execution.models import CodeSubmission, Judgement
from apps.problems.models import TestData
from apps.users.models import User
from tests.support.contests import make_contest, make_event, make_problem, make_submission
from tests.support.execution_service import FakeExecutionService
from tests.support.threads import run_at_once
from tests.support.webhooks import deliver

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.locks]
URL = "/api/code-execution/submissions/"
LARGE = b"1 2\n" * 2000


def make_waiting(user: User, count: int, **fields: Any) -> list[CodeSubmission]:
    """Make submissions that nobody has handed over yet."""
    return [make_submission(user, microservice_submission_id=None, **fields) for _ in range(count)]


def ids_of(submissions: list[CodeSubmission]) -> list[Any]:
    return list(Judgement.objects.filter(submission__in=submissions).values_list("pk", flat=True))


def links_of(submissions: list[CodeSubmission]) -> list[int | None]:
    for each in submissions:
        each.refresh_from_db()
    return [each.microservice_submission_id for each in submissions]


def test_many_are_one_call_and_go_in_their_order(
    alice: User, execution_service: FakeExecutionService
) -> None:
    waiting = make_waiting(alice, 5)

    delivery.attend(ids_of(waiting))

    assert len(execution_service.bodies) == 1
    assert links_of(waiting) == [1001, 1002, 1003, 1004, 1005]
    judgements = Judgement.objects.filter(finished_at=None)
    assert all(each.delivered_at and each.due_at > timezone.now() for each in judgements)
    assert [each.attempts for each in judgements] == [1] * 5


def test_twice_as_many_cost_no_more_statements(
    alice: User, execution_service: FakeExecutionService, django_assert_num_queries: Any
) -> None:
    problem = make_problem()
    few, many = make_waiting(alice, 5, problem=problem), make_waiting(alice, 10, problem=problem)

    with django_assert_num_queries(15):
        delivery.attend(ids_of(few))
    with django_assert_num_queries(15):
        delivery.attend(ids_of(many))

    assert None not in links_of([*few, *many])


def test_each_problem_language_and_kind_is_told_as_it_is(
    alice: User, execution_service: FakeExecutionService
) -> None:
    hard, easy = make_problem(time_limit_ms=100), make_problem(time_limit_ms=200)
    hard.languages.create(language="python", time_multiplier=5)
    trial = CodeSubmission.Purpose.TRIAL
    waiting = [
        *make_waiting(alice, 1, problem=hard),
        *make_waiting(alice, 1, problem=easy),
        *make_waiting(alice, 1, problem=hard, language="c"),
        *make_waiting(alice, 1, problem=hard, purpose=trial),
        *make_waiting(alice, 1, problem=hard, purpose=trial, input_data="5"),
        *make_waiting(alice, 1, code="print(43)"),
        *make_waiting(alice, 1, problem=hard, code="print(44)"),
    ]

    delivery.attend(ids_of(waiting))

    told = execution_service.orders
    assert [each.get("limits", {}).get("cpu_time_ms") for each in told] == [
        100, 200, 100, 100, 100, None, 100,
    ]  # fmt: skip
    assert [each.get("limits", {}).get("time_multiplier") for each in told] == [
        5, None, None, 5, 5, None, 5,
    ]  # fmt: skip
    assert [len(each.get("test_cases", [])) for each in told] == [3, 3, 3, 1, 0, 0, 3]
    assert [each["code"] for each in told[-2:]] == ["print(43)", "print(44)"]


def test_one_that_is_refused_is_in_no_others_way(
    alice: User, execution_service: FakeExecutionService
) -> None:
    waiting = make_waiting(alice, 4)
    execution_service.answer_with(400, 503)

    delivery.attend(ids_of(waiting))

    assert links_of(waiting) == [None, None, 1001, 1002]
    assert [each.status for each in waiting] == ["error", "pending", "pending", "pending"]
    postponed = waiting[1].judgements.get()
    assert "503" in postponed.last_error
    assert postponed.due_at > timezone.now()


def test_test_data_that_several_need_are_sent_once(
    alice: User, execution_service: FakeExecutionService
) -> None:
    problem = make_problem()
    data = TestData.objects.keep(LARGE)
    problem.test_cases.update(input_data=data)
    waiting = [*make_waiting(alice, 1), *make_waiting(alice, 3, problem=problem)]

    delivery.attend(ids_of(waiting))

    assert execution_service.test_data == {data.sha256: LARGE}
    assert [len(json.loads(each)["orders"]) for each in execution_service.bodies] == [4, 3]
    assert None not in links_of(waiting)


def test_test_data_that_are_gone_meanwhile_postpone_only_who_needs_them(
    alice: User, execution_service: FakeExecutionService, monkeypatch: pytest.MonkeyPatch
) -> None:
    problem = make_problem()
    problem.test_cases.update(input_data=TestData.objects.keep(LARGE))
    waiting = [*make_waiting(alice, 1, problem=problem), *make_waiting(alice, 1)]
    monkeypatch.setattr("apps.code_execution.orders.Order.find_content", lambda *_: None)

    delivery.attend(ids_of(waiting))

    assert links_of(waiting) == [None, 1001]
    assert "missing" in waiting[0].judgements.get().last_error


def test_workers_with_the_same_task_hand_each_over_once(
    alice: User, execution_service: FakeExecutionService
) -> None:
    waiting = make_waiting(alice, 12)
    ids = ids_of(waiting)

    attend = partial(delivery.attend, client=get_client())
    run_at_once([partial(attend, part) for part in (ids, ids[::-1], ids[:8], ids[4:])])

    keys = [headers["idempotency-key"] for headers in execution_service.headers]
    assert sorted(keys) == sorted(map(str, ids))
    assert None not in links_of(waiting)


def test_a_worker_that_dies_after_the_call_leaves_nothing_twice(
    alice: User, execution_service: FakeExecutionService, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting = make_waiting(alice, 3)

    def die(_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(delivery, "mark_delivered", die)
        with pytest.raises(KeyboardInterrupt):
            delivery.attend(ids_of(waiting))
    assert links_of(waiting) == [None] * 3
    Judgement.objects.update(due_at=timezone.now())  # its claim has run out

    delivery.attend(ids_of(waiting))

    assert links_of(waiting) == [1001, 1002, 1003]
    assert len(execution_service.orders) == 3


def test_results_that_are_faster_than_the_note_of_the_hand_over_stay(
    alice: User, execution_service: FakeExecutionService
) -> None:
    contest = make_contest()
    fields = {"contest": contest, "problem": make_problem(contest)}
    waiting = make_waiting(alice, 3, **fields)

    def tell(order: dict[str, Any], microservice_id: int) -> None:
        if microservice_id == 1002:
            submission = CodeSubmission.objects.get(judgements=order["reference"])
            deliver(make_event(submission, submission_id=microservice_id))
            connection.close()

    execution_service.before_answer = tell

    delivery.attend(ids_of(waiting))

    assert links_of(waiting) == [1001, 1002, 1003]
    assert [each.status for each in waiting] == ["pending", "completed", "pending"]


def test_a_service_that_counts_anew_may_give_one_the_id_of_another_of_the_same_batch(
    alice: User, execution_service: FakeExecutionService
) -> None:
    older = make_submission(alice, microservice_submission_id=1003, status="completed")
    waiting = make_waiting(alice, 3)
    CodeSubmission.objects.filter(pk=waiting[0].pk).update(microservice_submission_id=1002)
    CodeSubmission.objects.filter(pk=waiting[1].pk).update(microservice_submission_id=1001)

    delivery.attend(ids_of(waiting))

    assert links_of([older, *waiting]) == [None, 1001, 1002, 1003]


def test_the_board_shows_all_of_a_batch(
    as_alice: APIClient, alice: User, execution_service: FakeExecutionService
) -> None:
    contest = make_contest()
    first, second = make_problem(contest), make_problem(contest)
    waiting = [
        *make_waiting(alice, 2, contest=contest, problem=first),
        *make_waiting(alice, 1, contest=contest, problem=second),
    ]
    execution_service.answer_with(503)

    delivery.attend(ids_of(waiting))

    board = as_alice.get(f"/api/code-execution/contests/{contest.pk}/scoreboard/").json()
    assert [cell["pending"] for cell in board["rows"][0]["cells"]] == [2, 1]


def test_the_sweep_starts_a_task_for_each_fifty_and_one_for_each_question(
    alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[int] = []
    monkeypatch.setattr(queue, "enqueue_attend", lambda ids: sent.append(len(ids)))
    make_waiting(alice, 60)
    for number in range(2):
        make_submission(alice, microservice_submission_id=1 + number)

    import_module("apps.code_execution.tasks").sweep()

    assert sent == [50, 10, 1, 1]


class TestARush:
    """A process that hands over two already leaves the next one to Celery."""

    @pytest.fixture
    def rings(self, monkeypatch: pytest.MonkeyPatch) -> list[None]:
        rings: list[None] = []
        monkeypatch.setattr(sweeps, "bell", sweeps.SweepBell(lambda: rings.append(None)))
        monkeypatch.setattr(sweeps, "PAUSE_S", 0)
        return rings

    @pytest.fixture
    def held(self, alice: User, execution_service: FakeExecutionService) -> Iterator[None]:
        """Keep as many first tries waiting as may be made at once."""
        goes_on = threading.Event()

        def hold(*_: object) -> None:
            goes_on.wait(30)

        execution_service.before_answer = hold
        submit = partial(
            services.create_submission,
            user=alice,
            code="print(42)",
            language="python",
            input_data="",
            contest=None,
            problem_id=None,
        )

        def submit_in_thread() -> None:
            try:
                submit()
            finally:
                connection.close()

        threads = [
            threading.Thread(target=submit_in_thread) for _ in range(first_tries.AT_ONCE_MAX)
        ]
        get_client()  # else each thread makes one, and all but one are for once
        for each in threads:
            each.start()
        while not first_tries.first_tries.are_enough:
            pass
        yield
        goes_on.set()
        for each in threads:
            each.join()
        assert not first_tries.first_tries.are_enough

    @pytest.mark.usefixtures("held")
    def test_is_taken_without_a_first_try_and_swept_at_once(
        self, as_alice: APIClient, execution_service: FakeExecutionService, rings: list[None]
    ) -> None:
        answer = as_alice.post(URL, {"language": "c", "code": "int main(void) {}"})

        assert answer.status_code == 201
        assert answer.json()["microservice_submission_id"] is None
        judgement = Judgement.objects.get(submission=answer.json()["id"])
        assert (judgement.attempts, judgement.delivered_at) == (0, None)
        assert delivery.list_due(now=timezone.now()).to_hand_over == [judgement.pk]
        assert not [each for each in execution_service.orders if each["language"] == "c"]
        while not rings:
            pass

    @pytest.mark.usefixtures("held")
    def test_costs_fewer_statements(
        self, as_alice: APIClient, rings: list[None], django_assert_max_num_queries: Any
    ) -> None:
        contest = make_contest()
        body = {
            "language": "c",
            "code": "int main(void) {}",
            "contest": contest.pk,
            "problem": make_problem(contest).pk,
        }
        as_alice.post(URL, body)  # joins the contest, too

        with django_assert_max_num_queries(8):
            assert as_alice.post(URL, body).status_code == 201

    def test_a_refused_submission_rings_for_nobody(
        self, as_alice: APIClient, rings: list[None], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(first_tries, "AT_ONCE_MAX", 0)
        monkeypatch.setattr(Judgement.objects, "create", lambda **_: 1 / 0)

        as_alice.raise_request_exception = False
        answer = as_alice.post(URL, {"language": "c", "code": "int main(void) {}"})

        assert answer.status_code == 500
        assert (CodeSubmission.objects.count(), rings) == (0, [])
