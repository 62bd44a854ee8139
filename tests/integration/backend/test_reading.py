"""Reading contests, problems, submissions and boards as far as one may, with few queries."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from apps.audit.models import AuditEntry
from apps.code_execution.models import CodeSubmission
from apps.code_execution.scoring import recompute_board
from apps.contests.models import Contest, ContestGroup, ContestParticipant, ContestRole
from apps.users.models import User
from tests.integration.backend.conftest import client_of
from tests.support.contest_world import Moment, Who, World, make_world
from tests.support.contests import make_contest, make_problem, make_submission
from tests.support.people import make_user

pytestmark = pytest.mark.django_db
API = "/api/code-execution/"
Purpose = CodeSubmission.Purpose


def person(world: World, who: Who) -> User:
    user = world.people[who]
    assert user is not None
    return user


def reader(world: World, who: Who) -> APIClient:
    return client_of(world.people[who])


def give_role(user: User, contest: Contest, role: ContestRole.Role) -> APIClient:
    ContestRole.objects.create(contest=contest, user=user, role=role)
    return client_of(user)


class TestContests:
    """What a contest says of itself, and who changes it."""

    def test_tells_the_caller_who_they_are_and_what_they_may_do(self) -> None:
        world = make_world(Moment.RUNNING)
        url = f"{API}contests/{world.contest.pk}/"

        alice = reader(world, Who.ALICE).get(url).json()
        judge = reader(world, Who.JUDGE).get(url).json()

        assert alice["phase"] == "running"
        assert alice["viewer"] == {
            "standpoint": "participant",
            "may_see_problems": True,
            "may_see_board": True,
            "may_ask": True,
            "may_judge": False,
            "may_manage": False,
        }
        assert (judge["viewer"]["standpoint"], judge["viewer"]["may_judge"]) == ("judge", True)

    def test_labels_its_problems_by_their_places(self, as_alice: APIClient) -> None:
        contest = make_contest()
        make_problem(contest, title="Sum")
        make_problem(contest, title="Product")

        body = as_alice.get(f"{API}contests/{contest.pk}/").json()

        assert [(each["label"], each["title"]) for each in body["problems"]] == [
            ("A", "Sum"),
            ("B", "Product"),
        ]

    def test_its_manager_changes_it_and_the_trail_tells(self, alice: User) -> None:
        contest = make_contest()
        client = give_role(alice, contest, ContestRole.Role.MANAGER)

        answer = client.patch(
            f"{API}contests/{contest.pk}/",
            {"title": "Spring cup", "access": "code", "access_code": "open sesame"},
        )

        assert answer.status_code == 200, answer.json()
        assert answer.json()["access_code"] == "open sesame"
        entry = AuditEntry.objects.get(act="contest.change")
        assert (entry.before["title"], entry.after["title"]) == ("Winter cup", "Spring cup")
        assert "open sesame" not in str(entry.after)

    def test_its_manager_sets_no_problem_that_they_may_not_read_in_full(self, alice: User) -> None:
        contest, other = make_contest(), make_contest(title="Summer cup")
        client = give_role(alice, contest, ContestRole.Role.MANAGER)
        secret, own = make_problem(other), make_problem(title="Own", owner=alice)
        url = f"{API}contests/{contest.pk}/"

        refused = client.patch(url, {"problems": [{"problem": secret.pk}]})
        taken = client.patch(url, {"problems": [{"problem": own.pk}]})

        assert refused.status_code == 400
        assert "problems" in refused.json()
        assert taken.status_code == 200, taken.json()
        assert list(contest.problems.all()) == [own]

    @pytest.mark.parametrize(
        "fields",
        [
            {"format": "icpc", "format_config": {"penalty": "much"}},
            {"format_config": ["penalty"]},
            {"allowed_languages": ["cobol"]},
            {"time_zone": "Middle Earth"},
            {"window_minutes": 0},
        ],
        ids=str,
    )
    def test_refuses_rules_that_mean_nothing(
        self, as_bob: APIClient, fields: dict[str, Any]
    ) -> None:
        contest = make_contest()

        answer = as_bob.patch(f"{API}contests/{contest.pk}/", fields)

        assert answer.status_code == 400
        assert answer.json().keys() <= fields.keys()

    def test_the_list_takes_the_same_few_queries_however_long_it_is(
        self, alice: User, as_alice: APIClient, django_assert_max_num_queries: Any
    ) -> None:
        for _ in range(8):
            contest = make_contest()
            make_problem(contest)
            ContestParticipant.objects.create(contest=contest, user=alice)

        # The caller's groups, teams, participations, roles; how many; the page; its problems.
        with django_assert_max_num_queries(7):
            rows = as_alice.get(f"{API}contests/").json()["results"]

        assert [len(each["problems"]) for each in rows] == [1] * 8


class TestProblems:
    """Hidden tests are for the problem's owner and for juries that set it."""

    @pytest.mark.parametrize(
        ("role", "is_in_full"), [("manager", True), ("judge", True), ("tester", False)]
    )
    def test_a_role_shows_the_tests_to_the_jury_only(
        self, alice: User, role: ContestRole.Role, *, is_in_full: bool
    ) -> None:
        contest = make_contest(start_time=timezone.now() + timedelta(days=1))
        problem = make_problem(contest)
        client = give_role(alice, contest, role)

        body = client.get(f"{API}problems/{problem.pk}/").json()

        assert ("test_cases" in body) is is_in_full
        assert ("samples" in body) is not is_in_full

    def test_the_owner_reads_and_changes_it(self, alice: User, as_alice: APIClient) -> None:
        problem = make_problem(make_contest(is_published=False), owner=alice)

        changed = as_alice.patch(f"{API}problems/{problem.pk}/", {"title": "Total"})

        assert changed.status_code == 200
        assert len(changed.json()["test_cases"]) == 3

    def test_no_filter_tells_which_problems_come(self, as_alice: APIClient) -> None:
        problem = make_problem(make_contest())
        to_come = make_contest(start_time=timezone.now() + timedelta(hours=1))
        to_come.problems.add(problem)

        assert as_alice.get(f"{API}problems/?contest={to_come.pk}").json()["count"] == 0

    def test_a_filter_knows_no_hidden_contest(self, as_alice: APIClient) -> None:
        hidden = make_contest(is_published=False)

        for address in ("problems", "submissions"):
            assert as_alice.get(f"{API}{address}/?contest={hidden.pk}").status_code == 400


