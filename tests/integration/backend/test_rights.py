"""Who somebody is in a contest, and that lists agree with the policy of visibility."""

from datetime import timedelta
from itertools import product
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.utils import timezone

from apps.contests.models import Contest, ContestParticipant, ContestRole
from apps.contests.services.rights import Rights, managed_contests, viewer_of
from apps.contests.visibility import Standpoint
from apps.users.models import User
from tests.support.contests import make_contest
from tests.support.people import make_manager, make_user

pytestmark = pytest.mark.django_db
Kind = ContestParticipant.Kind
State = ContestParticipant.State
Role = ContestRole.Role
NOW = timezone.now()
HOUR = timedelta(hours=1)


def standpoint(user: User | AnonymousUser, contest: Contest) -> Standpoint:
    return viewer_of(user, contest, NOW).standpoint


class TestWhoSomebodyIs:
    """Global managers manage every contest, others those in which they have a role."""

    def test_nobody_and_a_stranger_are_told_apart(self, alice: User) -> None:
        contest = make_contest()

        assert standpoint(AnonymousUser(), contest) is Standpoint.ANONYMOUS
        assert standpoint(alice, contest) is Standpoint.STRANGER

    def test_a_superuser_and_a_contest_manager_manage_every_contest(self, bob: User) -> None:
        contest = make_contest()
        root = make_user("root", is_superuser=True)

        assert standpoint(bob, contest) is standpoint(root, contest) is Standpoint.MANAGER
        assert list(managed_contests(bob, NOW)) == [contest]

    @pytest.mark.parametrize("role", Role.values)
    def test_a_role_holds_in_its_contest_only(self, alice: User, role: str) -> None:
        here, elsewhere = make_contest(), make_contest()
        ContestRole.objects.create(contest=here, user=alice, role=role)
        rights = Rights(alice, NOW)

        assert standpoint(alice, here) == role
        assert standpoint(alice, elsewhere) is Standpoint.STRANGER
        assert list(rights.managed_contests()) == ([here] if role == Role.MANAGER else [])
        assert list(rights.judged_contests()) == ([here] if role != Role.TESTER else [])
        assert rights.is_jury_somewhere is (role != Role.TESTER)

    def test_members_of_a_team_take_part(self, alice: User, charlie: User) -> None:
        contest = make_contest()
        team = ContestParticipant.objects.create(contest=contest, user=alice, is_team=True)
        team.members.add(charlie)

        viewer = viewer_of(charlie, contest, NOW)

        assert viewer.standpoint is Standpoint.PARTICIPANT
        assert viewer.participant_ids == {team.pk}

    def test_who_waits_for_a_place_is_still_a_stranger(self, alice: User) -> None:
        contest = make_contest()
        ContestParticipant.objects.create(contest=contest, user=alice, state=State.WAITING)

        assert standpoint(alice, contest) is Standpoint.STRANGER

    def test_a_participant_who_judges_is_a_judge(self, alice: User) -> None:
        contest = make_contest()
        ContestParticipant.objects.create(contest=contest, user=alice)
        ContestRole.objects.create(contest=contest, user=alice, role=Role.JUDGE)

        assert standpoint(alice, contest) is Standpoint.JUDGE


class TestListsAgreeWithThePolicy:
    """What a query gives is what the policy allows, contest by contest."""

    RULES: tuple[dict[str, Any], ...] = (
        {},
        {"is_published": False},
        {"is_active": False},
        {"start_time": NOW + HOUR},
        {"start_time": NOW - HOUR, "end_time": NOW},
        {"start_time": NOW - HOUR, "end_time": NOW + HOUR, "window_minutes": 30},
        {"start_time": NOW - 3 * HOUR, "end_time": NOW - HOUR, "window_minutes": 30},
        {"finalized_at": NOW - HOUR, "window_minutes": 30},
        {"finalized_at": NOW - HOUR, "start_time": NOW + HOUR},
    )
    PARTICIPATIONS: tuple[dict[str, Any] | None, ...] = (
        None,
        {},
        {"state": State.WAITING},
        {"state": State.WAITING, "started_at": NOW - HOUR},
        {"started_at": NOW - HOUR},
        {"started_at": NOW + HOUR},
        {"kind": Kind.VIRTUAL, "started_at": NOW - HOUR},
        {"kind": Kind.VIRTUAL},
    )

    @pytest.fixture
    def contests(self, alice: User) -> list[Contest]:
        """Contests of every kind, in which alice takes part in every way."""
        made = []
        for rules, access, participation in product(
            self.RULES, Contest.Access.values, self.PARTICIPATIONS
        ):
            contest = make_contest(access=access, **rules)
            if participation is not None:
                ContestParticipant.objects.create(contest=contest, user=alice, **participation)
            made.append(contest)
        return made

    @pytest.mark.parametrize("role", [None, *Role.values])
    def test_of_a_user(self, alice: User, contests: list[Contest], role: str | None) -> None:
        if role is not None:
            ContestRole.objects.bulk_create(
                ContestRole(contest=each, user=alice, role=role) for each in contests[::2]
            )
        self.check(alice, contests)

    def test_of_nobody(self, contests: list[Contest]) -> None:
        self.check(AnonymousUser(), contests)

    def test_of_a_manager_of_all(self, contests: list[Contest]) -> None:
        self.check(make_manager("bob"), contests)

    def check(self, user: User | AnonymousUser, contests: list[Contest]) -> None:
        rights = Rights(user, NOW)
        policies = {each.pk: rights.visibility(each) for each in contests}
        listed = {
            "contests": rights.visible_contests(),
            "problems": rights.contests_with_open_problems(),
            "managed": rights.managed_contests(),
            "judged": rights.judged_contests(),
        }
        allowed = {
            "contests": [pk for pk, policy in policies.items() if policy.may_see_contest],
            "problems": [pk for pk, policy in policies.items() if policy.may_see_problems],
            "managed": [pk for pk, policy in policies.items() if policy.may_manage],
            "judged": [pk for pk, policy in policies.items() if policy.may_judge],
        }
        for name, rows in listed.items():
            assert sorted(rows.values_list("pk", flat=True)) == allowed[name], name


def test_one_request_reads_who_somebody_is_once(
    alice: User, django_assert_max_num_queries: Any
) -> None:
    contests = [make_contest() for _ in range(5)]
    for contest in contests:
        ContestParticipant.objects.create(contest=contest, user=alice)
    rights = Rights(alice, NOW)

    # The groups, the teams, the participations, the roles.
    with django_assert_max_num_queries(4):
        policies = [rights.visibility(contest) for contest in contests]

    assert all(policy.takes_part for policy in policies)
