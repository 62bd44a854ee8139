"""Questions to the jury, its answers, its announcements."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from apps.audit.models import AuditEntry
from apps.contests.models import (
    Clarification,
    Contest,
    ContestParticipant,
    ContestProblem,
    ContestRole,
)
from apps.contests.services.clarifications import OPEN_QUESTIONS_MAX
from apps.users.models import User
from tests.integration.backend.conftest import client_of
from tests.support.contests import make_contest, make_problem
from tests.support.people import make_user

pytestmark = pytest.mark.django_db
State = ContestParticipant.State


@pytest.fixture
def contest(alice: User, charlie: User) -> Contest:
    """A running contest with two participants."""
    contest = make_contest()
    for user in (alice, charlie):
        ContestParticipant.objects.create(contest=contest, user=user)
    return contest


@pytest.fixture
def as_judge(contest: Contest) -> APIClient:
    """Somebody who judges this contest, and is nobody elsewhere."""
    judge = make_user("judith")
    ContestRole.objects.create(contest=contest, user=judge, role=ContestRole.Role.JUDGE)
    return client_of(judge)


def url_of(contest: Contest) -> str:
    return f"/api/code-execution/contests/{contest.pk}/clarifications/"


def ask(client: APIClient, contest: Contest, **fields: Any) -> dict[str, Any]:
    answer = client.post(url_of(contest), {"text": "May n be 0?", **fields})
    assert answer.status_code == 201, answer.json()
    body: dict[str, Any] = answer.json()
    return body


def texts(client: APIClient, contest: Contest, query: str = "") -> list[str]:
    return [each["text"] for each in client.get(url_of(contest) + query).json()["results"]]


class TestAsking:
    """Participants ask; only they and the jury read it."""

    def test_a_question_is_read_by_its_asker_and_the_jury(
        self, contest: Contest, as_alice: APIClient, as_charlie: APIClient, as_judge: APIClient
    ) -> None:
        problem = make_problem(contest)

        made = ask(as_alice, contest, problem=problem.pk)

        assert (made["kind"], made["problem"], made["is_answered"]) == (
            "question",
            problem.pk,
            False,
        )
        assert texts(as_alice, contest) == texts(as_judge, contest) == ["May n be 0?"]
        assert texts(as_charlie, contest) == []

    def test_a_team_mate_reads_it_too(
        self, contest: Contest, as_alice: APIClient, alice: User
    ) -> None:
        dora = make_user("dora")
        contest.participants.get(user=alice).members.add(dora)

        ask(as_alice, contest)

        assert texts(client_of(dora), contest) == ["May n be 0?"]

    def test_a_stranger_does_not_ask(self, contest: Contest) -> None:
        answer = client_of(make_user("dora")).post(url_of(contest), {"text": "May n be 0?"})

        assert answer.status_code == 403
        assert answer.json()["code"] == "may-not-ask"

    def test_one_who_waits_for_a_place_does_not_ask(
        self, contest: Contest, as_alice: APIClient
    ) -> None:
        contest.participants.update(state=State.WAITING)

        assert as_alice.post(url_of(contest), {"text": "When?"}).status_code == 403

    def test_a_hidden_contest_is_not_found(self, contest: Contest, as_alice: APIClient) -> None:
        Contest.objects.update(is_published=False)

        assert as_alice.get(url_of(contest)).status_code == 404
        assert as_alice.post(url_of(contest), {"text": "When?"}).status_code == 404

    @pytest.mark.parametrize(
        "fields",
        [{"text": ""}, {"text": " "}, {"text": "x" * 8193}, {"text": None}, {"text": "a\x00"}],
        ids=lambda fields: str(fields)[:20],
    )
    def test_refuses_a_bad_text(
        self, contest: Contest, as_alice: APIClient, fields: dict[str, Any]
    ) -> None:
        assert as_alice.post(url_of(contest), fields).status_code == 400
        assert not Clarification.objects.exists()

    def test_is_about_a_problem_of_the_contest(self, contest: Contest, as_alice: APIClient) -> None:
        foreign = make_problem(make_contest(title="Summer cup"))

        answer = as_alice.post(url_of(contest), {"text": "Why?", "problem": foreign.pk})

        assert answer.status_code == 400
        assert "problem" in answer.json()

    def test_does_not_tell_which_problems_come_before_the_start(
        self, contest: Contest, as_alice: APIClient
    ) -> None:
        problem = make_problem(contest)
        Contest.objects.update(start_time="2100-01-01T00:00:00Z")

        answer = as_alice.post(url_of(contest), {"text": "Why?", "problem": problem.pk})

        assert answer.status_code == 400
        assert ContestProblem.objects.filter(contest=contest, problem=problem).exists()

    def test_waits_until_the_jury_has_answered_some(
        self, contest: Contest, as_alice: APIClient, alice: User, as_judge: APIClient
    ) -> None:
        participant = contest.participants.get(user=alice)
        for _ in range(OPEN_QUESTIONS_MAX):
            question = Clarification.objects.create(
                contest=contest, from_participant=participant, text="Why?"
            )

        refused = as_alice.post(url_of(contest), {"text": "Why?"})
        as_judge.post(f"{url_of(contest)}{question.pk}/answer/", {"text": "So."})

        assert refused.status_code == 400
        assert refused.json()["code"] == "too-many-questions"
        ask(as_alice, contest)

    def test_is_limited_by_the_minute(
        self, contest: Contest, as_alice: APIClient, settings: Any
    ) -> None:
        limit = settings.RATE_LIMITS["question"].amount
        statuses = [as_alice.post(url_of(contest), {}).status_code for _ in range(limit + 1)]

        assert statuses == [400] * limit + [429]
        assert as_alice.get(url_of(contest)).status_code == 200


class TestAnswering:
    """The jury answers to one or to all."""

    def answer(
        self, client: APIClient, contest: Contest, question_id: int, **fields: Any
    ) -> dict[str, Any]:
        made = client.post(
            f"{url_of(contest)}{question_id}/answer/", {"text": "No, n > 0.", **fields}
        )
        assert made.status_code == 201, made.json()
        body: dict[str, Any] = made.json()
        return body

    def test_a_private_answer_is_read_by_who_asked(
        self, contest: Contest, as_alice: APIClient, as_charlie: APIClient, as_judge: APIClient
    ) -> None:
        question = ask(as_alice, contest)

        self.answer(as_judge, contest, question["id"])

        rows = as_alice.get(url_of(contest)).json()["results"]
        assert [(each["kind"], each["text"]) for each in rows] == [
            ("answer", "No, n > 0."),
            ("question", "May n be 0?"),
        ]
        assert rows[1]["is_answered"]
        assert texts(as_charlie, contest) == []

    def test_an_answer_to_all_shows_what_was_asked_and_not_who(
        self,
        contest: Contest,
        as_alice: APIClient,
        alice: User,
        as_charlie: APIClient,
        as_judge: APIClient,
    ) -> None:
        question = ask(as_alice, contest)

        self.answer(as_judge, contest, question["id"], to_all=True)

        [row] = as_charlie.get(url_of(contest)).json()["results"]
        assert (row["text"], row["question"]) == ("No, n > 0.", "May n be 0?")
        assert row["is_to_all"]
        assert (row["from_participant"], row["from_name"], row["author"]) == (None, None, None)

    def test_the_jury_is_told_who_answered(
        self, contest: Contest, as_alice: APIClient, as_judge: APIClient, as_bob: APIClient
    ) -> None:
        self.answer(as_judge, contest, ask(as_alice, contest)["id"])

        newest = as_bob.get(url_of(contest)).json()["results"][0]

        assert newest["author"] == "judith"

    def test_participants_do_not_answer(self, contest: Contest, as_alice: APIClient) -> None:
        question = ask(as_alice, contest)

        answer = as_alice.post(f"{url_of(contest)}{question['id']}/answer/", {"text": "Yes"})

        assert answer.status_code == 403

    def test_judges_of_other_contests_do_not_answer(
        self, contest: Contest, as_alice: APIClient
    ) -> None:
        question = ask(as_alice, contest)
        stranger = make_user("dora")
        other = make_contest(title="Summer cup")
        ContestRole.objects.create(contest=other, user=stranger, role=ContestRole.Role.MANAGER)
        client = client_of(stranger)

        refused = client.post(f"{url_of(contest)}{question['id']}/answer/", {"text": "Yes"})
        elsewhere = client.post(f"{url_of(other)}{question['id']}/answer/", {"text": "Yes"})

        assert (refused.status_code, elsewhere.status_code) == (403, 404)
        assert Clarification.objects.count() == 1

    def test_an_answer_is_not_answered(
        self, contest: Contest, as_alice: APIClient, as_judge: APIClient
    ) -> None:
        made = self.answer(as_judge, contest, ask(as_alice, contest)["id"])

        again = as_judge.post(f"{url_of(contest)}{made['id']}/answer/", {"text": "Yes"})

        assert again.status_code == 404

    def test_the_jury_finds_what_waits_for_an_answer(
        self, contest: Contest, as_alice: APIClient, as_charlie: APIClient, as_judge: APIClient
    ) -> None:
        self.answer(as_judge, contest, ask(as_alice, contest)["id"])
        ask(as_charlie, contest, text="And m?")

        assert texts(as_judge, contest, "?is_answered=false") == ["And m?"]
        assert texts(as_judge, contest, "?is_answered=true") == ["May n be 0?"]

    def test_is_in_the_audit_trail(
        self, contest: Contest, as_alice: APIClient, as_judge: APIClient
    ) -> None:
        self.answer(as_judge, contest, ask(as_alice, contest)["id"], to_all=True)

        entry = AuditEntry.objects.get()
        assert (entry.act, entry.actor_name, entry.contest_id) == (
            "clarification.answer",
            "judith",
            contest.pk,
        )
        assert entry.after["text"] == "No, n > 0."


class TestAnnouncing:
    """What the jury says to all."""

    def test_everybody_reads_an_announcement(
        self, contest: Contest, as_alice: APIClient, as_judge: APIClient
    ) -> None:
        made = ask(as_judge, contest, text="Half an hour left.")

        assert (made["kind"], made["is_to_all"]) == ("announcement", True)
        assert texts(as_alice, contest) == ["Half an hour left."]
        assert AuditEntry.objects.get().act == "clarification.announce"

    def test_before_the_start_participants_read_it_and_strangers_do_not(
        self, contest: Contest, as_alice: APIClient, as_judge: APIClient
    ) -> None:
        Contest.objects.update(start_time="2100-01-01T00:00:00Z")
        ask(as_judge, contest, text="It starts an hour later.")

        assert texts(as_alice, contest) == ["It starts an hour later."]
        assert texts(client_of(make_user("dora")), contest) == []


def test_the_list_takes_the_same_few_queries_however_long_it_is(
    contest: Contest,
    alice: User,
    as_alice: APIClient,
    as_judge: APIClient,
    django_assert_max_num_queries: Any,
) -> None:
    participant = contest.participants.get(user=alice)
    for number in range(8):
        question = Clarification.objects.create(
            contest=contest, from_participant=participant, author=alice, text=f"{number}?"
        )
        Clarification.objects.create(
            contest=contest, to_participant=participant, reply_to=question, author=alice, text="!"
        )

    for client in (as_alice, as_judge):
        # Groups, roles, participations, teams; the contest; how many; the page.
        with django_assert_max_num_queries(8):
            assert len(texts(client, contest)) == 16
