"""A manager's work on a contest in a real browser, from the sign-in to the final results."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from apps.code_execution.models import CodeSubmission, Rejudging
from apps.contests.models import Clarification, Contest, ContestParticipant
from apps.users.models import User
from tests.support.browser import watch_for_faults
from tests.support.contests import (
    make_contest,
    make_event,
    make_problem,
    make_submission,
    make_test_result,
)
from tests.support.people import PASSWORD, make_user
from tests.support.webhooks import deliver

pytestmark = pytest.mark.django_db(transaction=True)
HOUR = timedelta(hours=1)
CODE = """# reads two numbers
import sys


def main() -> None:
    first, second = map(int, sys.stdin.read().split())
    print(first + second, "<sum>" if first < 0 else "")


main()
"""
TABLE = """username,name,team,organization,extra_time_min
dora,Dora D.,,Uni Graz,15
emil,,Red Pandas,Uni Wien,
frida,,Red Pandas,Uni Wien,
"""


@pytest.fixture
def contest(alice: User, charlie: User) -> Contest:
    """A contest that runs, in which Alice leads, and Charlie asks something."""
    now = timezone.now()
    contest = make_contest(
        title="Winter cup",
        format="icpc",
        format_config={},
        start_time=now - HOUR,
        freeze_time=now + HOUR,
        end_time=now + 2 * HOUR,
    )
    problem = make_problem(contest, title="Sum of two")
    for number, (user, minutes) in enumerate(((alice, 50), (charlie, 20)), start=1):
        submission = make_submission(
            user,
            contest=contest,
            problem=problem,
            microservice_submission_id=number,
            code=CODE,
            created_at=now - timedelta(minutes=minutes),
        )
        deliver(make_event(submission), message_id=f"evt-{number}")
    asker = ContestParticipant.objects.get(user=charlie)
    Clarification.objects.create(
        contest=contest, from_participant=asker, text="May the numbers be negative?"
    )
    stuck = make_submission(
        make_user("slow"), contest=contest, problem=problem, microservice_submission_id=None
    )
    stuck.judgements.update(last_error="The execution service does not answer.", attempts=3)
    return contest


class Work:
    """The manager at the page; each step leaves a picture."""

    def __init__(self, page: Page, address: str, folder: Path) -> None:
        self.page = page
        self.address = address
        self.folder = folder
        self.count = 0

    def picture(self, name: str) -> None:
        self.count += 1
        self.page.screenshot(path=self.folder / f"{self.count:02}-{name}.png", full_page=True)

    def sign_in(self, user: User) -> None:
        self.page.goto(f"{self.address}/admin/")
        self.page.get_by_label("Username").fill(user.username)
        self.page.get_by_label("Password").fill(PASSWORD)
        self.picture("sign-in")
        self.page.get_by_role("button", name="Log in").click()

    def open_control_page(self, contest: Contest) -> None:
        self.page.goto(f"{self.address}/admin/contests/contest/{contest.pk}/control/")

    def press(self, name: str) -> None:
        self.page.get_by_role("link", name=name, exact=True).first.click()

    def confirm(self, button: str) -> None:
        self.page.get_by_role("button", name=button, exact=True).click()

    def reads(self, text: str) -> None:
        expect(self.page.get_by_text(text).first).to_be_visible()


def judge_anew(staged: Rejudging, *, of: User) -> None:
    """Let one user's programs fail, and the others' pass, as the execution service would tell."""
    for number, judgement in enumerate(staged.judgements.all(), start=900):
        submission = judgement.submission
        is_right = submission.user != of
        assert submission.problem
        results = [
            {
                **make_test_result(test, is_passed=is_right or test.is_sample),
                "judge_message": "" if is_right else "expected 9, got -9",
            }
            for test in submission.problem.test_cases.all()
        ]
        event = make_event(
            submission,
            submission_id=number,
            reference=str(judgement.pk),
            verdict="AC" if is_right else "WA",
            test_results=results,
        )
        assert deliver(event, message_id=f"evt-{number}").status_code == 200


def test_a_manager_runs_a_contest_to_its_final_results(
    page: Page, address: str, bob: User, alice: User, contest: Contest, tmp_path: Path
) -> None:
    faults = watch_for_faults(page)
    work = Work(page, address, tmp_path)
    work.sign_in(bob)
    page.goto(f"{work.address}/admin/contests/contest/")
    work.picture("contests")
    work.press("Control")
    work.reads("The execution service does not answer.")
    work.picture("control")
    extend_and_answer(work)
    import_people(work)
    work.open_control_page(contest)
    rejudge_so_that_another_wins(work, alice)
    assert ContestParticipant.objects.get(rank=1).user.username == "charlie"
    look_at_the_code(work, CodeSubmission.objects.get(user=alice))
    work.open_control_page(contest)
    freeze_and_finish(work)
    read_the_audit_trail(work)

    contest.refresh_from_db()
    assert contest.finalized_at is not None
    assert not faults


def extend_and_answer(work: Work) -> None:
    work.press("Extend...")
    work.reads("The end moves for all 3 participants")
    work.page.get_by_label("Minutes").fill("15")
    work.picture("extend")
    work.confirm("Extend")
    work.reads("The contest ends later.")
    work.reads("May the numbers be negative?")
    work.press("Answer...")
    work.page.get_by_label("Answer").fill("No, see the limits.")
    work.page.get_by_label("To all participants").check()
    work.picture("answer")
    work.confirm("Send the answer")
    work.reads("Questions to answer (0)")


def import_people(work: Work) -> None:
    work.press("Import participants...")
    work.page.get_by_label("Table").set_input_files({
        "name": "people.csv",
        "mimeType": "text/csv",
        "buffer": TABLE.encode(),
    })
    work.confirm("Report on it")
    work.reads("2 participants come in (1 of them teams); 3 accounts are made.")
    work.picture("report")
    work.confirm("Import 2 participants")
    work.reads("3 accounts take part now")
    with work.page.expect_download() as download:
        work.press("Download the report")
    assert download.value.suggested_filename == "accounts.csv"
    work.picture("imported")


def rejudge_so_that_another_wins(work: Work, leader: User) -> None:
    work.press("Rejudge all...")
    work.reads("2 submissions are judged once more")
    work.page.get_by_label("Reason").fill("Test 2 was wrong")
    work.picture("rejudge")
    work.confirm("Start the rejudging")
    work.reads("0 of 2 submissions are judged")
    judge_anew(Rejudging.objects.get(), of=leader)
    work.page.reload()
    work.reads("Participants who would be affected")
    work.picture("differences")
    work.press("Apply...")
    work.reads("for 1 of them it is another result")
    work.picture("apply")
    work.confirm("Apply: put the new results in force")
    work.reads("The rejudging is applied.")


def look_at_the_code(work: Work, failed: CodeSubmission) -> None:
    page = work.page
    page.goto(f"{work.address}/admin/code_execution/codesubmission/{failed.pk}/change/")
    expect(page.locator(".code .highlight .k").first).to_be_visible()
    work.reads("expected 9, got -9")
    work.picture("submission")
    code, runs = (each.bounding_box() for each in page.locator(".beside > section").all())
    assert code
    assert runs
    assert code["x"] + code["width"] <= runs["x"], "the runs do not stand beside the code"
    page.emulate_media(color_scheme="dark")
    work.picture("submission-in-the-dark")
    page.emulate_media(color_scheme="light")
    page.goto(f"{work.address}/admin/code_execution/codesubmission/")
    work.reads("Sum of two")
    work.picture("submissions")


def freeze_and_finish(work: Work) -> None:
    work.press("Freeze now...")
    work.confirm("Freeze now")
    work.reads("The board is frozen.")
    CodeSubmission.objects.get(user__username="slow").delete()
    # Dora has a quarter of an hour more than the others.
    Contest.objects.update(end_time=timezone.now() - timedelta(minutes=15))
    Contest.objects.update(freeze_time=timezone.now() - timedelta(minutes=30))
    work.page.reload()
    for act, said in (("Unfreeze", "The board is open."), ("Finalise", "The results are final.")):
        work.press(f"{act}...")
        work.picture(act.lower())
        work.confirm(act)
        work.reads(said)
    work.picture("final")


def read_the_audit_trail(work: Work) -> None:
    work.press("Audit trail")
    work.reads("rejudging.apply")
    work.picture("audit-trail")
    work.page.locator("th.field-at a").first.click()
    work.reads("finalized_at")
    work.picture("audit-entry")


def test_a_contest_is_made_in_the_browser(
    page: Page, address: str, bob: User, tmp_path: Path
) -> None:
    problem = make_problem(title="Sum of two")
    faults = watch_for_faults(page)
    work = Work(page, address, tmp_path)
    work.sign_in(bob)
    page.goto(f"{work.address}/admin/contests/contest/add/")
    page.get_by_label("Title").fill("Spring cup")
    page.locator("[name=start_time_0]").fill("2030-03-01")
    page.locator("[name=start_time_1]").fill("10:00:00")
    page.locator("[name=end_time_0]").fill("2030-03-01")
    page.locator("[name=end_time_1]").fill("15:00:00")
    page.locator("#contest_problems-group .add-row a").click()
    page.locator("#contest_problems-0 .select2-selection").click()
    page.locator(".select2-search__field").fill("Sum")
    page.locator(".select2-results__option", has_text="Sum of two").click()
    work.picture("new-contest")
    page.get_by_role("button", name="Save and continue editing").click()
    work.reads("was added successfully")
    work.picture("contest")

    contest = Contest.objects.get(title="Spring cup")
    assert contest.contest_problems.get().problem == problem
    work.press("Control page")
    work.reads("before")
    assert not faults
