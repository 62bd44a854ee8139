"""Accounts and participants from a table: a report on every row, then all of it or nothing."""

import base64
from typing import Any

import pytest
from django.conf import global_settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from rest_framework.test import APIClient

from apps.audit.models import AuditEntry
from apps.contests.models import Contest, ContestParticipant
from apps.contests.services import participant_import
from apps.contests.services.participant_import import ImportedAccount, Plan, plan_import
from apps.core.errors import ContestFinalError, InvalidFieldsError
from apps.users.models import User
from tests.support.contests import make_contest
from tests.support.people import make_user

pytestmark = pytest.mark.django_db
GOOD = """username,email,name,team,organization,group,extra_time_min,password
dora,dora@example.org,Dora D.,,Uni Graz,Guests,15,
emil,emil@example.org,,Red Pandas,Uni Wien,,,
frida,frida@example.org,,Red Pandas,Uni Wien,,,a long enough secret
"""


@pytest.fixture
def contest(db: None) -> Contest:
    return make_contest()


def plan(contest: Contest, table: str | bytes) -> Plan:
    content = table if isinstance(table, bytes) else table.encode()
    return plan_import(contest=contest, table=content)


def faults(contest: Contest, table: str | bytes) -> list[str]:
    found = plan(contest, table)
    return [*found.faults, *(fault for row in found.rows for fault in row.faults)]


def import_table(*, contest: Contest, table: bytes, actor: User) -> list[ImportedAccount]:
    """Read the report, and confirm it."""
    fingerprint = plan_import(contest=contest, table=table).fingerprint
    return participant_import.import_table(
        contest=contest, table=table, fingerprint=fingerprint, actor=actor
    )


def test_makes_accounts_individuals_and_teams(contest: Contest, bob: User) -> None:
    accounts = import_table(contest=contest, table=GOOD.encode(), actor=bob)

    dora, pandas = ContestParticipant.objects.order_by("pk")
    assert (dora.user.username, dora.name, dora.extra_time_s) == ("dora", "Dora D.", 900)
    assert (dora.organization and dora.organization.name, dora.groups.get().name) == (
        "Uni Graz",
        "Guests",
    )
    assert (pandas.name, pandas.is_team, pandas.user.username) == ("Red Pandas", True, "emil")
    assert [user.username for user in pandas.members.all()] == ["frida"]
    assert [row.participant for row in accounts] == ["Dora D.", "Red Pandas", "Red Pandas"]
    assert not User.objects.filter(username="dora", is_staff=True).exists()


def test_made_passwords_are_told_once_and_work(contest: Contest, bob: User, settings: Any) -> None:
    settings.PASSWORD_HASHERS = global_settings.PASSWORD_HASHERS
    accounts = import_table(contest=contest, table=GOOD.encode(), actor=bob)

    by_name = {row.username: row.password for row in accounts}
    assert by_name["frida"] == ""
    assert len(by_name["dora"]) >= 16
    assert by_name["dora"] != by_name["emil"]
    for name, password in (*by_name.items(), ("frida", "a long enough secret")):
        assert not password or Client().login(username=name, password=password)
    assert by_name["dora"] not in str(list(AuditEntry.objects.values()))


def test_is_in_the_audit_trail(contest: Contest, bob: User) -> None:
    import_table(contest=contest, table=GOOD.encode(), actor=bob)

    entry = AuditEntry.objects.get(act="participants.import")
    assert (entry.actor, entry.contest_id) == (bob, contest.pk)
    assert entry.after == {
        "participants": 2,
        "new_accounts": 3,
        "usernames": ["dora", "emil", "frida"],
    }


def test_known_accounts_keep_what_they_have(contest: Contest, alice: User, bob: User) -> None:
    before = alice.password
    table = "username,email,password\nAlice,,another long secret\n"

    accounts = import_table(contest=contest, table=table.encode(), actor=bob)

    alice.refresh_from_db()
    assert (alice.password, alice.email) == (before, "alice@example.org")
    assert [(row.username, row.is_new, row.password) for row in accounts] == [("alice", False, "")]


