"""Problem packages in the admin: report first, then the problem."""

from io import BytesIO

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from apps.audit.models import AuditEntry
from apps.problems.models import PackageUpload, Problem
from apps.users.models import User
from tests.support.problem_packages import averages, in_folder, packed

ADD = "admin:problems_packageupload_add"
SUM = packed(in_folder("averages", averages())).getvalue()


def upload(manager: Client, content: bytes) -> str:
    """Hand in a package, and give the page of its report."""
    file = SimpleUploadedFile("sum.zip", content)
    answer = manager.post(reverse(ADD), {"file": file}, follow=True)
    assert answer.status_code == 200
    return answer.content.decode()


def confirm(manager: Client) -> str:
    number = PackageUpload.objects.latest("uploaded_at").pk
    url = reverse("admin:problems_packageupload_import", args=[number])
    return manager.post(url, follow=True).content.decode()


def test_a_package_is_looked_at_before_it_is_taken(manager: Client) -> None:
    report = upload(manager, SUM)

    assert "Import this problem" in report
    assert not Problem.objects.exists()


def test_a_confirmed_package_becomes_a_problem_once(manager: Client, bob: User) -> None:
    upload(manager, SUM)

    page = confirm(manager)
    again = confirm(manager)

    problem = Problem.objects.get()
    assert "The problem is here." in page
    assert "has become a problem already" in again
    assert problem.owner == bob
    assert problem.test_cases.exists()
    assert AuditEntry.objects.get().act == "problem.import"


def test_a_report_names_what_to_change(manager: Client) -> None:
    report = upload(manager, b"no zip at all")

    assert "can&#x27;t be imported" in report or "can't be imported" in report
    assert "Import this problem" not in report
    assert "correct them first" in confirm(manager)
    assert not Problem.objects.exists()


def test_a_package_says_which_problem_it_replaces(manager: Client) -> None:
    upload(manager, SUM)
    confirm(manager)

    report = upload(manager, SUM)

    assert "It replaces" in report


def test_a_problem_is_downloaded_as_the_package_that_it_came_from(manager: Client) -> None:
    upload(manager, SUM)
    confirm(manager)
    problem = Problem.objects.get()

    answer = manager.post(
        reverse("admin:problems_problem_changelist"),
        {"action": "export_package", "_selected_action": [problem.pk]},
    )

    package = BytesIO(b"".join(answer.streaming_content))  # type: ignore[attr-defined]
    assert package.getvalue().startswith(b"PK")
    assert "It replaces" in upload(manager, package.getvalue())


def test_a_participant_uploads_nothing(alice: User) -> None:
    client = Client()
    client.force_login(alice)

    assert client.get(reverse(ADD)).status_code == 302
    assert not PackageUpload.objects.exists()
