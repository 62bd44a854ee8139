"""The admin, as a contest manager who is staff and no superuser works with it."""

from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.audit.models import AuditEntry
from apps.code_execution.models import CodeSubmission
from apps.contests.models import Contest, ContestParticipant, PublicStanding, StaleCell
from apps.problems.models import PackageFile, Problem, TestData
from apps.users.models import User
from tests.support.contests import make_contest, make_event, make_problem, make_submission
from tests.support.execution_service import FakeExecutionService
from tests.support.webhooks import deliver

pytestmark = pytest.mark.django_db
OUR_APPS = {"users", "audit", "problems", "contests", "code_execution", "webhooks"}
MANAGED = [
    "contests_contest",
    "contests_contestparticipant",
    "problems_problem",
    "code_execution_codesubmission",
    "code_execution_judgement",
    "webhooks_webhookevent",
    "users_user",
]


@pytest.fixture
def judged(alice: User) -> CodeSubmission:
    """A submission of Alice's with a result, in a contest, to a problem."""
    contest = make_contest()
    ContestParticipant.objects.create(contest=contest, user=alice)
    submission = make_submission(
        alice,
        contest=contest,
        problem=make_problem(contest),
        code="print('<b>bold</b>')",
    )
    deliver(make_event(submission, output="<i>out</i>", error_output="oops"))
    submission.refresh_from_db()
    return submission


def run_action(client: Client, name: str, action: str, ids: list[int], **said: str) -> Any:
    """Choose an action for some rows; with `confirmed="yes"` after its page with the counts."""
    return client.post(
        reverse(f"admin:{name}_changelist"),
        {"action": action, "_selected_action": ids, **said},
        follow=True,
    )


@pytest.mark.parametrize("name", MANAGED)
def test_a_manager_opens_list_search_and_page(
    manager: Client, judged: CodeSubmission, name: str
) -> None:
    listed = manager.get(reverse(f"admin:{name}_changelist"))
    searched = manager.get(reverse(f"admin:{name}_changelist"), {"q": "1"})
    model = next(each for each in admin.site._registry if each._meta.label_lower == dotted(name))
    row = model._default_manager.first()
    assert row is not None
    page = manager.get(reverse(f"admin:{name}_change", args=[row.pk]))

    assert (listed.status_code, searched.status_code, page.status_code) == (200, 200, 200)


def dotted(name: str) -> str:
    app, _, model = name.rpartition("_")
    return f"{app}.{model}"


def test_every_model_has_a_page_or_stands_on_one() -> None:
    registered = set(admin.site._registry)
    inlined = {inline.model for page in admin.site._registry.values() for inline in page.inlines}
    ours = {model for model in apps.get_models() if model._meta.app_label in OUR_APPS}
    # What the system writes beside another row, and shows with it.
    assert ours - {PublicStanding, StaleCell, TestData, PackageFile} <= registered | inlined


def test_a_participant_does_not_get_in(alice: User) -> None:
    client = Client()
    client.force_login(alice)

    answer = client.get("/admin/")

    assert answer.status_code == 302
    assert "/admin/login/" in answer.headers["Location"]


def test_a_manager_manages_no_accounts(manager: Client, alice: User) -> None:
    page = manager.get(reverse("admin:users_user_change", args=[alice.pk]))

    assert manager.get(reverse("admin:users_user_add")).status_code == 403
    assert "alice@example.org" in page.content.decode()
    assert "md5$" not in page.content.decode()
    assert "superuser" not in page.content.decode().lower()
    assert (
        manager.post(
            reverse("admin:users_user_change", args=[alice.pk]), {"username": "x"}
        ).status_code
        == 403
    )


def test_code_output_errors_and_tests_are_readable_on_one_page(
    manager: Client, judged: CodeSubmission
) -> None:
    page = manager.get(
        reverse("admin:code_execution_codesubmission_change", args=[judged.pk])
    ).content.decode()

    assert "&lt;b&gt;bold&lt;/b&gt;" in page
    assert 'class="nb">print</span>' in page
    assert "&lt;i&gt;out&lt;/i&gt;" in page
    assert "oops" in page
    assert "1 (sample)" in page
    assert "0.045s" in page
    assert "8.2MB" in page
    assert "<b>bold</b>" not in page


