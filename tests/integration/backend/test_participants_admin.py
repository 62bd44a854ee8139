"""Participants in the admin: whatever is done to them there is what the API does."""

from typing import Any

import pytest
from django.contrib import admin
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone

from apps.audit.models import AuditEntry
from apps.contests.admin import ContestAdmin
from apps.contests.models import Clarification, Contest, ContestParticipant, Organization
from apps.users.models import User
from tests.support.contests import make_contest
from tests.support.people import make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def contest(db: None) -> Contest:
    return make_contest()


def add(manager: Client, contest: Contest, user: User, **said: Any) -> Any:
    data = {"contest": contest.pk, "user": user.pk, "kind": "official", "extra_time_s": "0"}
    return manager.post(reverse("admin:contests_contestparticipant_add"), data | said)


def change(manager: Client, participant: ContestParticipant, **said: Any) -> Any:
    data = {"kind": participant.kind, "name": participant.name, "extra_time_s": "0"}
    url = reverse("admin:contests_contestparticipant_change", args=[participant.pk])
    return manager.post(url, data | said)


def test_adds_a_team_with_its_members_to_the_board(
    manager: Client, contest: Contest, alice: User, charlie: User
) -> None:
    group = contest.groups.create(name="Guests")

    team = {"name": "Red Pandas", "is_team": "on", "members": f"{charlie.pk}"}
    answer = add(manager, contest, alice, **team, groups=[group.pk])

    assert answer.status_code == 302, answer.context["errors"]
    participant = contest.participants.get()
    assert (participant.name, participant.state) == ("Red Pandas", "registered")
    assert participant.members.get() == charlie
    assert participant.groups.get() == group
    assert participant.public_standing.version > 0
    entry = AuditEntry.objects.get(act="participant.add")
    assert (entry.actor_name, entry.after["members"]) == ("bob", ["charlie"])
    assert entry.after["groups"] == ["Guests"]


@pytest.mark.parametrize(
    ("said", "text"),
    [
        ({"is_team": "on", "members": "alice"}, "One of them takes part already"),
        ({"members": "dora"}, "Only a team has members"),
    ],
)
def test_says_on_the_page_what_the_api_would_refuse(
    manager: Client, contest: Contest, alice: User, said: dict[str, str], text: str
) -> None:
    ContestParticipant.objects.create(contest=contest, user=alice)
    dora = make_user("dora")
    members = {"alice": alice.pk, "dora": dora.pk}[said["members"]]

    answer = add(manager, contest, make_user("emil"), **{**said, "members": f"{members}"})

    assert text in answer.content.decode()
    assert contest.participants.count() == 1


def test_a_name_is_on_the_board_at_once(manager: Client, contest: Contest, alice: User) -> None:
    add(manager, contest, alice)
    participant = contest.participants.get()
    organization = Organization.objects.create(name="Uni Graz")
    contest.refresh_from_db()
    edition = contest.board_edition

    change(manager, participant, name="Alice A.", organization=organization.pk)

    contest.refresh_from_db()
    participant.refresh_from_db()
    assert (participant.name, participant.organization) == ("Alice A.", organization)
    assert contest.board_edition > edition
    entry = AuditEntry.objects.get(act="participant.change")
    assert entry.after == {"name": "Alice A.", "organization": "Uni Graz"}


def test_a_clock_that_was_submitted_by_is_not_set(
    manager: Client, contest: Contest, alice: User
) -> None:
    participant = ContestParticipant.objects.create(contest=contest, user=alice, has_submitted=True)

    answer = change(manager, participant, started_at_0="2026-01-01", started_at_1="10:00")

    assert "give extra time instead" in answer.content.decode()
    participant.refresh_from_db()
    assert participant.started_at is None


def test_a_virtual_participation_stays_one(manager: Client, contest: Contest, alice: User) -> None:
    ContestParticipant.objects.create(contest=contest, user=alice)
    virtual = ContestParticipant.objects.create(
        contest=contest, user=alice, kind="virtual", started_at=timezone.now()
    )
    kept = {
        "started_at_0": f"{virtual.started_at:%Y-%m-%d}",
        "started_at_1": f"{virtual.started_at:%H:%M:%S.%f}",
    }

    answer = change(manager, virtual, **kept, kind="official", extra_time_s="60")

    assert answer.status_code == 302, answer.context["errors"]
    virtual.refresh_from_db()
    assert (virtual.kind, virtual.extra_time_s) == ("virtual", 60)


def test_who_has_asked_the_jury_stays(manager: Client, contest: Contest, alice: User) -> None:
    participant = ContestParticipant.objects.create(contest=contest, user=alice)
    Clarification.objects.create(contest=contest, from_participant=participant, text="Why?")
    delete = reverse("admin:contests_contestparticipant_delete", args=[participant.pk])
    chosen = {"action": "delete_selected", "_selected_action": [participant.pk], "post": "yes"}

    alone = manager.post(delete, {"post": "yes"}, follow=True)
    several = manager.post(
        reverse("admin:contests_contestparticipant_changelist"), chosen, follow=True
    )

    for answer in (alone, several):
        assert "disqualify them instead" in answer.content.decode()
    assert contest.participants.exists()


def test_saving_a_contest_leaves_what_its_page_does_not_show(contest: Contest, bob: User) -> None:
    page = admin.site._registry[Contest]
    assert isinstance(page, ContestAdmin)
    request = RequestFactory().post("/")
    request.user = bob
    form = page.get_form(request, contest, change=True)(instance=contest)
    contest.title = "Renamed"
    form.changed_data = ["title"]
    # A verdict has come meanwhile.
    Contest.objects.filter(pk=contest.pk).update(board_version=7, public_board_version=5)

    page.save_model(request, contest, form, change=True)

    contest.refresh_from_db()
    assert contest.title == "Renamed"
    assert (contest.board_version, contest.public_board_version) == (7, 5)