class TestSubmissions:
    """One's own, one's team's, those that one judges, and what others may know."""

    def test_a_judge_lists_those_of_their_contests_beside_their_own(self) -> None:
        world = make_world(Moment.FROZEN)
        make_submission(person(world, Who.STRANGER), microservice_submission_id=11)
        make_submission(person(world, Who.JUDGE), microservice_submission_id=12)

        rows = reader(world, Who.JUDGE).get(f"{API}submissions/").json()["results"]

        assert len(rows) == 4
        assert {each["disclosure"] for each in rows} == {"everything", "tests"}

    def test_a_team_mate_reads_it(self) -> None:
        world = make_world(Moment.RUNNING)
        assert world.alices is not None
        world.alice.members.add(person(world, Who.STRANGER))
        client = reader(world, Who.STRANGER)

        listed = client.get(f"{API}submissions/").json()["results"]
        read = client.get(f"{API}submissions/{world.alices.pk}/").json()

        assert [each["id"] for each in listed] == [world.alices.pk]
        assert (read["code"], read["disclosure"]) == (world.alices.code, "tests")

    def test_before_the_end_others_know_that_somebody_tried(self) -> None:
        world = make_world(Moment.RUNNING)
        client = reader(world, Who.ALICE)

        [mine, theirs] = client.get(f"{API}contests/{world.contest.pk}/submissions/").json()[
            "results"
        ]

        assert (mine["disclosure"], mine["verdict"]) == ("tests", "WA")
        assert (theirs["disclosure"], theirs["status"], theirs["verdict"]) == (
            "exists",
            "pending",
            None,
        )

    def test_after_the_end_others_know_the_verdict_and_not_the_program(self) -> None:
        world = make_world(Moment.UNFROZEN)
        assert world.late is not None

        body = reader(world, Who.ALICE).get(f"{API}submissions/{world.late.pk}/").json()

        assert (body["disclosure"], body["verdict"]) == ("verdict", "WA")
        assert (body["code"], body["test_results"], body["output"]) == (None, None, None)

    @pytest.mark.parametrize("purpose", [Purpose.PRACTICE, Purpose.TRIAL])
    def test_what_does_not_count_is_nobody_elses_business(self, purpose: Purpose) -> None:
        world = make_world(Moment.UNFROZEN)
        CodeSubmission.objects.update(purpose=purpose)
        assert world.late is not None
        client = reader(world, Who.ALICE)

        assert client.get(f"{API}submissions/{world.late.pk}/").status_code == 404
        listed = client.get(f"{API}contests/{world.contest.pk}/submissions/").json()["results"]
        assert listed == []
        assert reader(world, Who.CHARLIE).get(f"{API}submissions/{world.late.pk}/").json()["code"]

    def test_who_is_on_no_board_is_not_in_the_contests_list(self) -> None:
        world = make_world(Moment.UNFROZEN)
        group = ContestGroup.objects.create(contest=world.contest, name="Guests", is_hidden=True)
        group.participants.add(world.charlie)
        client, url = reader(world, Who.ALICE), f"{API}contests/{world.contest.pk}/"

        [row] = client.get(f"{url}submissions/").json()["results"]
        names = [each["username"] for each in client.get(f"{url}participants/").json()["results"]]

        assert row["username"] == "alice"
        assert names == ["alice"]
        assert world.early is not None
        assert client.get(f"{API}submissions/{world.early.pk}/").status_code == 404

    def test_a_filter_by_outcome_tells_nothing_that_feedback_keeps_back(self) -> None:
        world = make_world(Moment.RUNNING, feedback=Contest.Feedback.SAMPLES)
        client = reader(world, Who.CHARLIE)

        assert client.get(f"{API}submissions/").json()["count"] == 1
        assert client.get(f"{API}submissions/?verdict=WA").json()["count"] == 0
        assert reader(world, Who.JUDGE).get(f"{API}submissions/?verdict=WA").json()["count"] == 2

    def test_the_list_of_a_contest_takes_the_same_few_queries_however_long_it_is(
        self, django_assert_max_num_queries: Any
    ) -> None:
        world = make_world(Moment.UNFROZEN)
        user = person(world, Who.ALICE)
        for number in range(10):
            make_submission(
                user,
                contest=world.contest,
                problem=world.problem,
                microservice_submission_id=20 + number,
            )
        client = reader(world, Who.ALICE)

        # The caller's groups, teams, participations, roles; the contest; the page; its contest.
        with django_assert_max_num_queries(7):
            rows = client.get(f"{API}contests/{world.contest.pk}/submissions/").json()["results"]

        assert len(rows) == 13

    def test_the_pages_of_a_contest_follow_each_other(self) -> None:
        world = make_world(Moment.UNFROZEN)
        client = reader(world, Who.ALICE)
        url = f"{API}contests/{world.contest.pk}/submissions/?page_size=2"
        seen = []

        while url:
            page = client.get(url).json()
            seen += [each["id"] for each in page["results"]]
            url = page["next"]

        assert seen == sorted(seen, reverse=True)
        assert len(seen) == 3

    def test_a_judge_of_another_contest_does_not_judge_it_anew(self) -> None:
        world = make_world(Moment.RUNNING)
        assert world.early is not None
        judge = person(world, Who.STRANGER)
        client = give_role(judge, make_contest(), ContestRole.Role.JUDGE)

        assert client.post(f"{API}submissions/{world.early.pk}/rerun/").status_code == 403


