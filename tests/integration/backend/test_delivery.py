"""No submission is lost: every fault on the way delays it, and two workers never take the same."""

import json
import time
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
import time_machine
from django.db import connection, transaction
from django.utils import timezone
from rest_framework.test import APIClient

from apps.code_execution import delivery, services
from apps.code_execution.models import CodeSubmission, Judgement
from apps.code_execution.results import mark_delivered
from apps.core.signature import SignatureHeaders, decode_secrets, verify
from apps.users.models import User
from tests.support.contests import make_contest, make_event, make_problem, make_submission
from tests.support.execution_service import FakeExecutionService
from tests.support.threads import run_at_once
from tests.support.webhooks import NEWEST_SECRET, deliver

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.locks]


def submit(user: User) -> CodeSubmission:
    return services.create_submission(
        user=user,
        code="print(42)",
        language="python",
        input_data="",
        contest=None,
        problem_id=None,
    )


def make_due(submission: CodeSubmission) -> Judgement:
    submission.judgements.filter(finished_at=None).update(due_at=timezone.now())
    return submission.judgements.get(finished_at=None)


def attend(submission: CodeSubmission) -> CodeSubmission:
    """Let a worker look after the submission, as if it were due."""
    delivery.attend([make_due(submission).pk])
    submission.refresh_from_db()
    return submission


def test_signs_the_order_and_names_it(alice: User, execution_service: FakeExecutionService) -> None:
    submission = submit(alice)

    [headers], [body] = execution_service.headers, execution_service.bodies
    assert headers["idempotency-key"] == str(submission.judgements.get().pk)
    verify(
        decode_secrets(NEWEST_SECRET),
        SignatureHeaders(
            secret=headers["x-webhook-secret"],
            message_id=headers["webhook-id"],
            timestamp=headers["webhook-timestamp"],
            signature=headers["webhook-signature"],
        ),
        body=body,
        now_s=time.time(),
        is_plain_secret_allowed=False,
    )


def test_a_submission_is_kept_while_the_service_is_down(alice: User, settings: Any) -> None:
    settings.CODE_EXECUTION_SERVICE_URL = "http://127.0.0.1:9"

    submission = submit(alice)

    assert submission.status == "pending"
    judgement = submission.judgements.get()
    assert judgement.delivered_at is None
    assert "ConnectError" in judgement.last_error
    assert judgement.due_at > submission.created_at


@pytest.mark.parametrize("is_up", [True, False])
def test_the_board_shows_what_is_not_judged_yet(
    as_alice: APIClient, execution_service: FakeExecutionService, is_up: bool
) -> None:
    contest = make_contest()
    problem = make_problem(contest).pk
    if not is_up:
        execution_service.answer_with(503)

    as_alice.post(
        "/api/code-execution/submissions/",
        {"language": "c", "code": "int main(void) {}", "contest": contest.pk, "problem": problem},
    )

    board = as_alice.get(f"/api/code-execution/contests/{contest.pk}/scoreboard/").json()
    assert [cell["pending"] for cell in board["rows"][0]["cells"]] == [1]


@pytest.mark.parametrize("status", [500, 503, 429, 408, 401, 404])
def test_hands_over_later_what_the_service_did_not_take(
    alice: User, execution_service: FakeExecutionService, status: int
) -> None:
    execution_service.answer_with(status)
    submission = submit(alice)
    assert submission.microservice_submission_id is None

    attend(submission)

    assert submission.microservice_submission_id == 1001
    keys = {headers["idempotency-key"] for headers in execution_service.headers}
    assert len(keys) == 1
    assert len(execution_service.headers) == 2


@pytest.mark.parametrize("status", [404, 405, 400, 401, 422, 500, 503])
def test_what_is_said_of_a_whole_batch_refuses_nobody(
    alice: User, execution_service: FakeExecutionService, status: int
) -> None:
    """An older execution service, for one, has no such door until it is restarted, too."""
    execution_service.answer_all_with(status, status)
    submissions = [submit(alice), submit(alice)]
    assert [each.status for each in submissions] == ["pending", "pending"]
    assert str(status) in submissions[0].judgements.get().last_error

    delivery.attend([make_due(each).pk for each in submissions])

    assert [each["idempotency-key"] for each in execution_service.headers] == [
        str(each.judgements.get().pk) for each in submissions
    ]
    assert all(each.judgements.get().delivered_at for each in submissions)


