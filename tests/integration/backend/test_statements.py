"""Statements at the API and in the admin: rendered, with their files, for who may read them."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from rest_framework.test import APIClient

from apps.problems.models import PackageFile, Problem, TestData
from apps.users.models import User
from tests.support.contests import make_contest, make_problem

pytestmark = pytest.mark.django_db
CONTESTS = "/api/code-execution/contests/"
PROBLEMS = "/api/code-execution/problems/"
STATEMENT = "Add $a*b*c$. ![a tree](tree.png) <script>alert(1)</script>"
PNG = b"\x89PNG\r\n\x1a\n"


def keep_file(problem: Problem, path: str, content: bytes = PNG) -> PackageFile:
    return problem.package_files.create(path=path, data=TestData.objects.keep(content))


class TestStatements:
    """Who may read a problem gets its statement as HTML beside what was written."""

    def test_a_participant_gets_safe_html_with_the_maths_intact(self, as_alice: APIClient) -> None:
        problem = make_problem(make_contest(), statement=STATEMENT)

        body = as_alice.get(f"{PROBLEMS}{problem.pk}/").json()

        assert body["statement"] == STATEMENT
        files = f"http://testserver{PROBLEMS}{problem.pk}/files/"
        assert body["statement_html"] == (
            '<p>Add <span class="math inline">\\(a*b*c\\)</span>. '
            f'<img src="{files}tree.png" alt="a tree"> </p>\n'
        )

    def test_a_manager_gets_it_too_when_reading_and_writing(self, as_bob: APIClient) -> None:
        problem = make_problem(statement="*old*")
        path = f"{PROBLEMS}{problem.pk}/"

        assert as_bob.get(path).json()["statement_html"] == "<p><em>old</em></p>\n"
        changed = as_bob.patch(path, {"statement": "**new**", "statement_html": "<script>"}).json()
        assert changed["statement_html"] == "<p><strong>new</strong></p>\n"

    def test_lists_do_not_have_it(self, as_alice: APIClient) -> None:
        make_problem(make_contest())

        assert "statement_html" not in as_alice.get(PROBLEMS).json()["results"][0]

    def test_latex_is_given_as_it_is(self, as_alice: APIClient) -> None:
        problem = make_problem(make_contest(), statement="$a<b$", statement_format="latex")

        body = as_alice.get(f"{PROBLEMS}{problem.pk}/").json()

        assert body["statement_html"] == "<pre>$a&lt;b$</pre>\n"

    def test_a_contests_description_is_rendered_alike(self, as_alice: APIClient) -> None:
        contest = make_contest(description="*Welcome* <img src=x onerror=alert(1)> ![x](y.png)")

        body = as_alice.get(f"{CONTESTS}{contest.pk}/").json()

        assert body["description_html"] == '<p><em>Welcome</em> <img> <img alt="x"></p>\n'


class TestFiles:
    """Pictures and attachments go to who may read the problem; the rest of a package does not."""

    @pytest.mark.parametrize(
        ("kept", "asked"),
        [
            ("problem_statement/tree.png", "tree.png"),
            ("problem_statement/img/tree.png", "img/tree.png"),
            ("attachments/tree.png", "tree.png"),
            ("attachments/tree.png", "attachments/tree.png"),
        ],
    )
    def test_a_participant_gets_a_picture(self, as_alice: APIClient, kept: str, asked: str) -> None:
        problem = make_problem(make_contest())
        keep_file(problem, kept)

        answer = as_alice.get(f"{PROBLEMS}{problem.pk}/files/{asked}")

        assert (answer.status_code, answer.content) == (200, PNG)
        assert answer["Content-Type"] == "image/png"
        assert answer["Content-Disposition"] == 'inline; filename="tree.png"'
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in answer["Content-Security-Policy"]

    def test_a_participant_is_told_what_there_is_to_download(self, as_alice: APIClient) -> None:
        problem = make_problem(make_contest())
        for path in (
            "attachments/starter/main.py",
            "problem_statement/tree.png",
            "input_validators/x",
        ):
            keep_file(problem, path)

        attachments = as_alice.get(f"{PROBLEMS}{problem.pk}/").json()["attachments"]

        assert [(each["name"], each["size_bytes"]) for each in attachments] == [
            ("starter/main.py", len(PNG))
        ]
        assert as_alice.get(attachments[0]["url"]).content == PNG

    @pytest.mark.parametrize(
        ("name", "content_type"),
        [
            ("page.html", "application/octet-stream"),
            ("page.xhtml", "application/octet-stream"),
            ("notes.txt", "application/octet-stream"),
            ("script.js", "application/octet-stream"),
            ("statement.pdf", "application/octet-stream"),
            ("drawing.svg", "image/svg+xml"),
            ("README", "application/octet-stream"),
        ],
    )
    def test_what_a_browser_might_run_is_only_saved(
        self, as_alice: APIClient, name: str, content_type: str
    ) -> None:
        problem = make_problem(make_contest())
        keep_file(problem, f"attachments/{name}", b"<script>alert(1)</script>")

        answer = as_alice.get(f"{PROBLEMS}{problem.pk}/files/{name}")

        assert answer["Content-Disposition"] == f'attachment; filename="{name}"'
        assert answer["Content-Type"] == content_type
        assert "sandbox" in answer["Content-Security-Policy"]

    @pytest.mark.parametrize(
        "path",
        [
            "input_validators/check.py",
            "../input_validators/check.py",
            "attachments/../input_validators/check.py",
            "check.py",
            "other.png",
            "x" * 300,
            "a%00b",
        ],
    )
    def test_nothing_else_of_the_package_is_given(self, as_alice: APIClient, path: str) -> None:
        problem = make_problem(make_contest())
        keep_file(problem, "input_validators/check.py")

        assert as_alice.get(f"{PROBLEMS}{problem.pk}/files/{path}").status_code == 404

    def test_the_statements_own_picture_wins_over_an_attachment(self, as_alice: APIClient) -> None:
        problem = make_problem(make_contest())
        keep_file(problem, "attachments/tree.png", b"attached")
        keep_file(problem, "problem_statement/tree.png", b"shown")

        answer = as_alice.get(f"{PROBLEMS}{problem.pk}/files/tree.png")

        assert answer.content == b"shown"

    def test_there_are_none_before_the_start(self, as_alice: APIClient, as_bob: APIClient) -> None:
        problem = make_problem(make_contest(start_time=timezone.now() + timedelta(hours=1)))
        keep_file(problem, "problem_statement/tree.png")
        path = f"{PROBLEMS}{problem.pk}/files/tree.png"

        assert as_alice.get(path).status_code == 404
        assert as_bob.get(path).status_code == 200

    def test_nobody_reads_them_without_a_credential(self, as_nobody: APIClient) -> None:
        problem = make_problem(make_contest())
        keep_file(problem, "problem_statement/tree.png")

        assert as_nobody.get(f"{PROBLEMS}{problem.pk}/files/tree.png").status_code == 401

    def test_an_unchanged_file_is_not_sent_again(self, as_alice: APIClient) -> None:
        problem = make_problem(make_contest())
        keep_file(problem, "problem_statement/tree.png")
        path = f"{PROBLEMS}{problem.pk}/files/tree.png"

        again = as_alice.get(path, headers={"If-None-Match": as_alice.get(path)["ETag"]})

        assert (again.status_code, again.content) == (304, b"")
        assert again["Cache-Control"] == "private, no-cache"


class TestPreview:
    """The admin shows the statement as participants see it."""

    def test_a_problems_page_shows_it_rendered_and_safe(self, bob: User) -> None:
        problem = make_problem(statement=STATEMENT)
        client = Client()
        client.force_login(bob)

        page = client.get(reverse("admin:problems_problem_change", args=[problem.pk]))

        html = page.content.decode()
        assert f'<img src="{PROBLEMS}{problem.pk}/files/tree.png" alt="a tree">' in html
        assert "<script>alert(1)</script>" not in html

    def test_a_new_problems_page_has_none_yet(self, bob: User) -> None:
        client = Client()
        client.force_login(bob)

        page = client.get(reverse("admin:problems_problem_add"))

        assert page.status_code == 200
        assert "as participants see it" not in page.content.decode().lower()
