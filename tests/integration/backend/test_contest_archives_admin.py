"""Whole contests in and out in the admin: upload, report, decision, download."""

import json
from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from apps.archives.contest_archive.reading import read_file
from apps.archives.contest_archive.writing import write_zip
from apps.archives.models import ArchiveUpload
from apps.archives.services.importing import import_contest
from apps.audit.models import AuditEntry
from apps.contests.models import Contest
from apps.core import uploads
from apps.users.models import User
from tests.support.contest_archives import full_contest, small_contest
from tests.support.contests import make_contest

pytestmark = pytest.mark.django_db
ADD = "/admin/archives/archiveupload/add/"


def content_of(archive: Any) -> bytes:
    file = BytesIO()
    write_zip(archive, file)
    return file.getvalue()


@pytest.fixture
def bobs_admin(bob: User, client: Client) -> Client:
    """The admin as a contest manager, who is no superuser, sees it."""
    client.force_login(bob)
    return client


def upload(client: Client, content: bytes, name: str = "contest.zip") -> Any:
    return client.post(ADD, {"file": SimpleUploadedFile(name, content)}, follow=True)


def import_url() -> str:
    return f"/admin/archives/archiveupload/{ArchiveUpload.objects.get().pk}/import/"


def test_an_upload_leads_to_its_report_and_imports_nothing(bobs_admin: Client) -> None:
    page = upload(bobs_admin, content_of(full_contest())).content.decode()

    assert "Small contest" in page
    assert "1 persons are not kept." in page
    assert "team t1: rank is 1 officially, 2 here" in page
    assert import_url() in page
    assert not Contest.objects.exists()


def test_importing_is_a_decision_of_its_own(bobs_admin: Client, bob: User) -> None:
    upload(bobs_admin, content_of(small_contest()))

    answer = bobs_admin.post(import_url(), follow=True)

    contest = Contest.objects.get()
    assert "2 participants, 2 submissions" in answer.content.decode()
    assert contest.created_by == bob
    assert AuditEntry.objects.get(act="contest.import").actor == bob
    row = ArchiveUpload.objects.get()
    assert (row.contest, row.content) == (contest, None)


def test_an_archive_becomes_one_contest_only(bobs_admin: Client) -> None:
    upload(bobs_admin, content_of(small_contest()))
    bobs_admin.post(import_url())

    answer = bobs_admin.post(import_url(), follow=True)

    assert "has become a contest already" in answer.content.decode()
    assert Contest.objects.count() == 1


def test_says_what_to_change_and_offers_no_import(bobs_admin: Client) -> None:
    page = upload(bobs_admin, b'{"type": "teams", "id": "t"}', "feed.ndjson").content.decode()

    assert "event-feed.ndjson, line 1" in page
    assert import_url() not in page
    assert "correct them first" in bobs_admin.post(import_url(), follow=True).content.decode()
    assert not Contest.objects.exists()


def test_text_of_an_archive_is_no_markup(bobs_admin: Client) -> None:
    archive = small_contest()
    archive = replace(archive, contest=replace(archive.contest, name="<script>alert(1)</script>"))

    page = upload(bobs_admin, content_of(archive)).content.decode()

    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_a_file_over_the_limit_is_refused(bobs_admin: Client) -> None:
    page = upload(bobs_admin, b"x" * (uploads.UPLOAD_BYTES_MAX + 1)).content.decode()

    assert "The file has 33554433 bytes; at most 33554432 are taken here." in page
    assert not ArchiveUpload.objects.exists()


def test_uploads_that_nobody_wanted_are_dropped_in_time(bobs_admin: Client, bob: User) -> None:
    upload(bobs_admin, content_of(small_contest()))
    later = timezone.now() + timedelta(days=8)
    row = ArchiveUpload()
    file = SimpleUploadedFile("x", b"x")
    uploads.store_upload(row, file=file, actor_id=bob.pk, became="contest", now=later)

    assert list(ArchiveUpload.objects.all()) == [row]


def test_importing_takes_a_post(bobs_admin: Client) -> None:
    upload(bobs_admin, content_of(small_contest()))

    assert bobs_admin.get(import_url()).status_code == 405


def test_participants_come_to_none_of_it(alice: User, client: Client) -> None:
    contest = import_contest(archive=small_contest(), actor=None).contest
    client.force_login(alice)

    for url in (ADD, f"/admin/archives/contestexport/{contest.pk}/contest.zip"):
        assert client.get(url).status_code == 302


def test_staff_without_the_right_comes_to_none_of_it(alice: User, client: Client) -> None:
    User.objects.filter(pk=alice.pk).update(is_staff=True)
    contest = import_contest(archive=small_contest(), actor=None).contest
    row = ArchiveUpload.objects.create(file_name="x", size_bytes=1, content=b"x")
    client.force_login(alice)

    assert client.get(ADD).status_code == 403
    assert client.post(f"/admin/archives/archiveupload/{row.pk}/import/").status_code == 403
    export = f"/admin/archives/contestexport/{contest.pk}/contest.zip"
    assert client.get(export).status_code == 403


@pytest.mark.parametrize("form", ["zip", "ndjson"])
def test_downloads_a_contest(bobs_admin: Client, bob: User, form: str) -> None:
    contest = import_contest(archive=small_contest(), actor=None).contest
    page = bobs_admin.get("/admin/archives/contestexport/").content.decode()
    url = f"/admin/archives/contestexport/{contest.pk}/contest.{form}"
    assert url in page

    answer = bobs_admin.get(url)
    content = answer.getvalue()

    assert answer.headers["Content-Disposition"] == f'attachment; filename="small.{form}"'
    archive = read_file(BytesIO(content)).archive
    assert archive is not None
    assert [each.id for each in archive.submissions] == ["s1", "s2"]
    assert AuditEntry.objects.get(act="contest.export").actor == bob
    if form == "ndjson":
        assert json.loads(content.splitlines()[0])["type"] == "contest"


def test_says_why_a_contest_can_not_be_downloaded(bobs_admin: Client) -> None:
    contest = make_contest()

    url = f"/admin/archives/contestexport/{contest.pk}/contest.zip"
    answer = bobs_admin.get(url, follow=True)

    assert "Give the contest a start and an end first." in answer.content.decode()