def test_nobody_changes_a_submission(manager: Client, judged: CodeSubmission) -> None:
    url = reverse("admin:code_execution_codesubmission_change", args=[judged.pk])

    assert manager.post(url, {"status": "error"}).status_code == 403
    assert manager.get(reverse("admin:code_execution_codesubmission_add")).status_code == 403


def test_a_manager_makes_a_contest_with_problems(manager: Client) -> None:
    problem = make_problem()
    data = {
        "title": "Spring cup",
        "description": "",
        "is_active": "on",
        "start_time_0": "",
        "start_time_1": "",
        "end_time_0": "",
        "end_time_1": "",
        "max_participants": "",
        "format": "icpc",
        "format_config": '{"penalty_minutes": 10}',
        "access": "open",
        "board_access": "public",
        "feedback": "full",
        "time_zone": "UTC",
        "cooldown_s": "0",
        "allowed_languages": ["python", "cpp"],
        "roles-TOTAL_FORMS": "0",
        "roles-INITIAL_FORMS": "0",
        "groups-TOTAL_FORMS": "0",
        "groups-INITIAL_FORMS": "0",
        "contest_problems-TOTAL_FORMS": "1",
        "contest_problems-INITIAL_FORMS": "0",
        "contest_problems-0-problem": problem.pk,
        "contest_problems-0-order": "1",
        "contest_problems-0-points": "50",
    }

    answer = manager.post(reverse("admin:contests_contest_add"), data)

    assert answer.status_code == 302, answer.content
    contest = Contest.objects.get()
    assert contest.contest_problems.get().points == 50
    assert contest.allowed_languages == ["python", "cpp"]


def test_a_manager_makes_a_problem_with_test_cases_multipliers_and_files(manager: Client) -> None:
    data = {
        "title": "Sum",
        "statement": "Add.",
        "time_limit_ms": "1000",
        "memory_limit_bytes": str(64 * 1024 * 1024),
        "checker": "exact",
        "statement_format": "markdown",
        "programs-TOTAL_FORMS": "0",
        "programs-INITIAL_FORMS": "0",
        "test_groups-TOTAL_FORMS": "0",
        "test_groups-INITIAL_FORMS": "0",
        "reference_submissions-TOTAL_FORMS": "0",
        "reference_submissions-INITIAL_FORMS": "0",
        "test_cases-TOTAL_FORMS": "1",
        "test_cases-INITIAL_FORMS": "0",
        "test_cases-0-position": "1",
        "test_cases-0-points": "1",
        "test_cases-0-input": " 1 2\r\n",
        "test_cases-0-expected_output": "3\r\n\r\n",
        "languages-TOTAL_FORMS": "1",
        "languages-INITIAL_FORMS": "0",
        "languages-0-language": "python",
        "languages-0-time_multiplier": "1.5",
        "files-TOTAL_FORMS": "1",
        "files-INITIAL_FORMS": "0",
        "files-0-name": "grader.h",
        "files-0-language": "cpp",
        "files-0-content": "\r\nint answer();\r\n",
    }

    answer = manager.post(reverse("admin:problems_problem_add"), data)

    assert answer.status_code == 302, answer.content
    problem = Problem.objects.get()
    test_case, language, file = (
        problem.test_cases.get(),
        problem.languages.get(),
        problem.files.get(),
    )
    assert (test_case.input, test_case.expected_output) == (" 1 2\n", "3\n\n")
    assert (language.time_multiplier, language.memory_multiplier) == (1.5, None)
    assert (file.name, file.content) == ("grader.h", "\nint answer();\n")
    assert not problem.allows_compile_options  # the box was not ticked


def test_a_contest_that_ends_before_it_starts_is_a_message(manager: Client) -> None:
    contest = make_contest(start_time=timezone.now())
    data = {
        "title": "Winter cup",
        "start_time_0": "2026-01-02",
        "start_time_1": "00:00",
        "end_time_0": "2026-01-01",
        "end_time_1": "00:00",
        "contest_problems-TOTAL_FORMS": "0",
        "contest_problems-INITIAL_FORMS": "0",
        "roles-TOTAL_FORMS": "0",
        "roles-INITIAL_FORMS": "0",
        "groups-TOTAL_FORMS": "0",
        "groups-INITIAL_FORMS": "0",
    }

    answer = manager.post(reverse("admin:contests_contest_change", args=[contest.pk]), data)

    assert answer.status_code == 200
    assert "The contest has to end after its start." in answer.content.decode()