@pytest.mark.parametrize("status", [400, 409, 413, 422])
def test_a_submission_that_the_service_refuses_ends_as_our_fault(
    alice: User, execution_service: FakeExecutionService, status: int
) -> None:
    execution_service.answer_with(status)

    submission = submit(alice)

    assert (submission.status, submission.verdict) == ("error", "IE")
    assert submission.error_output is not None
    assert submission.error_output.startswith("Internal Error")
    judgement = submission.judgements.get()
    assert judgement.finished_at is not None
    assert str(status) in judgement.last_error


def test_pauses_grow_while_the_service_stays_down(alice: User, settings: Any) -> None:
    settings.CODE_EXECUTION_SERVICE_URL = "http://127.0.0.1:9"
    submission = submit(alice)
    pauses_s = []

    with time_machine.travel(timezone.now(), tick=False):
        for _ in range(3):
            attend(submission)
            pause = submission.judgements.get().due_at - timezone.now()
            pauses_s.append(round(pause.total_seconds()))

    assert pauses_s == [5, 15, 60]


def test_a_sweep_finds_what_is_due_and_nothing_else(alice: User) -> None:
    due = make_submission(alice, microservice_submission_id=1)
    later = make_submission(alice, microservice_submission_id=2)
    make_submission(alice, microservice_submission_id=3, status="completed")
    later.judgements.update(due_at=timezone.now() + timedelta(minutes=1))

    found = delivery.list_due(now=timezone.now())
    assert found == delivery.Due(to_hand_over=[], to_ask_about=[due.judgements.get().pk])


def test_two_workers_never_take_the_same_judgement(alice: User) -> None:
    judgement = make_due(make_submission(alice, microservice_submission_id=None))

    claim = partial(delivery.claim, [judgement.pk], now=timezone.now())
    claims = run_at_once([claim] * 4)

    assert sum(map(len, claims)) == 1


def test_a_dead_workers_claim_runs_out(alice: User) -> None:
    judgement = make_due(make_submission(alice, microservice_submission_id=None))
    now = timezone.now()
    assert delivery.claim([judgement.pk], now=now) == [judgement]

    assert delivery.claim([judgement.pk], now=now) == []
    assert delivery.claim([judgement.pk], now=now + timedelta(seconds=61)) == [judgement]


def test_the_sweep_keeps_away_until_the_first_try_is_over(
    alice: User, execution_service: FakeExecutionService
) -> None:
    with transaction.atomic():
        submit(alice)
        now = timezone.now()

        assert not delivery.list_due(now=now + timedelta(seconds=10)).to_hand_over
        assert len(delivery.list_due(now=now + timedelta(seconds=20)).to_hand_over) == 1


def test_a_result_may_be_faster_than_the_answer_to_the_hand_over(
    alice: User, execution_service: FakeExecutionService
) -> None:
    execution_service.answer_with(503)
    submission = submit(alice)
    event = make_event(submission, submission_id=1001)
    assert deliver(event).status_code == 200

    mark_delivered({submission.judgements.get(): 1001})

    submission.refresh_from_db()
    assert submission.status == "completed"
    assert submission.microservice_submission_id == 1001


def test_results_and_the_note_of_the_hand_over_may_come_at_the_same_moment(
    alice: User, execution_service: FakeExecutionService
) -> None:
    execution_service.answer_with(*[503] * 10)
    for number in range(10):
        submission = submit(alice)
        judgement = submission.judgements.select_related("submission").get()
        event = make_event(submission, submission_id=2000 + number)

        told = run_at_once([
            partial(mark_delivered, {judgement: 2000 + number}),
            partial(deliver, event, message_id=f"{judgement.pk}-first"),
            partial(deliver, event, message_id=f"{judgement.pk}-second"),
        ])

        assert [answer.status_code for answer in told if answer] == [200, 200]
        submission.refresh_from_db()
        assert (submission.status, submission.verdict) == ("completed", "AC")
        assert submission.microservice_submission_id == 2000 + number
        assert submission.events.filter(has_changed=True).count() == 1
        assert submission.events.count() == 2


