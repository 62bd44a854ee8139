"""The admin as people see it who have a role in one contest and no staff account."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.audit import services as audit
from apps.audit.models import AuditEntry
from apps.code_execution import rejudging
from apps.code_execution.models import CodeSubmission, Rejudging
from apps.contests.models import Clarification, Contest, ContestParticipant
from apps.users.models import User
from tests.support.contests import make_contest, make_event, make_problem, make_submission
from tests.support.people import PASSWORD, make_user
from tests.support.webhooks import deliver

pytestmark = pytest.mark.django_db
LISTS = [
    "contests_contest",
    "contests_contestparticipant",
    "contests_clarification",
    "code_execution_codesubmission",
    "code_execution_judgement",
    "code_execution_rejudging",
    "audit_auditentry",
]
CLOSED = ["users_user", "problems_problem", "webhooks_webhookevent", "contests_organization"]
HOUR = timedelta(hours=1)


class World:
    """Two contests with the same things in each; Charlie has a role in the first."""

    def __init__(self, people: dict[str, User]) -> None:
        self.charlie = people["charlie"]
        self.bob = people["bob"]
        self.mine = self._contest("Mine", people["alice"], 1)
        self.other = self._contest("Other", people["alice"], 2)

    def _contest(self, title: str, alice: User, number: int) -> Contest:
        now = timezone.now()
        contest = make_contest(title=title, start_time=now - HOUR, end_time=now + HOUR)
        problem = make_problem(contest)
        submission = make_submission(
            alice, contest=contest, problem=problem, microservice_submission_id=number
        )
        deliver(make_event(submission), message_id=f"evt-{number}")
        Clarification.objects.create(
            contest=contest, from_participant=submission.participant, text=f"About {title}"
        )
        rejudging.start(
            submissions=CodeSubmission.objects.filter(contest=contest), reason="", actor=self.bob
        )
        audit.record(actor=self.bob, act="test", of=contest, contest_id=contest.pk)
        return contest

    def rows_of(self, contest: Contest) -> dict[str, Any]:
        """Give the row of each list that is of one contest."""
        submission = CodeSubmission.objects.get(contest=contest)
        return {
            "contests_contest": contest.pk,
            "contests_contestparticipant": ContestParticipant.objects.get(contest=contest).pk,
            "contests_clarification": Clarification.objects.get(contest=contest).pk,
            "code_execution_codesubmission": submission.pk,
            "code_execution_judgement": submission.judgements.latest("created_at").pk,
            "code_execution_rejudging": Rejudging.objects.get(contest=contest).pk,
            "audit_auditentry": AuditEntry.objects.get(act="test", contest_id=contest.pk).pk,
        }


@pytest.fixture
def world(alice: User, bob: User, charlie: User) -> World:
    return World({"alice": alice, "bob": bob, "charlie": charlie})


def client_as(world: World, role: str) -> Client:
    world.mine.roles.create(user=world.charlie, role=role)
    client = Client()
    client.force_login(world.charlie)
    return client


def change_url(name: str, pk: object) -> str:
    return reverse(f"admin:{name}_change", args=[pk])


@pytest.mark.parametrize("role", ["manager", "judge"])
@pytest.mark.parametrize("name", LISTS)
def test_juries_see_what_is_of_their_contest_and_nothing_else(
    world: World, role: str, name: str
) -> None:
    client = client_as(world, role)

    listed = client.get(reverse(f"admin:{name}_changelist"))

    assert listed.status_code == 200
    keys = [row.pk for row in listed.context["cl"].result_list]
    assert world.rows_of(world.mine)[name] in keys
    assert world.rows_of(world.other)[name] not in keys
    assert client.get(change_url(name, world.rows_of(world.mine)[name])).status_code == 200
    # Django sends people from what they can't find to the index.
    assert client.get(change_url(name, world.rows_of(world.other)[name])).status_code == 302


@pytest.mark.parametrize("role", ["manager", "judge"])
@pytest.mark.parametrize("name", CLOSED)
def test_the_rest_of_the_admin_is_closed(world: World, role: str, name: str) -> None:
    client = client_as(world, role)

    assert client.get(reverse(f"admin:{name}_changelist")).status_code == 403
    assert reverse(f"admin:{name}_changelist") not in client.get("/admin/").content.decode()


@pytest.mark.parametrize("role", ["tester", None])
def test_testers_and_strangers_get_no_admin(world: World, role: str | None) -> None:
    if role:
        world.mine.roles.create(user=world.charlie, role=role)
    client = Client()
    data = {"username": "charlie", "password": PASSWORD}

    answer = client.post("/admin/login/", data)

    assert "that manages or judges a contest" in answer.content.decode()
    client.force_login(world.charlie)
    assert client.get("/admin/").status_code == 302


def test_a_judge_signs_in(world: World) -> None:
    world.mine.roles.create(user=world.charlie, role="judge")
    client = Client()

    answer = client.post(
        "/admin/login/?next=/admin/", {"username": "charlie", "password": PASSWORD}
    )

    assert answer.status_code == 302
    assert client.get("/admin/").status_code == 200


def test_a_judge_changes_no_contest_and_answers_and_rejudges(world: World) -> None:
    client = client_as(world, "judge")
    rows = world.rows_of(world.mine)
    for name in ("contests_contest", "contests_contestparticipant"):
        assert client.post(change_url(name, rows[name]), {"title": "x"}).status_code == 403
        assert client.get(reverse(f"admin:{name}_add")).status_code == 403
    for act in ("extend", "freeze", "publish", "unpublish", "clone", "finalize"):
        url = reverse("admin:contests_contest_act", args=[world.mine.pk, act])
        assert client.post(url, {"confirmed": "yes", "minutes": 5}).status_code == 403
    table = reverse("admin:contests_contest_import", args=[world.mine.pk])
    assert client.get(table).status_code == 403

    answer = reverse("admin:contests_clarification_answer", args=[rows["contests_clarification"]])
    client.post(answer, {"confirmed": "yes", "text": "Read the statement."})
    staged = rows["code_execution_rejudging"]
    client.post(
        reverse("admin:code_execution_rejudging_decide", args=[staged, "cancel"]),
        {"confirmed": "yes"},
    )

    assert Clarification.objects.filter(author=world.charlie).count() == 1
    assert Rejudging.objects.get(pk=staged).state == "cancelled"


def test_nobody_acts_on_another_contest(world: World) -> None:
    client = client_as(world, "manager")
    rows = world.rows_of(world.other)
    urls = [
        reverse("admin:contests_contest_control", args=[world.other.pk]),
        reverse("admin:contests_contest_act", args=[world.other.pk, "unpublish"]),
        reverse("admin:contests_contest_rejudge", args=[world.other.pk]),
        reverse("admin:contests_contest_import", args=[world.other.pk]),
        reverse("admin:contests_clarification_answer", args=[rows["contests_clarification"]]),
        reverse(
            "admin:code_execution_rejudging_decide",
            args=[rows["code_execution_rejudging"], "cancel"],
        ),
    ]

    for url in urls:
        assert client.get(url).status_code == 404, url
        assert client.post(url, {"confirmed": "yes", "text": "x"}).status_code == 404, url
    for name, action in (
        ("contests_contestparticipant", "disqualify"),
        ("code_execution_codesubmission", "run_again"),
        ("code_execution_codesubmission", "rejudge"),
        ("contests_contest", "close"),
    ):
        data = {"action": action, "_selected_action": [rows[name]], "confirmed": "yes"}
        client.post(reverse(f"admin:{name}_changelist"), {**data, "reason": "x"})
    world.other.refresh_from_db()
    assert world.other.is_published
    assert world.other.end_time
    assert world.other.end_time > timezone.now()
    assert world.other.participants.get().state == "registered"
    assert world.other.submissions.get().status == "completed"
    assert world.other.rejudgings.count() == 1


def test_a_manager_changes_their_contest_and_its_participants(world: World) -> None:
    client = client_as(world, "manager")
    dora = make_user("dora")
    added = client.post(
        reverse("admin:contests_contestparticipant_add"),
        {
            "contest": world.mine.pk,
            "user": "dora",
            "kind": "official",
            "state": "registered",
            "extra_time_s": "600",
        },
    )
    elsewhere = client.post(
        reverse("admin:contests_contestparticipant_add"),
        {
            "contest": world.other.pk,
            "user": "dora",
            "kind": "official",
            "state": "registered",
            "extra_time_s": "0",
        },
    )
    unpublish = reverse("admin:contests_contest_act", args=[world.mine.pk, "unpublish"])
    client.post(unpublish, {"confirmed": "yes"})

    assert (added.status_code, elsewhere.status_code) == (302, 200)
    assert [row.contest.title for row in dora.participations.all()] == ["Mine"]
    world.mine.refresh_from_db()
    assert not world.mine.is_published
    page = client.get(change_url("contests_contest", world.mine.pk)).content.decode()
    assert "contest_problems-TOTAL_FORMS" in page
    assert "roles-0-user" in page, [line for line in page.splitlines() if "roles-" in line]
    assert f"/admin/contests/contestparticipant/?contest={world.mine.pk}" in page


def test_a_manager_of_one_contest_deletes_none_and_makes_none(world: World) -> None:
    client = client_as(world, "manager")

    assert client.get(reverse("admin:contests_contest_add")).status_code == 403
    delete = reverse("admin:contests_contest_delete", args=[world.mine.pk])
    assert client.post(delete, {"post": "yes"}).status_code == 403
    assert client.get(reverse("admin:contests_contest_changelist")).status_code == 200


def test_exports_have_the_own_contests_rows_only(world: World) -> None:
    client = client_as(world, "judge")
    everything = list(CodeSubmission.objects.values_list("pk", flat=True))

    answer = client.post(
        reverse("admin:code_execution_codesubmission_changelist"),
        {"action": "export", "_selected_action": everything},
    )

    _header, *lines = answer.content.decode().splitlines()
    assert len(lines) == 1
    assert "Mine" in lines[0]