@pytest.mark.parametrize(
    "field",
    [
        ("contestparticipant", "user", "ali"),
        ("contestproblem", "problem", "Su"),
        ("contestparticipant", "contest", "Win"),
    ],
)
def test_autocomplete_finds(
    manager: Client, judged: CodeSubmission, field: tuple[str, str, str]
) -> None:
    model, name, term = field
    query = {"app_label": "contests", "model_name": model, "field_name": name, "term": term}

    answer = manager.get(reverse("admin:autocomplete"), query)

    assert answer.status_code == 200
    assert len(answer.json()["results"]) == 1


class TestActions:
    """What a manager does with a selection."""

    def test_runs_submissions_again(
        self, manager: Client, judged: CodeSubmission, alice: User
    ) -> None:
        running = make_submission(alice, microservice_submission_id=8)
        chosen = manager, "code_execution_codesubmission", "run_again", [judged.pk, running.pk]

        asked = run_action(*chosen)
        judged.refresh_from_db()
        assert "2 submissions are selected" in asked.content.decode()
        assert judged.status == "completed"
        page = run_action(*chosen, confirmed="yes").content.decode()

        judged.refresh_from_db()
        assert judged.status == "pending"
        assert "1 submissions are being judged again" in page
        assert f"Submission {running.pk} is left alone" in page
        entry = AuditEntry.objects.get(act="submission.rerun")
        assert (entry.actor_name, entry.contest_id) == ("bob", judged.contest_id)

    def test_boards_forget_a_submission_that_is_deleted(
        self, admin_client: Client, judged: CodeSubmission, bob: User
    ) -> None:
        action = admin_client, "code_execution_codesubmission", "delete_selected", [judged.pk]
        assert ContestParticipant.objects.get().final_score == 100
        Contest.objects.update(finalized_at=timezone.now())
        run_action(*action, post="yes")
        assert CodeSubmission.objects.exists()

        Contest.objects.update(finalized_at=None)
        run_action(*action, post="yes")

        assert not CodeSubmission.objects.exists()
        assert ContestParticipant.objects.get().final_score == 0
        entry = AuditEntry.objects.get(act="submission.delete")
        assert (entry.contest_id, entry.before["verdict"]) == (judged.contest_id, "AC")

    def test_recomputes_the_ranking(self, manager: Client, judged: CodeSubmission) -> None:
        ContestParticipant.objects.update(rank=9, final_score=0)

        run_action(manager, "contests_contest", "recompute_ranking", [judged.contest_id or 0])

        participant = ContestParticipant.objects.get()
        assert participant.rank == 1
        assert participant.final_score == 100
        entry = AuditEntry.objects.get(act="contest.recompute")
        assert (entry.actor_name, entry.contest_id) == ("bob", judged.contest_id)
        assert entry.after == {"participants": 1, "changed": 1}

    def test_leaves_a_final_ranking_as_it_is(self, manager: Client, judged: CodeSubmission) -> None:
        Contest.objects.update(finalized_at=timezone.now())
        ContestParticipant.objects.update(rank=9)

        page = run_action(
            manager, "contests_contest", "recompute_ranking", [judged.contest_id or 0]
        )

        assert "Ranked 0 contests" in page.content.decode()
        assert ContestParticipant.objects.get().rank == 9

    def test_closes_a_contest(self, manager: Client) -> None:
        contest = make_contest(end_time=timezone.now() + timedelta(days=1))

        asked = run_action(manager, "contests_contest", "close", [contest.pk])
        assert "1 contests with 0 participants end now" in asked.content.decode()
        run_action(manager, "contests_contest", "close", [contest.pk], confirmed="yes")

        contest.refresh_from_db()
        assert contest.end_time is not None
        assert contest.end_time <= timezone.now()

    @pytest.mark.parametrize(
        ("name", "action"),
        [
            ("contests_contest", "export_standings"),
            ("contests_contestparticipant", "export_standings"),
            ("code_execution_codesubmission", "export"),
        ],
    )
    def test_exports_csv(
        self, manager: Client, judged: CodeSubmission, name: str, action: str
    ) -> None:
        User.objects.filter(username="alice").update(username="@alice")
        model = next(x for x in admin.site._registry if x._meta.label_lower == dotted(name))
        ids = list(model._default_manager.values_list("pk", flat=True))

        answer = run_action(manager, name, action, ids)

        assert answer.headers["Content-Type"].startswith("text/csv")
        header, row = answer.content.decode().splitlines()
        assert "user" in header.split(",")
        assert "'@alice" in row.split(",")

    def test_are_not_for_who_only_looks(self, judged: CodeSubmission, charlie: User) -> None:
        charlie.is_staff = True
        charlie.save()
        client = Client()
        client.force_login(charlie)

        answer = run_action(client, "code_execution_codesubmission", "run_again", [judged.pk])

        assert answer.status_code == 403
        judged.refresh_from_db()
        assert judged.status == "completed"