def test_a_service_that_counts_anew_takes_the_link_of_an_older_submission(
    alice: User, execution_service: FakeExecutionService
) -> None:
    older = make_submission(alice, microservice_submission_id=1001, status="completed")

    newer = submit(alice)

    older.refresh_from_db()
    newer.refresh_from_db()
    assert (older.microservice_submission_id, newer.microservice_submission_id) == (None, 1001)


class TestReconciler:
    """What was handed over and has not come back is asked for."""

    @pytest.fixture
    def submission(self, alice: User, execution_service: FakeExecutionService) -> CodeSubmission:
        return submit(alice)

    def finish(self, service: FakeExecutionService, **fields: Any) -> None:
        row = service.submissions[1001]
        row.update({
            "status": "completed",
            "verdict": "AC",
            "output": "42\n",
            "completed_at": "2024-01-15T10:30:00Z",
            **fields,
        })

    def test_is_not_asked_for_before_its_time(self, submission: CodeSubmission) -> None:
        due_at = submission.judgements.get().due_at

        assert timedelta(seconds=15) < due_at - timezone.now() <= timedelta(seconds=30)

    def test_applies_a_result_whose_event_was_lost(
        self, submission: CodeSubmission, execution_service: FakeExecutionService
    ) -> None:
        self.finish(execution_service)

        attend(submission)

        assert (submission.status, submission.output) == ("completed", "42\n")
        assert submission.judgements.get().finished_at is not None

    def test_asks_again_later_while_it_runs(
        self, submission: CodeSubmission, execution_service: FakeExecutionService
    ) -> None:
        execution_service.submissions[1001]["status"] = "running"

        attend(submission)

        assert submission.status == "running"
        assert submission.judgements.get().due_at > timezone.now() + timedelta(seconds=15)

    def test_hands_over_again_what_the_service_has_lost(
        self, submission: CodeSubmission, execution_service: FakeExecutionService
    ) -> None:
        execution_service.forget_everything()

        attend(submission)

        assert submission.status == "pending"
        assert submission.microservice_submission_id == 1001
        assert len(execution_service.orders) == 2

    def test_is_not_taken_in_by_an_id_that_means_another_submission_now(
        self, submission: CodeSubmission, alice: User, execution_service: FakeExecutionService
    ) -> None:
        execution_service.forget_everything()
        other = submit(alice)
        assert other.microservice_submission_id == 1001
        self.finish(execution_service)

        submission.refresh_from_db()
        attend(submission)

        assert submission.status == "pending"
        assert submission.microservice_submission_id == 1002

    def test_waits_while_the_service_is_down(
        self, submission: CodeSubmission, settings: Any
    ) -> None:
        settings.CODE_EXECUTION_SERVICE_URL = "http://127.0.0.1:9"

        attend(submission)

        assert submission.status == "pending"
        assert submission.microservice_submission_id == 1001

    def test_a_late_event_changes_nothing(
        self, submission: CodeSubmission, execution_service: FakeExecutionService
    ) -> None:
        self.finish(execution_service)
        attend(submission)

        answer = deliver(make_event(submission, verdict="WA"))

        assert answer.status_code == 200
        submission.refresh_from_db()
        assert submission.verdict == "AC"


