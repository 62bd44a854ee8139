"""Whoever has a role in a contest sees too much to be ranked in it."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from apps.audit.models import AuditEntry
from apps.contests.models import Contest, ContestParticipant
from apps.contests.services.participant_import import plan_import
from apps.contests.services.roles import reason_against_role
from apps.users.models import User
from tests.support.contests import make_contest

pytestmark = pytest.mark.django_db
CONTESTS = "/api/code-execution/contests/"


@pytest.fixture
def contest(db: None) -> Contest:
    return make_contest()


def enter(contest: Contest, user: User, **fields: Any) -> ContestParticipant:
    return ContestParticipant.objects.create(contest=contest, user=user, **fields)


@pytest.mark.parametrize("state", ["registered", "waiting", "disqualified"])
def test_who_competes_gets_no_role(contest: Contest, alice: User, state: str) -> None:
    enter(contest, alice, state=state)

    assert "alice competes in this contest" in (reason_against_role(contest, alice) or "")


def test_whose_team_competes_gets_no_role(contest: Contest, alice: User, charlie: User) -> None:
    team = enter(contest, alice, is_team=True, name="Red Pandas")
    team.members.add(charlie)

    for user in (alice, charlie):
        reason = reason_against_role(contest, user) or ""
        assert reason.startswith(f"{user} is in the team Red Pandas, which competes")


@pytest.mark.parametrize("kind", ["unofficial", "jury", "virtual"])
def test_who_is_not_ranked_may_have_a_role(contest: Contest, alice: User, kind: str) -> None:
    enter(contest, alice, kind=kind)
    enter(make_contest(title="Other"), alice)

    assert reason_against_role(contest, alice) is None


def give_role(manager: Client, contest: Contest, user: User) -> Any:
    url = reverse("admin:contests_contest_change", args=[contest.pk])
    shown = manager.get(url)
    data: dict[str, Any] = {}
    for bound in shown.context["adminform"].form:
        value = bound.value()
        if value is not None and value is not False:
            data[bound.name] = value
    for formset in shown.context["inline_admin_formsets"]:
        prefix = formset.formset.prefix
        data |= {f"{prefix}-TOTAL_FORMS": "0", f"{prefix}-INITIAL_FORMS": "0"}
    data |= {"format_config": "{}", "format": "icpc", "roles-TOTAL_FORMS": "1"}
    return manager.post(url, {**data, "roles-0-user": user.username, "roles-0-role": "judge"})


def test_the_admin_says_why_somebody_gets_no_role(
    contest: Contest, alice: User, charlie: User, bob: User
) -> None:
    manager = Client()
    manager.force_login(bob)
    enter(contest, alice)

    refused = give_role(manager, contest, alice)
    given = give_role(manager, contest, charlie)

    assert "alice competes in this contest" in refused.content.decode()
    assert given.status_code == 302
    assert [each.user for each in contest.roles.all()] == [charlie]
    entry = AuditEntry.objects.get(act="contest.change")
    assert (entry.before["roles"], entry.after["roles"]) == ({}, {"charlie": "judge"})


class TestOnTheList:
    """Managers who put somebody with a role on the list."""

    @pytest.fixture(autouse=True)
    def alice_judges(self, contest: Contest, alice: User) -> None:
        contest.roles.create(user=alice, role="judge")

    def test_is_not_ranked(self, contest: Contest, as_bob: APIClient) -> None:
        url = f"{CONTESTS}{contest.pk}/participants/"
        refused = as_bob.post(url, {"username": "alice"})
        made = as_bob.post(url, {"username": "alice", "kind": "jury"})
        one = f"{url}{made.json()['id']}/"

        assert (refused.status_code, made.status_code) == (400, 201)
        assert refused.json()["kind"] == [
            "alice can't be ranked, with a role in this contest; take another kind."
        ]
        assert as_bob.patch(one, {"kind": "official"}).status_code == 400
        assert as_bob.patch(one, {"kind": "unofficial"}).status_code == 200

    def test_is_in_no_team_that_is_ranked(
        self, contest: Contest, as_bob: APIClient, charlie: User
    ) -> None:
        team = {"username": "charlie", "is_team": True, "members": ["alice"]}

        answer = as_bob.post(f"{CONTESTS}{contest.pk}/participants/", team)

        assert (answer.status_code, list(answer.json())) == (400, ["kind"])

    def test_is_a_fault_in_a_table(self, contest: Contest) -> None:
        [row] = plan_import(contest=contest, table=b"username\nalice\n").rows

        assert row.faults == ["username: has a role in this contest, and can't compete in it"]