class TestWhatRefusalsTell:
    """A refusal says nothing of what the caller may not know."""

    @pytest.mark.parametrize(
        "rules",
        [{"is_published": False}, {"access": Contest.Access.PRIVATE}],
        ids=["not published", "private"],
    )
    def test_submitting_to_a_hidden_contest_is_as_to_none(self, rules: dict[str, Any]) -> None:
        world = make_world(Moment.RUNNING, **rules)
        client = reader(world, Who.STRANGER)
        program = {"code": "print(42)", "language": "python"}

        hidden = client.post(f"{API}submissions/", {**program, "contest": world.contest.pk})
        absent = client.post(f"{API}submissions/", {**program, "contest": 999})

        assert (hidden.status_code, absent.status_code) == (400, 400)
        text = hidden.content.decode().replace(str(world.contest.pk), "999")
        assert text == absent.content.decode()

    def test_submitting_before_the_start_does_not_tell_which_problems_come(self) -> None:
        world = make_world(Moment.BEFORE)
        client = reader(world, Who.ALICE)
        program = {"code": "print(42)", "language": "python", "contest": world.contest.pk}

        answers = [
            client.post(f"{API}submissions/", {**program, "problem": problem.pk})
            for problem in (world.problem, make_problem())
        ]

        assert [each.status_code for each in answers] == [400, 400]
        assert answers[0].json() == answers[1].json()

    @pytest.mark.parametrize(
        "number",
        ["0", "9" * 40, "9" * 5000, "x", "-1", "\u00b2"],
        ids=["0", "40 nines", "5000 nines", "x", "-1", "a square"],
    )
    @pytest.mark.parametrize("kind", ["submissions", "rejudgings", "problems", "contests"])
    def test_what_is_no_id_is_not_found(self, as_bob: APIClient, kind: str, number: str) -> None:
        assert as_bob.get(f"{API}{kind}/{number}/").status_code == 404


