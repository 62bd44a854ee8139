"""Problems in the admin: what does not fit together is refused, references are judged."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from apps.audit.models import AuditEntry
from apps.code_execution.domain import Status
from apps.code_execution.models import CodeSubmission
from apps.problems.models import Problem, TestGroup
from apps.users.models import User
from tests.support.contests import make_problem

pytestmark = pytest.mark.django_db
PROBLEMS = "/api/code-execution/problems/"
INLINES = (
    *("languages", "files", "programs", "test_groups", "test_cases"),
    "reference_submissions",
)


def page_of(problem: Problem) -> str:
    return reverse("admin:problems_problem_change", args=[problem.pk])


def references_of(problem: Problem) -> str:
    return reverse("admin:problems_problem_references", args=[problem.pk])


def posted(**fields: Any) -> dict[str, Any]:
    """Give what the page of a new problem posts."""
    counts = {f"{name}-TOTAL_FORMS": "0" for name in INLINES}
    return {
        "title": "Sum",
        "statement": "Add $a$.",
        "statement_format": "markdown",
        "time_limit_ms": "1000",
        "memory_limit_bytes": str(64 * 1024 * 1024),
        "checker": "exact",
        "checker_options": "{}",
        **counts,
        **{f"{name}-INITIAL_FORMS": "0" for name in INLINES},
        **fields,
    }


PROGRAM = {
    "programs-TOTAL_FORMS": "1",
    "programs-0-role": "checker",
    "programs-0-protocol": "icpc",
    "programs-0-language": "python",
    "programs-0-source": "print()",
    "programs-0-files": "{}",
    "programs-0-arguments": "[]",
}


class TestWhatDoesNotFit:
    """The page comes back as it was posted, and says what to change; nothing is stored."""

    @pytest.mark.parametrize(
        ("fields", "message"),
        [
            ({"checker": "tokens", "checker_options": '{"float_absolute": 2}'}, "from 0 to 1"),
            (
                {"checker_options": '{"case_sensitive": true}'},
                "Only the checker &#x27;tokens&#x27;",
            ),
            ({"checker": "program"}, "needs a program of the role &#x27;checker&#x27;; add it"),
            ({"checker": "interactor"}, "needs a test case; add one"),
            ({**PROGRAM, "programs-0-files": '{"../x": ""}'}, "needs another name"),
            ({**PROGRAM, "programs-0-arguments": '"-x"'}, "give arguments as a list of texts"),
            (
                {
                    "reference_submissions-TOTAL_FORMS": "1",
                    "reference_submissions-0-name": "accepted/a.py",
                    "reference_submissions-0-language": "python",
                    "reference_submissions-0-code": "print()",
                    "reference_submissions-0-expected": '["OK"]',
                },
                "give a list of verdicts among AC",
            ),
            (
                {
                    "languages-TOTAL_FORMS": "1",
                    "languages-0-language": "python",
                    "languages-0-time_multiplier": "21",
                },
                "less than or equal to 20",
            ),
        ],
    )
    def test_says_what_to_change(
        self, manager: Client, fields: dict[str, str], message: str
    ) -> None:
        answer = manager.post(reverse("admin:problems_problem_add"), posted(**fields))

        page = answer.content.decode()
        assert answer.status_code == 200
        assert message in page
        assert "Add $a$." in page
        assert not Problem.objects.exists()

    def test_a_problem_with_its_program_is_stored(self, manager: Client) -> None:
        tests = {
            "test_cases-TOTAL_FORMS": "1",
            "test_cases-0-position": "1",
            "test_cases-0-points": "1",
        }
        data = posted(checker="program", **PROGRAM, **tests)

        answer = manager.post(reverse("admin:problems_problem_add"), data)

        assert answer.status_code == 302, answer.content
        assert Problem.objects.get().programs.get().role == "checker"

    def test_a_group_requires_groups_before_it_only(self, manager: Client) -> None:
        problem = make_problem()
        problem.test_cases.all().delete()
        first, second = (
            TestGroup.objects.create(problem=problem, name=name, position=place)
            for place, name in enumerate(["first", "second"], start=1)
        )
        rows: dict[str, Any] = {"test_groups-TOTAL_FORMS": "2", "test_groups-INITIAL_FORMS": "2"}
        for place, group in enumerate([first, second]):
            rows |= {
                f"test_groups-{place}-id": group.pk,
                f"test_groups-{place}-problem": problem.pk,
                f"test_groups-{place}-position": group.position,
                f"test_groups-{place}-name": group.name,
                f"test_groups-{place}-points": "10",
                f"test_groups-{place}-scoring": "all",
            }

        refused = manager.post(
            page_of(problem), posted(**rows, **{"test_groups-0-requires": [second.pk]})
        )
        stored = manager.post(
            page_of(problem), posted(**rows, **{"test_groups-1-requires": [first.pk]})
        )

        assert refused.status_code == 200
        assert "does not stand before it" in refused.content.decode()
        assert stored.status_code == 302
        assert not first.requires.exists()
        assert second.requires.get() == first

    def test_a_page_offers_the_problems_own_groups_only(self, manager: Client) -> None:
        problem = make_problem()
        TestGroup.objects.create(problem=problem, name="own-group")
        TestGroup.objects.create(problem=make_problem(), name="foreign-group")

        page = manager.get(page_of(problem)).content.decode()

        assert "own-group" in page
        assert "foreign-group" not in page


class TestTheApiToo:
    """Writing at the API obeys the same rules, and rolls back."""

    @pytest.mark.parametrize(
        ("change", "field"),
        [
            ({"checker": "program"}, "programs"),
            ({"checker": "interactor"}, "programs"),
            ({"checker": "exact", "checker_options": {"case_sensitive": True}}, "checker_options"),
            (
                {
                    "programs": [
                        {
                            "role": "checker",
                            "language": "cpp",
                            "source": "x",
                            "files": {"../testlib.h": "x"},
                        }
                    ]
                },
                "programs",
            ),
        ],
    )
    def test_what_does_not_fit_is_refused_by_field(
        self, as_bob: APIClient, change: dict[str, Any], field: str
    ) -> None:
        problem = make_problem(title="before")

        answer = as_bob.patch(f"{PROBLEMS}{problem.pk}/", {"title": "after", **change})

        assert answer.status_code == 400
        assert field in answer.json()
        problem.refresh_from_db()
        assert problem.title == "before"
        assert not problem.programs.exists()

    def test_test_data_have_a_bound_together(self, as_bob: APIClient) -> None:
        problem = make_problem()
        big = problem.test_cases.first()
        assert big is not None
        type(big.input_data).objects.filter(pk=big.input_data_id).update(
            size_bytes=256 * 1024 * 1024
        )

        answer = as_bob.patch(f"{PROBLEMS}{problem.pk}/", {"title": "after"})

        assert "make it at most 256 MiB" in answer.json()["test_cases"][0]


class TestReferences:
    """Managers have reference submissions judged, and see what they should have got."""

    @pytest.fixture
    def problem(self) -> Problem:
        problem = make_problem()
        for name, expected in (("accepted/a.py", ["AC"]), ("wrong_answer/<b>.py", ["WA"])):
            problem.reference_submissions.create(
                name=name, language="python", code=name, expected=expected
            )
        return problem

    def test_judges_them_at_a_press_and_says_so(self, manager: Client, problem: Problem) -> None:
        answer = manager.post(references_of(problem), follow=True)

        page = answer.content.decode()
        assert answer.redirect_chain == [(references_of(problem), 302)]
        assert "2 programs wait to be judged." in page
        assert page.count("being judged</a>") == 2
        assert CodeSubmission.objects.filter(purpose="reference", user__username="bob").count() == 2
        entry = AuditEntry.objects.get(act="problem.judge_references")
        assert (entry.actor_name, entry.after) == ("bob", {"count": 2})

    def test_does_not_judge_twice_at_once(self, manager: Client, problem: Problem) -> None:
        manager.post(references_of(problem))

        page = manager.post(references_of(problem), follow=True).content.decode()

        assert "0 programs wait to be judged." in page
        assert CodeSubmission.objects.count() == 2

    def test_shows_expected_and_actual_verdicts(self, manager: Client, problem: Problem) -> None:
        manager.post(references_of(problem))
        CodeSubmission.objects.update(status=Status.COMPLETED, verdict="AC", score=100)

        page = manager.get(references_of(problem)).content.decode()

        assert page.count("as expected") == 1
        assert page.count("WRONG") == 1
        assert "wrong_answer/&lt;b&gt;.py" in page
        assert 'http-equiv="refresh"' not in page

    def test_the_problems_page_leads_there(self, manager: Client, problem: Problem) -> None:
        assert references_of(problem) in manager.get(page_of(problem)).content.decode()

    @pytest.mark.parametrize("is_staff", [True, False])
    def test_nobody_else_comes_in(self, alice: User, problem: Problem, is_staff: bool) -> None:
        User.objects.filter(pk=alice.pk).update(is_staff=is_staff)
        client = Client()
        client.force_login(alice)

        expected = 403 if is_staff else 302
        assert client.get(references_of(problem)).status_code == expected
        assert client.post(references_of(problem)).status_code == expected
        assert not CodeSubmission.objects.exists()

    def test_an_unknown_problem_is_not_found(self, manager: Client) -> None:
        assert manager.get("/admin/problems/problem/999/references/").status_code == 404
