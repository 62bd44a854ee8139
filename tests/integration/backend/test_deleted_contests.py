"""What goes with a contest that is deleted, and what stays."""

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from apps.archives.services.importing import import_contest
from apps.audit.models import AuditEntry
from apps.code_execution.models import CodeSubmission
from apps.contests.models import Contest, ContestParticipant
from apps.contests.services.contests import imported_accounts
from apps.users.models import User
from tests.support.contest_archives import judgement, small_contest, submission
from tests.support.contests import make_contest, make_submission

pytestmark = pytest.mark.django_db
ARCHIVE = small_contest(
    submissions=(submission(1, "t1", "apples", 10),), judgements=(judgement(1, "AC", 10),)
)


@pytest.fixture
def imported(db: None) -> Contest:
    return import_contest(archive=ARCHIVE, actor=None).contest


def names() -> set[str]:
    return set(User.objects.values_list("username", flat=True))


def test_accounts_of_people_and_their_submissions_stay(as_bob: APIClient, alice: User) -> None:
    contest = make_contest()
    make_submission(alice, contest=contest)

    assert as_bob.delete(f"/api/code-execution/contests/{contest.pk}/").status_code == 204

    assert names() == {"alice", "bob"}
    assert CodeSubmission.objects.get().contest is None


def test_accounts_that_an_import_made_go_with_their_submissions(
    as_bob: APIClient, imported: Contest
) -> None:
    assert len(names()) > 1

    assert as_bob.delete(f"/api/code-execution/contests/{imported.pk}/").status_code == 204

    assert names() == {"bob"}
    assert not CodeSubmission.objects.exists()
    entry = AuditEntry.objects.get(act="contest.delete")
    assert entry.before == {"imported_accounts": len(ARCHIVE.teams)}
    assert import_contest(archive=ARCHIVE, actor=None).contest.participants.count() == 2


@pytest.mark.parametrize("use", ["signs in", "is in another contest", "has a role"])
def test_accounts_that_somebody_has_put_to_use_stay(
    as_bob: APIClient, imported: Contest, use: str
) -> None:
    account = imported.participants.get(external_id="t1").user
    if use == "signs in":
        account.is_active = True
        account.set_password("a long enough secret")
        account.save()
    elif use == "has a role":
        make_contest().roles.create(user=account, role="judge")
    else:
        ContestParticipant.objects.create(contest=make_contest(), user=account)

    as_bob.delete(f"/api/code-execution/contests/{imported.pk}/")

    assert names() == {"bob", account.username}


def test_the_admin_says_so_before(bob: User, imported: Contest) -> None:
    manager = Client()
    manager.force_login(bob)
    count = len(ARCHIVE.teams)
    said = f"{count} accounts that came with the import, with their submissions"
    delete = reverse("admin:contests_contest_delete", args=[imported.pk])
    listed = reverse("admin:contests_contest_changelist")
    several = {"action": "delete_selected", "_selected_action": [imported.pk]}

    assert said in manager.get(delete).content.decode()
    assert said in manager.post(listed, several).content.decode()
    manager.post(delete, {"post": "yes"})

    assert names() == {"bob"}


def test_a_contest_of_one_archive_is_there_once(imported: Contest) -> None:
    make_contest()
    make_contest()  # of none

    with pytest.raises(IntegrityError), transaction.atomic():
        make_contest(external_id=imported.external_id)
    assert imported_accounts(imported).count() == len(ARCHIVE.teams)
