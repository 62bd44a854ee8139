"""The audit trail: what is done to accounts is noted, and what is noted stays."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from limits import parse
from pytest_django import Settings
from rest_framework.test import APIClient

from apps.audit import services as audit
from apps.audit.models import AuditEntry, ImmutableError
from apps.users import api_tokens
from apps.users.domain import MANAGERS_GROUP
from apps.users.models import ApiToken, User
from apps.users.scopes import Scope
from tests.support.people import PASSWORD, make_user

pytestmark = pytest.mark.django_db
TOKENS = "/api/auth/api-tokens/"


def entry(act: str) -> AuditEntry:
    return AuditEntry.objects.get(act=act)


class TestWhatStays:
    """Nobody changes or deletes an entry; time does."""

    def test_an_entry_is_neither_changed_nor_deleted(self, alice: User) -> None:
        made = audit.record(actor=alice, act="test", of=alice)
        made.act = "something else"

        for act in (
            made.save,
            made.delete,
            AuditEntry.objects.all().delete,
            lambda: AuditEntry.objects.update(act="something else"),
        ):
            with pytest.raises(ImmutableError):
                act()

        assert entry("test").actor == alice

    def test_it_outlives_who_did_it(self, alice: User) -> None:
        audit.record(actor=alice, act="test", of=alice)

        alice.delete()

        assert entry("test").actor is None
        assert entry("test").actor_name == "alice"

    def test_what_is_older_than_the_trail_has_to_be_is_forgotten(
        self, alice: User, settings: Settings
    ) -> None:
        settings.AUDIT_DAYS = 10
        now = timezone.now()
        for days in (11, 9):
            with time_machine.travel(now - timedelta(days=days)):
                audit.record(actor=alice, act=f"{days} days ago", of=alice)

        assert audit.forget_old(now=now) == 1
        assert AuditEntry.objects.get().act == "9 days ago"


class TestAccounts:
    """What somebody may have to answer for."""

    def test_tokens_are_noted_without_their_text(self, as_alice: APIClient) -> None:
        made = as_alice.post(TOKENS, {"name": "My bot", "scopes": ["contests:read"]}).json()
        as_alice.delete(f"{TOKENS}{made['id']}/")

        created, revoked = entry("api_token.create"), entry("api_token.revoke")
        assert created.actor_name == revoked.actor_name == "alice"
        assert created.after == revoked.before
        assert created.after["name"] == "My bot"
        assert created.after["scopes"] == ["contests:read"]
        assert made["token"] not in str(AuditEntry.objects.values())

    def test_a_lock_out_is_one_entry_however_many_tries(
        self, alice: User, settings: Settings
    ) -> None:
        settings.RATE_LIMITS = {**settings.RATE_LIMITS, "login_failures": parse("2/hour")}

        for name in ("alice", "alice@example.org", "ALICE", "nobody", "nobody", "nobody"):
            APIClient().post("/api/auth/token/", {"username": name, "password": "wrong"})

        assert AuditEntry.objects.count() == 1
        assert entry("account.lock").object_label == "alice"
        assert entry("account.lock").actor is None


class TestWhoReads:
    """Superusers read about accounts, contest managers about contests."""

    def page_of(self, user: User, made: AuditEntry) -> Any:
        client = Client()
        client.force_login(user)
        listed = client.get(reverse("admin:audit_auditentry_changelist"))
        return client, listed, client.get(reverse("admin:audit_auditentry_change", args=[made.pk]))

    def test_managers_do_not_see_where_people_sit(self, bob: User, alice: User) -> None:
        made = audit.record(actor=alice, act="test", of=alice, after={"address": "192.0.2.1"})

        _, listed, page = self.page_of(bob, made)

        assert list(listed.context["cl"].result_list) == []
        assert page.status_code == 302

    def test_superusers_do_and_can_change_nothing(self, alice: User) -> None:
        root = make_user("root", is_staff=True, is_superuser=True)
        made = audit.record(actor=alice, act="test", of=alice, after={"address": "192.0.2.1"})

        client, listed, page = self.page_of(root, made)

        assert list(listed.context["cl"].result_list) == [made]
        assert "192.0.2.1" in page.content.decode()
        url = reverse("admin:audit_auditentry_delete", args=[made.pk])
        assert client.post(url, {"post": "yes"}).status_code == 403
        assert client.post(page.request["PATH_INFO"], {"act": "b"}).status_code == 403


class TestInTheAdmin:
    """What superusers do to accounts is noted with who did it."""

    @pytest.fixture
    def root(self, db: None) -> User:
        """A superuser."""
        return make_user("root", is_staff=True, is_superuser=True)

    def browser_of(self, user: User) -> Client:
        browser = Client()
        browser.force_login(user)
        return browser

    def change(self, root: User, user: User, **fields: Any) -> None:
        url = reverse("admin:users_user_change", args=[user.pk])
        body = {
            "username": user.username,
            "email": user.email,
            "is_active": "on",
            "date_joined_0": "2026-01-01",
            "date_joined_1": "00:00",
            **fields,
        }
        answer = self.browser_of(root).post(url, body)
        assert answer.status_code == 302, answer.context["errors"]

    def test_roles_are_noted_as_far_as_they_change(self, root: User, alice: User) -> None:
        managers = Group.objects.get(name=MANAGERS_GROUP)

        self.change(root, alice, is_staff="on", is_superuser="on", groups=[managers.pk])

        made = entry("account.change_roles")
        assert (made.actor, made.object_label) == (root, "alice")
        assert made.before == {"is_staff": False, "is_superuser": False, "groups": []}
        assert made.after == {"is_staff": True, "is_superuser": True, "groups": [MANAGERS_GROUP]}

    def test_a_new_name_is_no_new_role(self, root: User, alice: User) -> None:
        self.change(root, alice, first_name="Alice")

        assert User.objects.get(username="alice").first_name == "Alice"
        assert not AuditEntry.objects.exists()

    def test_new_passwords_are_noted_whoever_gives_them(self, root: User, alice: User) -> None:
        new = {"password1": "another long phrase", "password2": "another long phrase"}
        self.browser_of(root).post(
            reverse("admin:auth_user_password_change", args=[alice.pk]),
            {**new, "usable_password": "true"},
        )
        self.browser_of(root).post(
            reverse("admin:password_change"),
            {
                "old_password": PASSWORD,
                "new_password1": "another long phrase",
                "new_password2": "another long phrase",
            },
        )

        noted = AuditEntry.objects.filter(act="account.change_password").order_by("pk")
        assert [(each.actor, each.object_label) for each in noted] == [
            (root, "alice"),
            (root, "root"),
        ]

    def test_a_wrong_old_password_is_no_change(self, root: User) -> None:
        self.browser_of(root).post(reverse("admin:password_change"), {"old_password": "wrong"})

        assert not AuditEntry.objects.exists()

    def test_deleted_accounts_are_noted(self, root: User, alice: User) -> None:
        browser = self.browser_of(root)

        browser.post(reverse("admin:users_user_delete", args=[alice.pk]), {"post": "yes"})

        assert not User.objects.filter(username="alice").exists()
        assert (entry("account.delete").actor, entry("account.delete").object_label) == (
            root,
            "alice",
        )

    def test_each_revokes_their_own_tokens_and_superusers_all(
        self, root: User, alice: User, bob: User
    ) -> None:
        make = api_tokens.create
        of_alice, of_bob = (
            make(user=user, name="a", scopes=[Scope.CONTESTS_READ]).token for user in (alice, bob)
        )
        url = reverse("admin:users_apitoken_changelist")

        seen = self.browser_of(bob).get(url).context["cl"].result_list
        body = {"action": "delete_selected", "post": "yes"}
        self.browser_of(bob).post(url, {**body, "_selected_action": [of_alice.pk, of_bob.pk]})
        left = list(ApiToken.objects.all())
        self.browser_of(root).post(url, {**body, "_selected_action": [of_alice.pk]})

        assert list(seen) == [of_bob]
        assert left == [of_alice]
        assert not ApiToken.objects.exists()
        actors = AuditEntry.objects.filter(act="api_token.revoke").values_list("actor_name")
        assert set(actors) == {("bob",), ("root",)}
