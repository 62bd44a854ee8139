"""Who may see what of a contest: before, while and after it runs, frozen and unfrozen."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.contests.models import Contest, ContestRole
from apps.contests.timing import Schedule, Window
from apps.contests.visibility import (
    JURY,
    STAFF,
    Access,
    BoardAccess,
    Detail,
    Feedback,
    Participation,
    Standpoint,
    Submitted,
    Viewer,
    Visibility,
)

HOUR = timedelta(hours=1)
START = datetime(2026, 1, 1, tzinfo=UTC)
CUP = Schedule(is_active=True, start=START, end=START + 5 * HOUR, freeze=START + 4 * HOUR)
BEFORE, RUNNING, FROZEN, ENDED = (START + hours * HOUR for hours in (-1, 1, 4.5, 6))
ALICE, CHARLIE = 1, 3
ALICES, CHARLIES = 11, 13
WINDOW = Window(start=START, end=START + 5 * HOUR)
STRANGERS = (Standpoint.ANONYMOUS, Standpoint.STRANGER)

ALICE_TAKES_PART = Viewer(
    standpoint=Standpoint.PARTICIPANT,
    user_id=ALICE,
    participations=(Participation(id=ALICES, window=WINDOW),),
)
EARLY = Submitted(user_id=CHARLIE, participant_id=CHARLIES, at=HOUR)
LATE = replace(EARLY, at=4 * HOUR)
OWN_LATE = Submitted(user_id=ALICE, participant_id=ALICES, at=4 * HOUR)


def viewer(standpoint: Standpoint) -> Viewer:
    if standpoint is Standpoint.PARTICIPANT:
        return ALICE_TAKES_PART
    return Viewer(
        standpoint=standpoint,
        user_id=None if standpoint is Standpoint.ANONYMOUS else ALICE,
    )


def visibility(
    standpoint: Standpoint = Standpoint.PARTICIPANT, now: datetime = RUNNING, **facts: object
) -> Visibility:
    usual = Visibility(
        schedule=CUP,
        freeze_after=4 * HOUR,
        is_published=True,
        access=Access.OPEN,
        board_access=BoardAccess.PUBLIC,
        feedback=Feedback.FULL,
        viewer=viewer(standpoint),
        now=now,
    )
    return replace(usual, **facts)  # type: ignore[arg-type]  # named by each test


def test_the_rules_have_the_values_of_the_database() -> None:
    assert set(Access) == set(Contest.Access.values)
    assert set(Feedback) == set(Contest.Feedback.values)
    assert set(BoardAccess) == set(Contest.BoardAccess.values)
    assert set(ContestRole.Role.values) == set(STAFF)


class TestContest:
    """Who may know of a contest."""

    @pytest.mark.parametrize("standpoint", Standpoint)
    def test_one_that_is_not_published_is_for_its_staff(self, standpoint: Standpoint) -> None:
        assert visibility(standpoint, is_published=False).may_see_contest is (standpoint in STAFF)

    @pytest.mark.parametrize("standpoint", Standpoint)
    def test_a_private_one_is_for_its_list_and_staff(self, standpoint: Standpoint) -> None:
        may_see = visibility(standpoint, access=Access.PRIVATE).may_see_contest

        assert may_see is (standpoint not in STRANGERS)

    @pytest.mark.parametrize("access", [Access.OPEN, Access.CODE])
    @pytest.mark.parametrize("standpoint", Standpoint)
    def test_everybody_may_know_of_others(self, standpoint: Standpoint, access: Access) -> None:
        assert visibility(standpoint, access=access).may_see_contest

    @pytest.mark.parametrize("standpoint", Standpoint)
    def test_managers_change_it_and_judges_judge(self, standpoint: Standpoint) -> None:
        policy = visibility(standpoint)

        assert policy.may_manage is (standpoint is Standpoint.MANAGER)
        assert policy.may_judge is (standpoint in JURY)


class TestProblems:
    """Who reads the problems."""

    @pytest.mark.parametrize("standpoint", Standpoint)
    def test_before_the_start_only_staff_does(self, standpoint: Standpoint) -> None:
        assert visibility(standpoint, BEFORE).may_see_problems is (standpoint in STAFF)

    @pytest.mark.parametrize("standpoint", Standpoint)
    def test_of_one_switched_off_only_staff_does(self, standpoint: Standpoint) -> None:
        policy = visibility(standpoint, schedule=replace(CUP, is_active=False))

        assert policy.may_see_problems is (standpoint in STAFF)

    @pytest.mark.parametrize(
        ("access", "is_seen_by_strangers"), [(Access.OPEN, True), (Access.CODE, False)]
    )
    def test_strangers_read_what_they_could_enter(
        self, access: Access, *, is_seen_by_strangers: bool
    ) -> None:
        stranger = visibility(Standpoint.STRANGER, access=access)

        assert stranger.may_see_problems is is_seen_by_strangers
        assert visibility(access=access).may_see_problems
        assert replace(stranger, now=ENDED).may_see_problems

    def test_one_who_waits_for_a_place_reads_what_strangers_do(self) -> None:
        waiting = Participation(id=ALICES, window=WINDOW, is_admitted=False)
        on_the_list = Viewer(
            standpoint=Standpoint.STRANGER, user_id=ALICE, participations=(waiting,)
        )
        policy = visibility(viewer=on_the_list, access=Access.PRIVATE)

        assert policy.may_see_contest
        assert not policy.may_see_problems
        assert not policy.may_ask

    @pytest.mark.parametrize(
        ("own_start", "may_see"), [(None, False), (RUNNING + HOUR, False), (RUNNING, True)]
    )
    def test_with_own_windows_each_sees_them_from_the_own_start(
        self, own_start: datetime | None, *, may_see: bool
    ) -> None:
        window = own_start and Window(start=own_start, end=own_start + HOUR)
        alice = replace(
            ALICE_TAKES_PART, participations=(Participation(id=ALICES, window=window or None),)
        )
        policy = visibility(viewer=alice, schedule=replace(CUP, window=HOUR))

        assert policy.may_see_problems is may_see
        assert not visibility(Standpoint.STRANGER, schedule=policy.schedule).may_see_problems


class TestBoard:
    """Who sees which scoreboard."""

    @pytest.mark.parametrize(
        ("access", "readers"),
        [
            (BoardAccess.PUBLIC, set(Standpoint)),
            (BoardAccess.PARTICIPANTS, {*STAFF, Standpoint.PARTICIPANT}),
            (BoardAccess.JURY, JURY),
        ],
    )
    def test_while_it_runs_the_contest_says_who(
        self, access: BoardAccess, readers: set[Standpoint]
    ) -> None:
        policies = {each: visibility(each, board_access=access) for each in Standpoint}

        assert {each for each, policy in policies.items() if policy.may_see_board} == readers
        assert all(replace(policy, now=ENDED).may_see_board for policy in policies.values())

    @pytest.mark.parametrize("standpoint", Standpoint)
    def test_none_tells_participants_what_their_feedback_does_not(
        self, standpoint: Standpoint
    ) -> None:
        policy = visibility(standpoint, feedback=Feedback.SAMPLES)

        assert policy.may_see_board is policy.may_see_statistics is (standpoint in JURY)

    @pytest.mark.parametrize("now", [FROZEN, ENDED])
    @pytest.mark.parametrize("standpoint", Standpoint)
    def test_the_true_one_is_for_the_jury_until_it_is_unfrozen(
        self, standpoint: Standpoint, now: datetime
    ) -> None:
        policy = visibility(standpoint, now)

        assert policy.sees_true_board is (standpoint in JURY)
        assert replace(policy, schedule=replace(CUP, unfrozen=ENDED)).sees_true_board
        assert replace(policy, schedule=replace(CUP, finalized=ENDED)).sees_true_board
        assert replace(policy, freeze_after=None).sees_true_board


class TestSubmissions:
    """How much of a submission is seen."""

    @pytest.mark.parametrize("standpoint", JURY)
    @pytest.mark.parametrize("now", [RUNNING, FROZEN, ENDED])
    def test_the_jury_sees_everything(self, standpoint: Standpoint, now: datetime) -> None:
        policy = visibility(standpoint, now)

        assert policy.detail_of(LATE) is Detail.EVERYTHING
        assert policy.may_see_code(LATE)

    @pytest.mark.parametrize(
        ("feedback", "detail"),
        [
            (Feedback.FULL, Detail.TESTS),
            (Feedback.VERDICT, Detail.VERDICT),
            (Feedback.SAMPLES, Detail.SAMPLES),
        ],
    )
    @pytest.mark.parametrize("now", [RUNNING, FROZEN])
    def test_one_sees_of_the_own_what_the_feedback_allows(
        self, feedback: Feedback, detail: Detail, now: datetime
    ) -> None:
        policy = visibility(now=now, feedback=feedback)

        assert policy.detail_of(OWN_LATE) is detail
        assert policy.may_see_code(OWN_LATE)
        assert policy.detail_of(replace(OWN_LATE, counts=False)) is Detail.TESTS
        assert replace(policy, now=ENDED).detail_of(OWN_LATE) is Detail.TESTS

    def test_who_has_extra_time_does_not_learn_more_before_their_own_end(self) -> None:
        window = Window(start=START, end=ENDED + HOUR)
        alice = replace(ALICE_TAKES_PART, participations=(Participation(id=ALICES, window=window),))
        policy = visibility(now=ENDED, viewer=alice, feedback=Feedback.SAMPLES)

        assert policy.detail_of(OWN_LATE) is Detail.SAMPLES
        assert replace(policy, now=ENDED + HOUR).detail_of(OWN_LATE) is Detail.TESTS

    @pytest.mark.parametrize("standpoint", set(Standpoint) - JURY)
    @pytest.mark.parametrize(
        ("now", "early", "late"),
        [
            (RUNNING, Detail.EXISTS, Detail.EXISTS),
            (FROZEN, Detail.EXISTS, Detail.EXISTS),
            (ENDED, Detail.VERDICT, Detail.EXISTS),
        ],
    )
    def test_others_see_verdicts_after_the_end_unless_they_are_frozen(
        self, standpoint: Standpoint, now: datetime, early: Detail, late: Detail
    ) -> None:
        policy = visibility(standpoint, now)
        unfrozen = replace(policy, schedule=replace(CUP, unfrozen=ENDED))

        assert policy.detail_of(EARLY) is early
        assert policy.detail_of(LATE) is late
        assert unfrozen.detail_of(LATE) is early
        assert not policy.may_see_code(EARLY)
        assert not unfrozen.may_see_code(LATE)

    @pytest.mark.parametrize("standpoint", set(Standpoint) - JURY)
    @pytest.mark.parametrize("hidden", [{"counts": False}, {"is_on_board": False}], ids=str)
    def test_practice_and_testers_are_nobodys_business(
        self, standpoint: Standpoint, hidden: dict[str, bool]
    ) -> None:
        foreign = replace(EARLY, **hidden)  # type: ignore[arg-type]  # flags

        assert visibility(standpoint, ENDED).detail_of(foreign) is Detail.NONE

    def test_a_member_sees_what_the_team_handed_in(self) -> None:
        by_a_team_mate = replace(OWN_LATE, user_id=CHARLIE)

        assert visibility().detail_of(by_a_team_mate) is Detail.TESTS
        assert visibility().may_see_code(by_a_team_mate)

    def test_nobody_is_taken_for_the_owner_of_what_has_none(self) -> None:
        nobodys = Submitted(user_id=CHARLIE, at=HOUR, counts=False)

        assert visibility(Standpoint.ANONYMOUS).detail_of(nobodys) is Detail.NONE
        assert visibility(Standpoint.STRANGER).detail_of(nobodys) is Detail.NONE


class TestClarifications:
    """Who reads what jury and participants say to each other."""

    @pytest.mark.parametrize("standpoint", Standpoint)
    def test_a_question_is_for_its_asker_and_the_jury(self, standpoint: Standpoint) -> None:
        policy = visibility(standpoint)
        charlies = policy.may_see_clarification(
            from_participant_id=CHARLIES, to_participant_id=None
        )
        alices = policy.may_see_clarification(from_participant_id=ALICES, to_participant_id=None)

        assert charlies is (standpoint in JURY)
        assert alices is (standpoint in {*JURY, Standpoint.PARTICIPANT})

    def test_an_answer_is_for_whom_it_was_given(self) -> None:
        policy = visibility()

        assert policy.may_see_clarification(from_participant_id=None, to_participant_id=ALICES)
        assert not policy.may_see_clarification(
            from_participant_id=None, to_participant_id=CHARLIES
        )

    def test_before_the_start_participants_read_announcements_and_strangers_do_not(self) -> None:
        def may_read(standpoint: Standpoint, now: datetime) -> bool:
            return visibility(standpoint, now).may_see_clarification(
                from_participant_id=None, to_participant_id=None
            )

        assert may_read(Standpoint.PARTICIPANT, BEFORE)
        assert not may_read(Standpoint.STRANGER, BEFORE)
        assert may_read(Standpoint.STRANGER, RUNNING)

    @pytest.mark.parametrize("standpoint", Standpoint)
    def test_participants_ask(self, standpoint: Standpoint) -> None:
        assert visibility(standpoint).may_ask is (standpoint is Standpoint.PARTICIPANT)

    def test_nobody_asks_when_it_is_final_or_switched_off(self) -> None:
        assert not visibility(now=ENDED, schedule=replace(CUP, finalized=ENDED)).may_ask
        assert not visibility(schedule=replace(CUP, is_active=False)).may_ask


MINUTES = st.integers(min_value=-60, max_value=600).map(lambda minute: timedelta(minutes=minute))
MOMENTS = MINUTES.map(lambda after: START + after)
POLICIES = st.builds(
    Visibility,
    schedule=st.builds(
        Schedule,
        is_active=st.booleans(),
        start=st.just(START),
        end=st.none() | st.just(START + 5 * HOUR),
        freeze=st.just(START + 4 * HOUR),
        unfrozen=st.none() | st.just(ENDED),
        finalized=st.none() | st.just(ENDED),
        window=st.none() | st.just(HOUR),
    ),
    freeze_after=st.none() | st.just(4 * HOUR),
    is_published=st.booleans(),
    access=st.sampled_from(Access),
    board_access=st.sampled_from(BoardAccess),
    feedback=st.sampled_from(Feedback),
    viewer=st.sampled_from([viewer(each) for each in Standpoint]),
    now=MOMENTS,
)
SUBMITTED = st.builds(
    Submitted,
    user_id=st.sampled_from([ALICE, CHARLIE]),
    participant_id=st.sampled_from([None, ALICES, CHARLIES]),
    at=st.none() | MINUTES,
    counts=st.booleans(),
    is_on_board=st.booleans(),
)


@given(POLICIES, SUBMITTED)
def test_nobody_but_the_jury_sees_a_frozen_verdict_of_others(
    policy: Visibility, submitted: Submitted
) -> None:
    is_secret = policy.hides(submitted.at) and not policy.is_own(submitted)

    if is_secret and not policy.may_judge:
        assert policy.detail_of(submitted) <= Detail.EXISTS
        assert not policy.sees_true_board


@given(POLICIES, SUBMITTED)
def test_who_does_not_know_of_a_contest_sees_nothing_that_is_not_their_own(
    policy: Visibility, submitted: Submitted
) -> None:
    if policy.may_see_contest:
        return
    assert not any((policy.may_see_problems, policy.may_see_board, policy.may_see_statistics))
    assert not any((policy.may_manage, policy.may_judge, policy.may_ask))
    assert policy.is_own(submitted) or policy.detail_of(submitted) is Detail.NONE
    assert not policy.may_see_clarification(from_participant_id=None, to_participant_id=None)


@given(POLICIES, SUBMITTED)
def test_others_programs_and_what_is_for_the_jury_stay_with_the_jury(
    policy: Visibility, submitted: Submitted
) -> None:
    is_allowed = policy.may_judge or policy.is_own(submitted)

    assert policy.may_see_code(submitted) is is_allowed
    assert (policy.detail_of(submitted) is Detail.EVERYTHING) is policy.may_judge
    if not is_allowed:
        assert policy.detail_of(submitted) <= Detail.VERDICT


@given(POLICIES, SUBMITTED)
def test_a_later_moment_never_takes_away_what_was_seen(
    policy: Visibility, submitted: Submitted
) -> None:
    later = replace(policy, now=policy.now + 24 * HOUR)

    assert later.detail_of(submitted) >= policy.detail_of(submitted)
    assert later.may_see_problems >= policy.may_see_problems