def test_who_is_in_already_stays_as_is(contest: Contest, alice: User, bob: User) -> None:
    ContestParticipant.objects.create(contest=contest, user=alice, extra_time_s=60)
    table = b"username,extra_time_min\nalice,5\ndora,\n"

    assert plan_import(contest=contest, table=table).participant_count == 1
    import_table(contest=contest, table=table, actor=bob)

    assert contest.participants.get(user=alice).extra_time_s == 60
    with pytest.raises(InvalidFieldsError):
        import_table(contest=contest, table=table, actor=bob)  # now nobody is new


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("name\nx\n", "username is needed"),
        ("username,colour\nx,red\n", "unknown: colour"),
        ("username,username\nx,y\n", "one is there twice"),
        ("username\n", "has 0 rows"),
        ("", "username is needed"),
        (b"username\n\xff\xfe\n", "UTF-8"),
        ("username\nx\x00y\n", "no text"),
        ('username\n"x\n', "no CSV"),
        ("username,name\nx\n", "1 cells in place of 2"),
        ("username\n" + "x\n" * 5001, "1 to 5000"),
        ("username\n" + "x" * 2**20, "bytes"),
        ("username,email\n,a@example.org\n", "username: is missing"),
        ("username\nnot a name\n", "username:"),
        (f"username\n{'x' * 201}\n", "at most 200"),
        ("username,email\nx,nowhere\n", "email:"),
        ("username,extra_time_min\nx,-1\n", "extra_time_min"),
        ("username,extra_time_min\nx,99999999\n", "extra_time_min"),
        ("username,password\nx,short\n", "password:"),
        ("username\nx\nX\n", "more than once"),
        ("username,email\nx,a@example.org\ny,A@example.org\n", "more than once"),
        ("username,email\nx,Alice@example.org\n", "belongs to another account"),
        ("username,team,organization\nx,Reds,A\ny,Reds,B\n", "line 2 of the same team"),
    ],
)
def test_names_what_is_wrong_and_stores_nothing(
    contest: Contest, alice: User, bob: User, table: str | bytes, said: str
) -> None:
    assert any(said in fault for fault in faults(contest, table)), faults(contest, table)

    content = table if isinstance(table, bytes) else table.encode()
    with pytest.raises(InvalidFieldsError):
        import_table(contest=contest, table=content, actor=bob)

    assert set(User.objects.values_list("username", flat=True)) == {"alice", "bob"}
    assert not ContestParticipant.objects.exists()


def test_many_given_passwords_are_refused_as_each_takes_long(contest: Contest) -> None:
    count = participant_import.GIVEN_PASSWORDS_MAX + 1
    rows = "".join(f"user{number},correct horse {number} battery\n" for number in range(count))

    assert any(
        "Leave the column" in fault for fault in faults(contest, f"username,password\n{rows}")
    )


def test_a_switched_off_account_does_not_come_in(contest: Contest, alice: User) -> None:
    alice.is_active = False
    alice.save()

    assert faults(contest, "username\nalice\n") == ["username: the account is switched off"]


def test_a_final_contest_takes_nobody(contest: Contest, bob: User) -> None:
    contest.finalized_at = timezone.now()
    contest.save()

    with pytest.raises(ContestFinalError):
        import_table(contest=contest, table=b"username\ndora\n", actor=bob)


class TestPage:
    """The page in the admin."""

    def upload(self, manager: Client, contest: Contest, table: str) -> Any:
        url = reverse("admin:contests_contest_import", args=[contest.pk])
        return manager.post(url, {"file": SimpleUploadedFile("people.csv", table.encode())})

    def test_reports_then_imports_then_tells_the_passwords(
        self, manager: Client, contest: Contest
    ) -> None:
        report = self.upload(manager, contest, GOOD)
        page = report.content.decode()
        assert "2 participants come in (1 of them teams); 3 accounts are made." in page
        assert not ContestParticipant.objects.exists()

        url = reverse("admin:contests_contest_import", args=[contest.pk])
        said = {"confirmed": "yes", "table": report.context["table"]}
        unread = manager.post(url, {**said, "fingerprint": "of another report"}, follow=True)
        assert "look at a new report" in unread.content.decode()
        fingerprint = report.context["plan"].fingerprint
        assert f'name="fingerprint" value="{fingerprint}"' in page
        done = manager.post(url, {**said, "fingerprint": fingerprint})

        page = done.content.decode()
        assert "3 accounts take part now" in page
        assert "no-store" in done.headers["Cache-Control"]
        download = base64.b64decode(done.context["report"]).decode()
        assert download.splitlines()[0] == "username,participant,account,password"
        assert download.count("new") == 3

    def test_names_the_faults_and_offers_no_import(self, manager: Client, contest: Contest) -> None:
        page = self.upload(manager, contest, "username\n<b>x</b>\ngood\n").content.decode()

        assert "1 row has to be mended" in page
        assert "&lt;b&gt;x&lt;/b&gt;" in page
        assert 'name="table"' not in page

    @pytest.mark.parametrize("table", ["", "no base64!", base64.b64encode(b"name\nx\n").decode()])
    def test_a_tampered_table_is_a_message(
        self, manager: Client, contest: Contest, table: str
    ) -> None:
        url = reverse("admin:contests_contest_import", args=[contest.pk])

        done = manager.post(url, {"confirmed": "yes", "table": table}, follow=True)

        assert done.status_code == 200
        assert not ContestParticipant.objects.exists()


