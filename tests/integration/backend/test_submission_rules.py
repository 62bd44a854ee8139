"""What a contest takes of a participant, and runs that do not count."""

from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
import time_machine
from django.utils import timezone
from limits import parse
from rest_framework.test import APIClient

from apps.code_execution import services
from apps.code_execution.models import CodeSubmission
from apps.contests.models import Contest, ContestParticipant, ContestRole
from apps.problems.models import Problem, TestCase, TestGroup
from apps.users.models import User
from tests.integration.backend.conftest import client_of
from tests.support.contests import make_contest, make_event, make_problem, make_submission
from tests.support.execution_service import FakeExecutionService
from tests.support.people import make_user
from tests.support.threads import run_at_once
from tests.support.webhooks import deliver

# With real commits: who is refused rolls a transaction back, and the hand-over comes after them.
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.locks]
SUBMISSIONS = "/api/code-execution/submissions/"
TRIALS = "/api/code-execution/trials/"
HELLO = {"code": "print(3)", "language": "python"}


@pytest.fixture(autouse=True)
def service(execution_service: FakeExecutionService) -> FakeExecutionService:
    """Every program is handed over to a stand-in."""
    return execution_service


def submit(client: APIClient, contest: Contest, problem: Problem | None = None, **more: Any) -> Any:
    body = {**HELLO, "contest": contest.pk, "problem": problem and problem.pk, **more}
    return client.post(SUBMISSIONS, body)


class TestLanguages:
    """A contest may take some languages only."""

    def test_one_of_them_is_taken(self, as_alice: APIClient) -> None:
        contest = make_contest(allowed_languages=["cpp", "python"])

        assert submit(as_alice, contest, language="py").status_code == 201

    def test_another_one_is_not_and_the_answer_names_them(self, as_alice: APIClient) -> None:
        contest = make_contest(allowed_languages=["cpp", "java"])

        answer = submit(as_alice, contest)

        assert answer.status_code == 400
        assert answer.json() == {"language": ["The contest takes no python. Use one of cpp, java."]}
        assert not contest.participants.exists()

    def test_practice_keeps_to_them(self, as_alice: APIClient) -> None:
        now = timezone.now()
        contest = make_contest(
            allowed_languages=["cpp"],
            start_time=now - timedelta(hours=2),
            end_time=now - timedelta(hours=1),
        )

        answer = submit(as_alice, contest, purpose="practice")

        assert answer.status_code == 400
        assert "language" in answer.json()

    def test_the_jury_may_use_any(self, as_alice: APIClient, alice: User) -> None:
        contest = make_contest(allowed_languages=["cpp"])
        ContestRole.objects.create(contest=contest, user=alice, role="judge")

        assert submit(as_alice, contest).status_code == 201


class TestSize:
    """A contest may take short programs only."""

    @pytest.mark.parametrize(("code", "status"), [("x" * 10, 201), ("x" * 11, 400), ("é" * 6, 400)])
    def test_counts_bytes(self, as_alice: APIClient, code: str, status: int) -> None:
        answer = submit(as_alice, make_contest(code_bytes_max=10), code=code)

        assert answer.status_code == status
        assert status == 201 or "at most 10 bytes" in answer.json()["code"][0]


class TestCap:
    """So many submissions for each participant and problem."""

    @pytest.fixture
    def contest(self) -> Contest:
        """A contest that takes two submissions to a problem."""
        return make_contest(submissions_max=2)

    @pytest.fixture
    def problem(self, contest: Contest) -> Problem:
        """A problem of the contest."""
        return make_problem(contest)

    def test_one_more_is_refused(
        self, contest: Contest, problem: Problem, as_alice: APIClient
    ) -> None:
        statuses = [submit(as_alice, contest, problem).status_code for _ in range(2)]

        answer = submit(as_alice, contest, problem)

        assert statuses == [201, 201]
        assert (answer.status_code, answer.json()["code"]) == (400, "submissions-used-up")
        assert "2 submissions" in answer.json()["detail"]
        assert CodeSubmission.objects.count() == 2

    def test_each_problem_and_participant_has_its_own(
        self, contest: Contest, problem: Problem, as_alice: APIClient, as_charlie: APIClient
    ) -> None:
        other = make_problem(contest, title="Other")
        for _ in range(2):
            submit(as_alice, contest, problem)

        assert submit(as_alice, contest, other).status_code == 201
        assert submit(as_charlie, contest, problem).status_code == 201

    def test_a_team_shares_them(
        self, contest: Contest, problem: Problem, as_alice: APIClient, alice: User
    ) -> None:
        account = make_user("team-7")
        team = ContestParticipant.objects.create(contest=contest, user=account, is_team=True)
        team.members.add(alice)
        for client in (as_alice, client_of(account)):
            submit(client, contest, problem)

        assert submit(as_alice, contest, problem).json()["code"] == "submissions-used-up"

    @pytest.mark.parametrize(("verdict", "status"), [("IE", 201), ("CE", 400)])
    def test_what_does_not_compile_is_counted_and_what_failed_by_us_is_not(
        self,
        contest: Contest,
        problem: Problem,
        as_alice: APIClient,
        alice: User,
        verdict: str,
        status: int,
    ) -> None:
        for number in range(2):
            make_submission(
                alice,
                contest=contest,
                problem=problem,
                microservice_submission_id=number,
                status="error",
                verdict=verdict,
            )

        assert submit(as_alice, contest, problem).status_code == status

    def test_trial_runs_are_not_counted(
        self, contest: Contest, problem: Problem, as_alice: APIClient
    ) -> None:
        for _ in range(3):
            as_alice.post(TRIALS, {**HELLO, "problem": problem.pk})

        assert submit(as_alice, contest, problem).status_code == 201

    def test_submissions_at_once_do_not_slip_through(
        self, contest: Contest, problem: Problem, alice: User
    ) -> None:
        ContestParticipant.objects.create(contest=contest, user=alice)

        answers = run_at_once([
            partial(submit, client_of(alice), contest, problem) for _ in range(5)
        ])

        statuses = sorted(answer.status_code for answer in answers)
        assert statuses == [201, 201, 400, 400, 400]


