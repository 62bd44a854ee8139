"""The control page of a contest, and what a manager does from there."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.audit.models import AuditEntry
from apps.code_execution.models import CodeSubmission, Judgement, Rejudging
from apps.contests.models import Clarification, Contest, ContestParticipant
from apps.users.models import User
from tests.support.contests import make_contest, make_event, make_problem, make_submission
from tests.support.webhooks import deliver

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def contest(db: None) -> Contest:
    now = timezone.now()
    return make_contest(
        format="icpc",
        format_config={},
        start_time=now - HOUR,
        freeze_time=now + HOUR,
        end_time=now + 2 * HOUR,
    )


@pytest.fixture
def judged(contest: Contest, alice: User) -> CodeSubmission:
    submission = make_submission(alice, contest=contest, problem=make_problem(contest))
    deliver(make_event(submission))
    submission.refresh_from_db()
    return submission


def url_of(contest: Contest, name: str = "") -> str:
    if not name:
        return reverse("admin:contests_contest_control", args=[contest.pk])
    return reverse("admin:contests_contest_act", args=[contest.pk, name])


def text_of(answer: Any) -> str:
    assert answer.status_code == 200, answer
    return str(answer.content.decode())


def test_shows_clock_queue_board_questions_and_problems(
    manager: Client, contest: Contest, judged: CodeSubmission, alice: User
) -> None:
    stuck = make_submission(alice, contest=contest, microservice_submission_id=None)
    stuck.judgements.update(last_error="connection refused", attempts=4)
    Clarification.objects.create(
        contest=contest, from_participant=judged.participant, text="Is <n> positive?"
    )

    page = text_of(manager.get(url_of(contest)))

    assert "running" in page
    assert "connection refused" in page
    assert "Questions to answer (1)" in page
    assert "Is &lt;n&gt; positive?" in page
    assert ">alice</a>" in page
    assert "<strong>1</strong> wait to be handed over" in page
    for name in ("extend", "end", "freeze", "unpublish", "clone", "announce"):
        assert url_of(contest, name) in page
    # What is not possible now is not offered.
    for name in ("unfreeze", "finalize", "publish"):
        assert f'{url_of(contest, name)}"' not in page


def test_leads_to_the_public_scoreboard(manager: Client, contest: Contest) -> None:
    control = text_of(manager.get(url_of(contest)))
    change = manager.get(reverse("admin:contests_contest_change", args=[contest.pk]))

    assert f'href="/contests/{contest.pk}/scoreboard/"' in control
    assert "View on site" in text_of(change)
    shown = manager.get(change.context["absolute_url"], follow=True)
    assert shown.redirect_chain == [(f"http://testserver/contests/{contest.pk}/scoreboard/", 302)]
    assert "Winter cup" in text_of(shown)


def test_an_act_says_whom_it_affects_and_waits_for_a_yes(
    manager: Client, contest: Contest, judged: CodeSubmission
) -> None:
    asked = text_of(manager.get(url_of(contest, "freeze")))
    contest.refresh_from_db()
    assert "1 participants see a frozen board" in asked
    assert contest.freeze_time
    assert contest.freeze_time > timezone.now()
    assert text_of(manager.post(url_of(contest, "freeze")))  # without the yes
    contest.refresh_from_db()
    assert contest.freeze_time > timezone.now()

    done = manager.post(url_of(contest, "freeze"), {"confirmed": "yes"}, follow=True)

    contest.refresh_from_db()
    assert "The board is frozen." in text_of(done)
    assert contest.freeze_time <= timezone.now()
    assert AuditEntry.objects.get(act="contest.freeze").actor_name == "bob"


def test_extends_by_minutes(manager: Client, contest: Contest) -> None:
    wrong = manager.post(url_of(contest, "extend"), {"confirmed": "yes", "minutes": "0"})
    assert "greater than or equal to 1" in text_of(wrong)

    manager.post(url_of(contest, "extend"), {"confirmed": "yes", "minutes": "10"})

    old_end = contest.end_time
    contest.refresh_from_db()
    assert old_end
    assert contest.end_time == old_end + timedelta(minutes=10)


def test_ends_now_and_says_what_that_does_to_the_board(
    manager: Client, contest: Contest, judged: CodeSubmission
) -> None:
    ContestParticipant.objects.update(extra_time_s=600)
    asked = text_of(manager.get(url_of(contest, "end")))
    assert "1 participants submit no more; the end was to be at" in asked
    assert "Who has extra time goes on, the last until" in asked
    assert "is dropped: all verdicts stay shown" in asked

    done = manager.post(url_of(contest, "end"), {"confirmed": "yes"}, follow=True)

    contest.refresh_from_db()
    assert "The contest has ended." in text_of(done)
    assert contest.end_time
    assert contest.end_time <= timezone.now()
    assert AuditEntry.objects.get(act="contest.end").actor_name == "bob"


def test_clones_and_announces(manager: Client, contest: Contest, alice: User) -> None:
    manager.post(
        url_of(contest, "clone"),
        {
            "confirmed": "yes",
            "title": "Copy",
            "start_time_0": "2030-01-01",
            "start_time_1": "10:00",
        },
    )
    manager.post(url_of(contest, "announce"), {"confirmed": "yes", "text": "Welcome"})

    copy = Contest.objects.get(title="Copy")
    assert copy.start_time is not None
    assert copy.start_time.year == 2030
    said = Clarification.objects.get()
    assert (said.text, said.to_participant, said.author and said.author.username) == (
        "Welcome",
        None,
        "bob",
    )


def test_ends_unfreezes_and_finalises(
    manager: Client, contest: Contest, judged: CodeSubmission, alice: User
) -> None:
    now = timezone.now()
    Contest.objects.update(freeze_time=now - HOUR / 2, end_time=now - HOUR / 4)
    for name in ("unfreeze", "finalize"):
        manager.post(url_of(contest, name), {"confirmed": "yes"})

    contest.refresh_from_db()
    page = text_of(manager.get(url_of(contest)))

    assert contest.unfrozen_at is not None
    assert contest.finalized_at is not None
    assert "finalized" in page
    assert f'{url_of(contest, "unpublish")}"' not in page
    assert manager.get(url_of(contest, "unpublish")).status_code == 403
    edit = reverse("admin:contests_contest_change", args=[contest.pk])
    assert manager.post(edit, {"title": "Other"}).status_code == 403
    late = {"contest": contest.pk, "user": alice.pk, "kind": "official", "state": "registered"}
    added = manager.post(
        reverse("admin:contests_contestparticipant_add"), {**late, "extra_time_s": "0"}
    )
    assert "results are final" in text_of(added)


def test_a_refused_act_says_why(manager: Client, contest: Contest, judged: CodeSubmission) -> None:
    Contest.objects.update(end_time=timezone.now() - HOUR / 4, freeze_time=None)
    Judgement.objects.update(finished_at=None)

    done = manager.post(url_of(contest, "finalize"), {"confirmed": "yes"}, follow=True)

    assert "1 submissions are still being judged" in text_of(done)


def test_answers_a_question_to_all(
    manager: Client, contest: Contest, judged: CodeSubmission
) -> None:
    question = Clarification.objects.create(
        contest=contest, from_participant=judged.participant, text="Is n positive?"
    )
    url = reverse("admin:contests_clarification_answer", args=[question.pk])

    asked = text_of(manager.get(url))
    manager.post(url, {"confirmed": "yes", "text": "Yes.", "is_to_all": "on"})

    answer = question.replies.get()
    assert "Is n positive?" in asked
    assert (answer.text, answer.to_participant) == ("Yes.", None)
    listed = text_of(
        manager.get(reverse("admin:contests_clarification_changelist"), {"questions": "open"})
    )
    assert "0 clarifications" in listed


def test_rejudges_a_contest_from_counts_to_the_decision(
    manager: Client, contest: Contest, judged: CodeSubmission
) -> None:
    url = reverse("admin:contests_contest_rejudge", args=[contest.pk])
    asked = text_of(manager.get(url, {"problem": str(judged.problem_id)}))
    assert "1 submissions are judged once more" in asked

    page = text_of(manager.post(url, {"confirmed": "yes", "reason": "New test"}, follow=True))
    staged = Rejudging.objects.get()
    decide = reverse("admin:code_execution_rejudging_decide", args=[staged.pk, "apply"])
    assert "0 of 1 submissions are judged" in page
    assert decide not in page
    event = make_event(judged, submission_id=99, verdict="WA", test_results=[])
    deliver(event, message_id="evt-99")
    shown = text_of(manager.get(reverse("admin:code_execution_rejudging_change", args=[staged.pk])))
    assert "AC &rarr; <strong>WA</strong>" in shown
    assert decide in shown
    assert "for 1 of them it is another result" in text_of(manager.get(decide))
    manager.post(decide, {"confirmed": "yes"})

    judged.refresh_from_db()
    staged.refresh_from_db()
    assert (judged.verdict, staged.state) == ("WA", "applied")
    after = text_of(manager.get(reverse("admin:code_execution_rejudging_change", args=[staged.pk])))
    assert "AC &rarr; <strong>WA</strong>" in after
    own_page = text_of(
        manager.get(reverse("admin:code_execution_codesubmission_change", args=[judged.pk]))
    )
    assert f"Rejudging {staged.pk} (applied)" in own_page


def test_chosen_submissions_are_rejudged_and_cancelled(
    manager: Client, judged: CodeSubmission
) -> None:
    url = reverse("admin:code_execution_codesubmission_changelist")
    chosen = {"action": "rejudge", "_selected_action": [judged.pk]}
    assert "1 submissions are judged once more" in text_of(manager.post(url, chosen))

    manager.post(url, {**chosen, "confirmed": "yes", "reason": ""})
    staged = Rejudging.objects.get()
    decide = reverse("admin:code_execution_rejudging_decide", args=[staged.pk, "cancel"])
    assert "1 are not judged yet" in text_of(manager.get(decide))
    manager.post(decide, {"confirmed": "yes"})

    staged.refresh_from_db()
    assert staged.state == "cancelled"
    assert manager.post(decide, {"confirmed": "yes"}).status_code == 403


def test_disqualifies_with_a_reason_and_takes_it_back(
    manager: Client, contest: Contest, judged: CodeSubmission
) -> None:
    url = reverse("admin:contests_contestparticipant_changelist")
    chosen = {"action": "disqualify", "_selected_action": [judged.participant_id]}
    assert "1 participants will be out of the ranking" in text_of(manager.post(url, chosen))
    assert "This field is required" in text_of(manager.post(url, {**chosen, "confirmed": "yes"}))

    manager.post(url, {**chosen, "confirmed": "yes", "reason": "Copied"})

    participant = ContestParticipant.objects.get()
    assert (participant.state, participant.rank) == ("disqualified", None)
    assert participant.disqualification_reason == "Copied"
    manager.post(url, {**chosen, "action": "reinstate", "confirmed": "yes"})
    participant.refresh_from_db()
    assert (participant.state, participant.rank) == ("registered", 1)
    acts = set(AuditEntry.objects.values_list("act", flat=True))
    assert {"participant.disqualify", "participant.reinstate"} <= acts


def test_changing_a_contest_is_in_the_audit_trail_with_before_and_after(
    manager: Client, contest: Contest
) -> None:
    url = reverse("admin:contests_contest_change", args=[contest.pk])
    form = manager.get(url).context["adminform"].form
    data: dict[str, Any] = {"is_active": "on", "is_published": "on", "time_zone": "UTC"}
    for bound in form:
        value = bound.value()
        if bound.name.endswith(("_time", "_at")):
            data[f"{bound.name}_0"] = f"{value:%Y-%m-%d}" if value else ""
            data[f"{bound.name}_1"] = f"{value:%H:%M:%S.%f}" if value else ""
        elif value is not None and not isinstance(value, bool):
            data[bound.name] = value
    for prefix in ("contest_problems", "roles", "groups"):
        data |= {f"{prefix}-TOTAL_FORMS": "0", f"{prefix}-INITIAL_FORMS": "0"}
    data |= {"title": "Renamed", "format_config": "{}"}

    answer = manager.post(url, data)

    assert answer.status_code == 302, answer.context["errors"]
    entry = AuditEntry.objects.get(act="contest.change")
    assert (entry.before["title"], entry.after["title"]) == ("Winter cup", "Renamed")
    shown = text_of(manager.get(reverse("admin:audit_auditentry_change", args=[entry.pk])))
    assert "Winter cup" in shown
    assert "Renamed" in shown