class TestApi:
    """The same two steps, for programs."""

    def url(self, contest: Contest) -> str:
        return f"/api/code-execution/contests/{contest.pk}/participants/import/"

    def test_reports_then_imports_then_tells_the_passwords(
        self, as_bob: APIClient, contest: Contest
    ) -> None:
        report = as_bob.post(f"{self.url(contest)}report/", {"table": GOOD}).json()
        assert (report["is_possible"], report["participant_count"]) == (True, 2)
        assert (report["team_count"], report["account_count"]) == (1, 3)
        assert report["rows"][0] == {
            "line": 2,
            "username": "dora",
            "is_new_account": True,
            "is_in_already": False,
            "faults": [],
            "notes": [],
        }
        assert "a long enough secret" not in str(report)
        assert not ContestParticipant.objects.exists()

        said = {"table": GOOD, "fingerprint": report["fingerprint"]}
        done = as_bob.post(self.url(contest), said)

        assert done.status_code == 201
        assert done.headers["Cache-Control"] == "no-store"
        dora, emil, frida = done.json()["accounts"]
        assert (dora["username"], dora["participant"], dora["is_new"]) == ("dora", "Dora D.", True)
        assert len(emil["password"]) >= 16
        assert frida["password"] == ""
        again = as_bob.post(self.url(contest), said)
        assert (again.status_code, contest.participants.count()) == (400, 2)

    def test_imports_only_what_the_report_was_about(
        self, as_bob: APIClient, contest: Contest
    ) -> None:
        report = as_bob.post(f"{self.url(contest)}report/", {"table": GOOD}).json()
        said = {"table": GOOD, "fingerprint": report["fingerprint"]}
        other = as_bob.post(self.url(contest), {**said, "table": GOOD.replace("Dora D", "Eve")})
        make_user("dora")

        late = as_bob.post(self.url(contest), said)

        for answer in (other, late):
            assert (answer.status_code, answer.json()["code"]) == (409, "report-outdated")
        assert not ContestParticipant.objects.exists()
        assert not User.objects.filter(username="emil").exists()

    def test_names_the_faults(self, as_bob: APIClient, contest: Contest) -> None:
        report = as_bob.post(f"{self.url(contest)}report/", {"table": "username\nnot a name\n"})
        nothing = as_bob.post(f"{self.url(contest)}report/", {"table": "name\nx\n"})

        assert report.json()["rows"][0]["faults"]
        assert nothing.json()["is_possible"] is False
        assert "username is needed" in nothing.json()["faults"][0]

    def test_a_table_has_a_limit(self, as_bob: APIClient, contest: Contest) -> None:
        answer = as_bob.post(f"{self.url(contest)}report/", {"table": "x" * (2**20 + 1)})

        assert (answer.status_code, list(answer.json())) == (400, ["table"])

    def test_a_final_contest_takes_nobody(self, as_bob: APIClient, contest: Contest) -> None:
        report = as_bob.post(f"{self.url(contest)}report/", {"table": GOOD}).json()
        Contest.objects.update(finalized_at=timezone.now())

        answer = as_bob.post(
            self.url(contest), {"table": GOOD, "fingerprint": report["fingerprint"]}
        )

        assert (answer.status_code, answer.json()["code"]) == (409, "contest-final")