class TestCoolDown:
    """So many seconds between two submissions to a problem."""

    @pytest.fixture
    def clock(self) -> Iterator[time_machine.Traveller]:
        """A clock that stands until it is moved."""
        with time_machine.travel(timezone.now(), tick=False) as traveller:
            yield traveller

    @pytest.fixture
    def contest(self, clock: time_machine.Traveller) -> Contest:
        """A contest with a minute between two submissions."""
        return make_contest(cooldown_s=60)

    def test_too_soon_is_told_when_it_is_not(
        self, contest: Contest, clock: time_machine.Traveller, as_alice: APIClient
    ) -> None:
        problem = make_problem(contest)
        submit(as_alice, contest, problem)
        clock.shift(15.5)

        answer = submit(as_alice, contest, problem)

        assert (answer.status_code, answer.json()["code"]) == (429, "cool-down")
        assert answer.headers["Retry-After"] == "45"
        assert "45 s" in answer.json()["detail"]
        assert CodeSubmission.objects.count() == 1

    def test_after_it_the_next_one_is_taken(
        self, contest: Contest, clock: time_machine.Traveller, as_alice: APIClient
    ) -> None:
        problem = make_problem(contest)
        submit(as_alice, contest, problem)
        clock.shift(60)

        assert submit(as_alice, contest, problem).status_code == 201

    def test_another_problem_need_not_wait(self, contest: Contest, as_alice: APIClient) -> None:
        submit(as_alice, contest, make_problem(contest))

        assert submit(as_alice, contest, make_problem(contest, title="B")).status_code == 201

    def test_a_refused_one_does_not_start_it_again(
        self, contest: Contest, clock: time_machine.Traveller, as_alice: APIClient
    ) -> None:
        submit(as_alice, contest)
        clock.shift(59)
        submit(as_alice, contest)
        clock.shift(1)

        assert submit(as_alice, contest).status_code == 201