class TestRerun:
    """The order of a rerun is a new one, and late news of the old one changes nothing."""

    @pytest.fixture
    def submission(
        self, alice: User, bob: User, execution_service: FakeExecutionService
    ) -> CodeSubmission:
        submission = submit(alice)
        deliver(make_event(submission, verdict="WA"), message_id="evt-old")
        return services.rerun_submission(submission_id=submission.pk, actor=bob)

    def test_is_handed_over_under_a_new_key(
        self, submission: CodeSubmission, execution_service: FakeExecutionService
    ) -> None:
        attend(submission)

        assert submission.microservice_submission_id == 1002
        assert len(execution_service.ids_by_key) == 2

    @pytest.mark.parametrize("is_handed_over", [False, True])
    def test_late_news_of_the_old_order_is_acknowledged_and_ignored(
        self, submission: CodeSubmission, *, is_handed_over: bool
    ) -> None:
        if is_handed_over:
            attend(submission)

        old = submission.judgements.earliest("created_at")

        answer = deliver(
            make_event(submission, submission_id=1001, reference=str(old.pk)),
            message_id="evt-late",
        )

        assert answer.status_code == 200
        submission.refresh_from_db()
        assert submission.status == "pending"
        assert submission.microservice_submission_id == (1002 if is_handed_over else None)

    def test_the_new_result_replaces_the_old_one(self, submission: CodeSubmission) -> None:
        attend(submission)

        deliver(make_event(submission, verdict="AC"), message_id="evt-new")

        submission.refresh_from_db()
        assert submission.verdict == "AC"
        assert [each.verdict for each in submission.judgements.all()] == ["AC", "WA"]


def test_an_order_that_is_text_stays_text(
    alice: User, execution_service: FakeExecutionService
) -> None:
    services.create_submission(
        user=alice,
        code="print('ä😀\\n')",
        language="python",
        input_data="ß",
        contest=None,
        problem_id=None,
    )

    [order] = json.loads(execution_service.bodies[0])["orders"]
    assert order["code"] == "print('ä😀\\n')"


def test_a_submission_and_its_result_cost_few_statements(
    as_alice: APIClient,
    execution_service: FakeExecutionService,
    django_assert_max_num_queries: Any,
) -> None:
    contest = make_contest()
    body = {
        "language": "c",
        "code": "int main(void) {}",
        "contest": contest.pk,
        "problem": make_problem(contest).pk,
    }
    first = as_alice.post("/api/code-execution/submissions/", body)  # joins the contest, too
    # The first result has the process look which endpoints there are, for some seconds.
    deliver(make_event(CodeSubmission.objects.get(pk=first.json()["id"])), message_id="evt-0")

    with django_assert_max_num_queries(24):  # begin and commit count as well
        second = as_alice.post("/api/code-execution/submissions/", body)
    event = make_event(CodeSubmission.objects.get(pk=second.json()["id"]))
    with django_assert_max_num_queries(19):
        told = deliver(event)

    assert (first.status_code, second.status_code, told.status_code) == (201, 201, 200)
    assert second.json()["microservice_submission_id"] == event["submission_id"]


def test_rules_that_look_back_cost_two_statements_more(
    as_alice: APIClient,
    execution_service: FakeExecutionService,
    django_assert_max_num_queries: Any,
) -> None:
    contest = make_contest(submissions_max=5, cooldown_s=0)
    body = {
        "language": "c",
        "code": "int main(void) {}",
        "contest": contest.pk,
        "problem": make_problem(contest).pk,
    }
    as_alice.post("/api/code-execution/submissions/", body)

    with django_assert_max_num_queries(26):
        answer = as_alice.post("/api/code-execution/submissions/", body)

    assert answer.status_code == 201


def test_the_answer_to_a_participant_is_as_new_as_the_result(
    as_alice: APIClient, execution_service: FakeExecutionService
) -> None:
    def tell(order: dict[str, Any], microservice_id: int) -> None:
        submission = CodeSubmission.objects.get(judgements=order["reference"])
        deliver(make_event(submission, submission_id=microservice_id))
        connection.close()

    execution_service.before_answer = tell

    answer = as_alice.post(
        "/api/code-execution/submissions/", {"language": "c", "code": "int main(void) {}"}
    ).json()

    assert (answer["status"], answer["verdict"]) == ("completed", "AC")
    assert answer["microservice_submission_id"] is not None