@pytest.mark.parametrize(
    "name", ["code_execution_codesubmission", "code_execution_judgement", "contests_contest"]
)
def test_a_longer_list_takes_no_more_queries(
    manager: Client,
    alice: User,
    judged: CodeSubmission,
    name: str,
    django_assert_max_num_queries: Any,
) -> None:
    for number in range(10, 20):
        make_submission(
            alice,
            microservice_submission_id=number,
            contest=make_contest(),
            problem=judged.problem,
        )

    with django_assert_max_num_queries(12):
        manager.get(reverse(f"admin:{name}_changelist"))


class TestExecutionService:
    """The page about the host that runs the programs."""

    URL = "/admin/code_execution/executionservice/"

    def test_shows_whatever_was_found_and_what_is_missing(
        self, manager: Client, execution_service: FakeExecutionService
    ) -> None:
        found = {"name": "C", "is_ok": True, "detail": "gcc 12.2; right in 1 ms"}
        missing = {"name": "Go", "is_ok": False, "detail": "<b>apt-get install golang</b>"}
        execution_service.examination = (
            200,
            {
                "examined_at": "2026-01-01T00:00:00Z",
                "is_usable": True,
                "groups": [
                    {"name": "languages", "findings": [found, missing]},
                    {"name": "news", "findings": []},
                ],
            },
        )

        page = manager.get(self.URL).content.decode()

        assert "Programs can be judged." in page
        assert "gcc 12.2; right in 1 ms" in page
        assert page.count("&lt;b&gt;apt-get install golang&lt;/b&gt;") == 2
        assert page.index("Missing, and what to do") < page.index("Languages")
        assert "News" in page
        assert "webhook-signature" in execution_service.headers[-1]

    @pytest.mark.parametrize(
        ("answer", "said"),
        [
            ((503, {"detail": "Still being examined."}), "Still being examined."),
            ((500, "?"), "HTTP 500"),
            ((401, {"detail": "Bad signature"}), "CODE_EXECUTION_WEBHOOK_SECRET of the backend"),
            ((200, []), "another version"),
            ((200, {"groups": 1}), "another version"),
        ],
    )
    def test_says_why_there_is_nothing_to_show(
        self,
        manager: Client,
        execution_service: FakeExecutionService,
        answer: tuple[int, object],
        said: str,
    ) -> None:
        execution_service.examination = answer

        page = manager.get(self.URL)

        assert page.status_code == 200
        assert said in page.content.decode()

    @pytest.mark.parametrize(
        "groups", [[1], [{}], [{"findings": 1}], [{"name": 1, "findings": [1, {"is_ok": "yes"}]}]]
    )
    def test_shows_what_it_can_of_an_odd_report(
        self, manager: Client, execution_service: FakeExecutionService, groups: object
    ) -> None:
        execution_service.examination = (200, {"groups": groups})

        page = manager.get(self.URL)

        assert page.status_code == 200
        assert "Nothing can be run." in page.content.decode()

    def test_works_while_the_service_is_down(self, manager: Client) -> None:
        page = manager.get(self.URL)

        assert page.status_code == 200
        assert "no account of the execution service" in page.content.decode()

    def test_stands_in_the_menu(self, manager: Client) -> None:
        assert self.URL in manager.get("/admin/").content.decode()

    def test_is_closed_without_the_permission(self, charlie: User) -> None:
        charlie.is_staff = True
        charlie.save()
        client = Client()
        client.force_login(charlie)

        assert client.get(self.URL).status_code == 403
        assert self.URL not in client.get("/admin/").content.decode()