class TestBoards:
    """Ranks and counts behind a freeze."""

    def test_the_public_ranks_follow_from_what_is_public(self) -> None:
        world = make_world(Moment.FROZEN)
        user = person(world, Who.ALICE)
        make_submission(
            user,
            contest=world.contest,
            problem=world.problem,
            microservice_submission_id=20,
            created_at=(world.contest.start_time or timezone.now()) + timedelta(hours=1),
            status="completed",
            verdict="WA",
            score=2000,
        )
        recompute_board(contest=world.contest)
        url = f"{API}contests/{world.contest.pk}/leaderboard/"

        public = reader(world, Who.CHARLIE).get(url).json()["results"]
        true = reader(world, Who.JUDGE).get(url).json()["results"]

        assert [(each["rank"], each["username"], each["final_score"]) for each in public] == [
            (1, "alice", 2000.0),
            (2, "charlie", 1250.75),
        ]
        assert [(each["rank"], each["username"], each["final_score"]) for each in true] == [
            (1, "charlie", 4711.25),
            (2, "alice", 2000.0),
        ]

    def test_a_board_for_the_jury_is_not_shown(self) -> None:
        world = make_world(Moment.RUNNING, board_access=Contest.BoardAccess.JURY)
        client, url = reader(world, Who.ALICE), f"{API}contests/{world.contest.pk}/"

        for hidden in ("leaderboard", "statistics", "submissions"):
            answer = client.get(f"{url}{hidden}/")
            assert (answer.status_code, answer.json()["code"]) == (403, "board-hidden")
        rows = client.get(f"{url}participants/").json()["results"]
        assert {(each["rank"], each["final_score"]) for each in rows} == {(None, 0.0)}

    def test_attempts_are_counted_and_frozen_solutions_are_not(self) -> None:
        world = make_world(Moment.FROZEN)
        world.judge_late(verdict="AC", score="5000", status="completed")
        url = f"{API}contests/{world.contest.pk}/statistics/"

        [public] = reader(world, Who.ALICE).get(url).json()
        [true] = reader(world, Who.JUDGE).get(url).json()

        counts = {"problem": world.problem.pk, "label": "A", "attempts": 3, "tried_by": 2}
        assert public == {**counts, "solved_by": 0}
        assert true == {**counts, "solved_by": 1}

    def test_the_list_of_participants_takes_the_same_few_queries_however_long_it_is(
        self, django_assert_max_num_queries: Any
    ) -> None:
        world = make_world(Moment.FROZEN)
        for number in range(10):
            user = make_user(f"user{number}")
            ContestParticipant.objects.create(contest=world.contest, user=user)
        recompute_board(contest=world.contest)
        client = reader(world, Who.ALICE)

        # The caller's groups, teams, participations, roles; the contest, its problems; how many;
        # the page.
        with django_assert_max_num_queries(8):
            rows = client.get(f"{API}contests/{world.contest.pk}/leaderboard/").json()["results"]

        assert len(rows) == 12
