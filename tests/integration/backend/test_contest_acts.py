"""What managers do with a contest at large, by service and by API, with the audit trail."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from apps.audit.models import AuditEntry
from apps.code_execution import finalizing, rejudging
from apps.code_execution.models import CodeSubmission
from apps.contests.models import Contest, ContestParticipant, PublicStanding
from apps.contests.services import acts, contests
from apps.contests.services.rights import Rights
from apps.contests.timing import Phase
from apps.core.errors import ContestFinalError, ContestPhaseError, InvalidFieldsError
from apps.users.models import User
from tests.support.contests import make_contest, make_event, make_problem, make_submission
from tests.support.webhooks import deliver

pytestmark = pytest.mark.django_db
CONTESTS = "/api/code-execution/contests/"
HOUR = timedelta(hours=1)


def running(**fields: Any) -> Contest:
    """Make a contest in its second hour of five, with a freeze in its fifth."""
    now = timezone.now()
    times = {
        "start_time": now - HOUR,
        "freeze_time": now + 3 * HOUR,
        "end_time": now + 4 * HOUR,
    }
    return make_contest(**{"format": "icpc", "format_config": {}, **times, **fields})


def ended(**fields: Any) -> Contest:
    """Make a contest that has ended frozen."""
    now = timezone.now()
    times = {"start_time": now - 5 * HOUR, "freeze_time": now - 2 * HOUR, "end_time": now - HOUR}
    return running(**{**times, **fields})


def the_entry(act: str) -> AuditEntry:
    return AuditEntry.objects.get(act=act)


def accepted(user: User, contest: Contest, *, ago: timedelta, number: int = 7) -> CodeSubmission:
    problem = contest.problems.first() or make_problem(contest)
    submission = make_submission(
        user,
        contest=contest,
        problem=problem,
        microservice_submission_id=number,
        created_at=timezone.now() - ago,
    )
    deliver(make_event(submission), message_id=f"evt-{number}")
    return submission


class TestClone:
    """Copies."""

    def test_has_rules_problems_roles_and_groups_and_nobody_in_it(
        self, bob: User, alice: User, charlie: User
    ) -> None:
        contest = running(cooldown_s=5, access="code", access_code="secret")
        problem = make_problem(contest, points=70)
        contest.roles.create(user=charlie, role="judge")
        contest.groups.create(name="Guests", is_hidden=True)
        ContestParticipant.objects.create(contest=contest, user=alice)
        assert contest.start_time
        later = contest.start_time + timedelta(days=7)

        made = acts.clone(contest=contest, title=" Next cup ", start_time=later, actor=bob)

        assert (made.title, made.is_published, made.cooldown_s) == ("Next cup", False, 5)
        assert made.access_code == "secret"
        assert made.end_time == later + 5 * HOUR
        assert made.freeze_time == later + 4 * HOUR
        assert [(each.problem, each.points) for each in made.contest_problems.all()] == [
            (problem, 70)
        ]
        assert made.roles.get().user == charlie
        assert made.groups.get().is_hidden
        assert not made.participants.exists()
        assert the_entry("contest.clone").after["copy_of"]["contest"] == contest.pk

    def test_of_a_final_contest_is_not_final(self, bob: User) -> None:
        contest = ended(finalized_at=timezone.now(), unfrozen_at=timezone.now())

        made = acts.clone(contest=contest, title="Again", start_time=None, actor=bob)

        assert (made.finalized_at, made.unfrozen_at) == (None, None)

    @pytest.mark.parametrize("title", ["", " ", "x" * 201])
    def test_needs_a_title(self, bob: User, title: str) -> None:
        with pytest.raises(InvalidFieldsError):
            acts.clone(contest=running(), title=title, start_time=None, actor=bob)


def test_publishing_shows_it_and_back(bob: User, charlie: User) -> None:
    contest = running(is_published=False)

    acts.publish(contest=contest, is_published=True, actor=bob)

    assert contests.list_contests(Rights(charlie, timezone.now())).exists()
    entry = the_entry("contest.publish")
    assert (entry.before, entry.after) == ({"is_published": False}, {"is_published": True})
    assert (entry.actor, entry.contest_id) == (bob, contest.pk)
    acts.publish(contest=contest, is_published=False, actor=bob)
    assert not contests.list_contests(Rights(charlie, timezone.now())).exists()


class TestExtend:
    """Later ends."""

    def test_moves_the_end_and_the_freeze_to_come(self, bob: User) -> None:
        contest = running()

        changed = acts.extend(contest=contest, by=HOUR / 2, now=timezone.now(), actor=bob)

        assert contest.end_time
        assert contest.freeze_time
        assert changed.end_time == contest.end_time + HOUR / 2
        assert changed.freeze_time == contest.freeze_time + HOUR / 2
        assert set(the_entry("contest.extend").before) == {"end_time", "freeze_time"}

    def test_leaves_hidden_what_is_hidden(self, bob: User) -> None:
        contest = running(freeze_time=timezone.now() - HOUR / 2)

        changed = acts.extend(contest=contest, by=HOUR, now=timezone.now(), actor=bob)

        assert changed.freeze_time == contest.freeze_time

    @pytest.mark.parametrize("by", [timedelta(0), -HOUR, timedelta(days=8)])
    def test_by_a_sensible_time(self, bob: User, by: timedelta) -> None:
        with pytest.raises(InvalidFieldsError):
            acts.extend(contest=running(), by=by, now=timezone.now(), actor=bob)

    def test_is_too_late_after_the_end(self, bob: User) -> None:
        with pytest.raises(ContestPhaseError, match="has ended"):
            acts.extend(contest=ended(), by=HOUR, now=timezone.now(), actor=bob)

    def test_needs_an_end(self, bob: User) -> None:
        with pytest.raises(ContestPhaseError, match="no end"):
            acts.extend(contest=make_contest(), by=HOUR, now=timezone.now(), actor=bob)


class TestEnd:
    """Ends that come early."""

    def test_takes_no_more_and_keeps_what_is_hidden(self, bob: User, alice: User) -> None:
        contest = running(freeze_time=timezone.now() - HOUR / 2)
        accepted(alice, contest, ago=HOUR / 4)
        now = timezone.now()

        ended = acts.end(contest=contest, now=now, actor=bob)

        assert (ended.end_time, ended.schedule.phase(now)) == (now, Phase.ENDED)
        assert ended.freeze_time == contest.freeze_time
        assert PublicStanding.objects.get().final_score == 0
        assert list(the_entry("contest.end").after) == ["end_time"]

    def test_drops_a_freeze_that_has_not_come(self, bob: User, alice: User) -> None:
        contest = running()
        accepted(alice, contest, ago=HOUR / 4)
        now = timezone.now()

        ended = acts.end(contest=contest, now=now, actor=bob)

        assert ended.freeze_time is None
        assert ended.schedule.phase(now + 4 * HOUR) is Phase.ENDED
        assert PublicStanding.objects.get().final_score > 0
        assert the_entry("contest.end").before.keys() == {"end_time", "freeze_time"}

    def test_leaves_extra_time_to_who_has_it(self, bob: User, alice: User) -> None:
        contest = running()
        ContestParticipant.objects.create(contest=contest, user=alice, extra_time_s=600)
        now = timezone.now()

        acts.end(contest=contest, now=now, actor=bob)

        with pytest.raises(ContestPhaseError, match="Somebody still has time"):
            finalizing.finalize(contest=contest, now=now + timedelta(minutes=9), actor=bob)
        finalizing.finalize(contest=contest, now=now + timedelta(minutes=10), actor=bob)

    @pytest.mark.parametrize("by", [-2 * HOUR, 5 * HOUR])
    def test_only_of_one_that_runs(self, bob: User, by: timedelta) -> None:
        with pytest.raises(ContestPhaseError):
            acts.end(contest=running(), now=timezone.now() + by, actor=bob)

    def test_gives_an_end_to_one_without(self, bob: User) -> None:
        now = timezone.now()

        assert acts.end(contest=make_contest(), now=now, actor=bob).end_time == now


class TestFreeze:
    """What is hidden, and shown again."""

    def test_hides_what_comes_from_now_on(self, bob: User, alice: User, charlie: User) -> None:
        contest = running()
        accepted(alice, contest, ago=HOUR / 2, number=1)

        acts.freeze(contest=contest, now=timezone.now(), actor=bob)
        accepted(charlie, contest, ago=-HOUR / 2, number=2)

        scores = PublicStanding.objects.values_list("participant__user__username", "final_score")
        assert dict(scores) == {"alice": 1, "charlie": 0}
        assert contest.participants.get(user=charlie).final_score == 1

    def test_only_of_one_that_runs_unfrozen(self, bob: User) -> None:
        for contest in (ended(), running(start_time=timezone.now() + HOUR), running()):
            if contest.schedule.phase(timezone.now()) is Phase.RUNNING:
                acts.freeze(contest=contest, now=timezone.now(), actor=bob)
            with pytest.raises(ContestPhaseError):
                acts.freeze(contest=contest, now=timezone.now(), actor=bob)

    def test_unfreezing_after_the_end_shows_the_true_board(self, bob: User, alice: User) -> None:
        contest = ended()
        accepted(alice, contest, ago=3 * HOUR / 2)
        assert PublicStanding.objects.get().final_score == 0

        changed = acts.unfreeze(contest=contest, now=timezone.now(), actor=bob)

        assert PublicStanding.objects.get().final_score == 1
        assert changed.schedule.phase(timezone.now()) is Phase.UNFROZEN

    def test_nobody_unfreezes_while_somebody_has_time(self, bob: User, alice: User) -> None:
        contest = ended()
        ContestParticipant.objects.create(contest=contest, user=alice, extra_time_s=2 * 3600)

        with pytest.raises(ContestPhaseError, match="still has time"):
            acts.unfreeze(contest=contest, now=timezone.now(), actor=bob)
        with pytest.raises(ContestPhaseError, match="still has time"):
            acts.unfreeze(contest=running(), now=timezone.now(), actor=bob)

    def test_nothing_frozen_is_not_unfrozen(self, bob: User) -> None:
        with pytest.raises(ContestPhaseError, match="Nothing is frozen"):
            acts.unfreeze(contest=ended(freeze_time=None), now=timezone.now(), actor=bob)


class TestFinalize:
    """Final results."""

    def test_nothing_changes_afterwards(self, bob: User) -> None:
        contest = ended()

        final = finalizing.finalize(contest=contest, now=timezone.now(), actor=bob)

        assert final.schedule.phase(timezone.now()) is Phase.FINALIZED
        assert set(the_entry("contest.finalize").after) == {"finalized_at", "unfrozen_at"}
        now = timezone.now()
        refused: list[Callable[[], Contest]] = [
            partial(acts.extend, contest=contest, by=HOUR, now=now, actor=bob),
            partial(acts.freeze, contest=contest, now=now, actor=bob),
            partial(acts.unfreeze, contest=contest, now=now, actor=bob),
            partial(acts.publish, contest=contest, is_published=False, actor=bob),
            partial(acts.end, contest=contest, now=now, actor=bob),
            partial(acts.close, contest=contest, now=now, actor=bob),
            partial(finalizing.finalize, contest=contest, now=now, actor=bob),
            partial(
                contests.save_contest,
                contest=final,
                fields={},
                problems=None,
                rights=Rights(bob, now),
                actor=bob,
            ),
        ]
        for act in refused:
            with pytest.raises(ContestFinalError):
                act()

    def test_not_before_everything_is_judged(self, bob: User, alice: User) -> None:
        contest = ended()
        submission = make_submission(alice, contest=contest, problem=make_problem(contest))
        with pytest.raises(ContestPhaseError, match="1 submissions are still being judged"):
            finalizing.finalize(contest=contest, now=timezone.now(), actor=bob)

        deliver(make_event(submission))

        finalizing.finalize(contest=contest, now=timezone.now(), actor=bob)

    def test_not_while_a_result_is_our_fault(self, bob: User, alice: User, charlie: User) -> None:
        contest = ended()
        submission = accepted(alice, contest, ago=3 * HOUR)
        of_jury = accepted(charlie, contest, ago=3 * HOUR, number=8)
        contest.participants.filter(user=charlie).update(kind="jury")
        CodeSubmission.objects.filter(pk__in=[submission.pk, of_jury.pk]).update(verdict="IE")
        with pytest.raises(ContestPhaseError) as refusal:
            finalizing.finalize(contest=contest, now=timezone.now(), actor=bob)
        assert refusal.value.detail.startswith(
            f"1 submissions have an internal error for a verdict: {submission.pk}. Mend the cause"
        )

        submission.delete()

        finalizing.finalize(contest=contest, now=timezone.now(), actor=bob)

    def test_not_before_rejudgings_are_decided(self, bob: User, alice: User) -> None:
        contest = ended()
        accepted(alice, contest, ago=3 * HOUR)
        staged = rejudging.start(
            submissions=CodeSubmission.objects.filter(contest=contest), reason="", actor=bob
        )
        staged.judgements.update(finished_at=timezone.now())
        with pytest.raises(ContestPhaseError, match="rejudging"):
            finalizing.finalize(contest=contest, now=timezone.now(), actor=bob)

        rejudging.cancel(rejudging=staged, actor=bob)

        finalizing.finalize(contest=contest, now=timezone.now(), actor=bob)

    def test_not_before_the_end(self, bob: User) -> None:
        for contest in (running(), make_contest()):
            with pytest.raises(ContestPhaseError):
                finalizing.finalize(contest=contest, now=timezone.now(), actor=bob)


class TestApi:
    """The same acts, for who may."""

    ACTS: tuple[tuple[str, dict[str, Any]], ...] = (
        ("publish/", {}),
        ("unpublish/", {}),
        ("extend/", {"minutes": 10}),
        ("end/", {}),
        ("freeze/", {}),
        ("unfreeze/", {}),
        ("finalize/", {}),
    )

    @pytest.mark.parametrize(("path", "body"), ACTS)
    def test_is_for_the_contests_managers(
        self, as_charlie: APIClient, charlie: User, path: str, body: dict[str, Any]
    ) -> None:
        contest, other = running(), running(title="Other")
        other.roles.create(user=charlie, role="manager")
        url = f"{CONTESTS}{contest.pk}/{path}"
        assert as_charlie.post(url, body).status_code == 403
        role = contest.roles.create(user=charlie, role="judge")
        assert as_charlie.post(url, body).status_code == 403

        role.role = "manager"
        role.save()

        answer = as_charlie.post(url, body)
        assert answer.status_code in {200, 201, 409}, answer.content
        if answer.status_code == 409:
            assert answer.json()["detail"]

    def test_a_copy_is_for_who_makes_contests(
        self, as_charlie: APIClient, charlie: User, as_bob: APIClient
    ) -> None:
        contest = running()
        contest.roles.create(user=charlie, role="manager")
        url = f"{CONTESTS}{contest.pk}/clone/"

        assert as_charlie.post(url, {"title": "Copy"}).status_code == 403
        assert as_bob.post(url, {"title": "Copy"}).status_code == 201

    def test_extends(self, as_bob: APIClient) -> None:
        contest = running()

        answer = as_bob.post(f"{CONTESTS}{contest.pk}/extend/", {"minutes": 10})

        contest.refresh_from_db()
        assert answer.json()["id"] == contest.pk
        assert contest.end_time
        assert the_entry("contest.extend").contest_id == contest.pk
        assert contest.end_time - timezone.now() > 4 * HOUR + timedelta(minutes=9)

    @pytest.mark.parametrize("minutes", [0, -1, 10**9, "x", None])
    def test_refuses_an_extension_that_is_none(self, as_bob: APIClient, minutes: object) -> None:
        answer = as_bob.post(f"{CONTESTS}{running().pk}/extend/", {"minutes": minutes})

        assert answer.status_code == 400


class TestRejudgingsApi:
    """Rejudging over the API."""

    URL = "/api/code-execution/rejudgings/"

    def test_is_staged_compared_and_applied(self, as_bob: APIClient, alice: User) -> None:
        contest = ended()
        submission = accepted(alice, contest, ago=3 * HOUR)

        made = as_bob.post(self.URL, {"contest": contest.pk, "reason": "New tests"})
        rejudging_id = made.json()["id"]
        early = as_bob.post(f"{self.URL}{rejudging_id}/apply/")
        event = make_event(submission, submission_id=99, verdict="WA", test_results=[])
        deliver(event, message_id="evt-99")
        shown = as_bob.get(f"{self.URL}{rejudging_id}/").json()
        applied = as_bob.post(f"{self.URL}{rejudging_id}/apply/")

        assert (made.status_code, early.status_code, applied.status_code) == (201, 400, 200)
        assert shown["state"] == "ready"
        assert shown["comparison"]["transitions"] == [{"old": "AC", "new": "WA", "count": 1}]
        assert shown["comparison"]["affected"][0]["new_score"] == 0
        submission.refresh_from_db()
        assert (applied.json()["state"], submission.verdict) == ("applied", "WA")
        assert [each["id"] for each in as_bob.get(self.URL).json()["results"]] == [rejudging_id]

    def test_is_cancelled(self, as_bob: APIClient, alice: User) -> None:
        submission = accepted(alice, ended(), ago=3 * HOUR)
        made = as_bob.post(self.URL, {"submissions": [submission.pk]})

        assert as_bob.post(f"{self.URL}{made.json()['id']}/cancel/").json()["state"] == "cancelled"

    def test_judges_have_those_of_their_contests(
        self, as_charlie: APIClient, as_alice: APIClient, alice: User, bob: User, charlie: User
    ) -> None:
        contest, other = ended(), ended(title="Other")
        accepted(alice, contest, ago=3 * HOUR, number=1)
        accepted(alice, other, ago=3 * HOUR, number=2)
        foreign = rejudging.start(
            submissions=CodeSubmission.objects.filter(contest=other), reason="", actor=bob
        )
        contest.roles.create(user=charlie, role="judge")

        assert as_charlie.post(self.URL, {"contest": other.pk}).status_code == 400
        assert as_charlie.post(self.URL, {"contest": contest.pk}).status_code == 201
        for path in ("", "apply/", "cancel/"):
            answer = as_charlie.post if path else as_charlie.get
            assert answer(f"{self.URL}{foreign.pk}/{path}").status_code == 404
        assert as_alice.get(self.URL).status_code == 403
        assert as_alice.post(self.URL, {"contest": contest.pk}).status_code == 403

    @pytest.mark.parametrize(
        "body", [{}, {"contest": "x"}, {"submissions": list(range(1, 1002))}, {"contest": 2**70}]
    )
    def test_asks_for_a_scope(self, as_bob: APIClient, body: dict[str, Any]) -> None:
        assert as_bob.post(self.URL, body).status_code == 400

    @pytest.mark.parametrize("text", ["x", "0", "9" * 30])
    def test_knows_no_odd_ids(self, as_bob: APIClient, text: str) -> None:
        assert as_bob.get(f"{self.URL}{text}/").status_code == 404