class TestTrials:
    """A trial is judged on samples or own input, and counts nowhere."""

    @pytest.fixture
    def contest(self) -> Contest:
        """A contest that runs."""
        return make_contest()

    @pytest.fixture
    def problem(self, contest: Contest) -> Problem:
        """A problem with one sample, and hidden tests."""
        return make_problem(contest)

    def test_is_run_on_the_samples(
        self, problem: Problem, as_alice: APIClient, service: FakeExecutionService
    ) -> None:
        answer = as_alice.post(TRIALS, {**HELLO, "problem": problem.pk})

        assert answer.status_code == 201, answer.json()
        assert (answer.json()["purpose"], answer.json()["contest"]) == ("trial", None)
        [order] = service.orders
        assert [test["is_sample"] for test in order["test_cases"]] == [True]
        assert order["limits"]["cpu_time_ms"] == 2000

    def test_is_run_on_an_own_input_by_the_limits_of_the_problem(
        self, problem: Problem, as_alice: APIClient, service: FakeExecutionService
    ) -> None:
        as_alice.post(TRIALS, {**HELLO, "problem": problem.pk, "input_data": "7 8\n"})

        [order] = service.orders
        assert "test_cases" not in order
        assert order["input_data"] == "7 8\n"
        assert order["limits"]["cpu_time_ms"] == 2000

    def test_runs_each_sample_by_itself_where_tests_are_in_groups(
        self, problem: Problem, as_alice: APIClient, service: FakeExecutionService
    ) -> None:
        TestCase.objects.update(group=TestGroup.objects.create(problem=problem, name="all"))

        as_alice.post(TRIALS, {**HELLO, "problem": problem.pk})

        assert "groups" not in service.orders[0]
        assert "group" not in service.orders[0]["test_cases"][0]

    def test_needs_no_problem(self, as_alice: APIClient, service: FakeExecutionService) -> None:
        answer = as_alice.post(TRIALS, {**HELLO, "input_data": "1"})

        assert answer.status_code == 201
        assert service.orders[0]["input_data"] == "1"

    def test_needs_samples_or_an_own_input(self, problem: Problem, as_alice: APIClient) -> None:
        TestCase.objects.update(is_sample=False)

        answer = as_alice.post(TRIALS, {**HELLO, "problem": problem.pk})

        assert answer.status_code == 400
        assert "input_data" in answer.json()

    def test_is_not_scored_and_joins_nobody(
        self, contest: Contest, problem: Problem, as_alice: APIClient
    ) -> None:
        as_alice.post(TRIALS, {**HELLO, "problem": problem.pk})
        trial = CodeSubmission.objects.get()
        sample = make_event(trial)["test_results"][:1]

        deliver(make_event(trial, test_results=sample))

        shown = as_alice.get(f"{SUBMISSIONS}{trial.pk}/").json()
        assert (shown["status"], shown["verdict"]) == ("completed", "AC")
        assert (shown["score"], shown["is_correct"]) == (None, None)
        assert [row["output"] for row in shown["test_results"]] == ["3\n"]
        assert not contest.participants.exists()

    def test_a_problem_that_one_may_not_read_is_not_found(self, as_charlie: APIClient) -> None:
        hidden = make_problem(make_contest(start_time=timezone.now() + timedelta(hours=1)))

        answer = as_charlie.post(TRIALS, {**HELLO, "problem": hidden.pk})

        assert answer.status_code == 404
        assert not CodeSubmission.objects.exists()

    def test_is_the_owners_only(self, as_alice: APIClient, as_charlie: APIClient) -> None:
        made = as_alice.post(TRIALS, {**HELLO, "input_data": "1"}).json()

        assert as_charlie.get(f"{SUBMISSIONS}{made['id']}/").status_code == 404

    def test_is_listed_only_when_asked_for(self, as_alice: APIClient) -> None:
        made = as_alice.post(TRIALS, {**HELLO, "input_data": "1"}).json()
        submitted = as_alice.post(SUBMISSIONS, HELLO).json()

        usual = as_alice.get(SUBMISSIONS).json()["results"]
        asked = as_alice.get(f"{SUBMISSIONS}?purpose=trial").json()["results"]

        assert [each["id"] for each in usual] == [submitted["id"]]
        assert [each["id"] for each in asked] == [made["id"]]

    def test_has_its_own_rate_limit(self, as_alice: APIClient, settings: Any) -> None:
        settings.RATE_LIMITS = {**settings.RATE_LIMITS, "trial": parse("1/minute")}
        as_alice.post(TRIALS, {**HELLO, "input_data": "1"})

        refused = as_alice.post(TRIALS, {**HELLO, "input_data": "1"})

        assert refused.status_code == 429
        assert as_alice.post(SUBMISSIONS, HELLO).status_code == 201

    def test_is_done_once_with_a_key(self, as_alice: APIClient) -> None:
        headers = {"Idempotency-Key": "k-1"}

        first = as_alice.post(TRIALS, {**HELLO, "input_data": "1"}, headers=headers)
        second = as_alice.post(TRIALS, {**HELLO, "input_data": "1"}, headers=headers)

        assert first.content == second.content
        assert CodeSubmission.objects.count() == 1

    @pytest.mark.parametrize(
        ("fields", "name"),
        [
            ({"code": ""}, "code"),
            ({"language": "cobol"}, "language"),
            ({"problem": "x"}, "problem"),
        ],
    )
    def test_refuses_a_bad_field(
        self, as_alice: APIClient, fields: dict[str, str], name: str
    ) -> None:
        answer = as_alice.post(TRIALS, {**HELLO, "input_data": "1", **fields})

        assert answer.status_code == 400
        assert name in answer.json()

    def test_is_deleted_after_a_day(self, alice: User) -> None:
        now = timezone.now()
        for number, (purpose, hours) in enumerate([("trial", 25), ("trial", 23), ("contest", 25)]):
            make_submission(
                alice,
                microservice_submission_id=number,
                purpose=purpose,
                created_at=now - timedelta(hours=hours),
            )

        services.delete_old_trials(now=now)

        kept = CodeSubmission.objects.order_by("microservice_submission_id")
        assert [each.microservice_submission_id for each in kept] == [1, 2]
