"""Who may see what of a contest: one policy, pure, that every API, page, push and export asks.

It follows from the contest's rules, who looks, and the clock; never from a result that is hidden.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum

from apps.contests.timing import Phase, Schedule, Window


class Standpoint(StrEnum):
    """From where somebody looks at a contest."""

    ANONYMOUS = "anonymous"
    STRANGER = "stranger"
    PARTICIPANT = "participant"
    TESTER = "tester"
    JUDGE = "judge"
    MANAGER = "manager"


JURY = frozenset({Standpoint.JUDGE, Standpoint.MANAGER})
STAFF = JURY | {Standpoint.TESTER}


class Access(StrEnum):
    """Who may enter by themselves; the values are the database's."""

    OPEN = "open"
    CODE = "code"
    PRIVATE = "private"


class Feedback(StrEnum):
    """What participants see of their own results while the contest runs."""

    FULL = "full"
    VERDICT = "verdict"
    SAMPLES = "samples"


class BoardAccess(StrEnum):
    """Who sees the scoreboard while the contest runs."""

    PUBLIC = "public"
    PARTICIPANTS = "participants"
    JURY = "jury"


class Detail(IntEnum):
    """How much of a submission somebody may see; each includes those before it.

    `EXISTS` is who tried which problem when. `SAMPLES` are the results of the samples, `TESTS` the
    verdicts of all tests. `EVERYTHING` has what is for the jury only, such as judges' messages.
    """

    NONE = 0
    EXISTS = 1
    SAMPLES = 2
    VERDICT = 3
    TESTS = 4
    EVERYTHING = 5


OWN_DETAIL = {
    Feedback.FULL: Detail.TESTS,
    Feedback.VERDICT: Detail.VERDICT,
    Feedback.SAMPLES: Detail.SAMPLES,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Participation:
    """One participation of a viewer.

    `window` is when it submits so that it counts: `None` for one that never does, or whose own
    clock has not been started. One on the waiting list is not admitted.
    """

    id: int
    window: Window | None
    is_admitted: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewer:
    """Who looks at a contest."""

    standpoint: Standpoint
    user_id: int | None = None
    participations: tuple[Participation, ...] = ()

    @property
    def participant_ids(self) -> frozenset[int]:
        """The ids of all their participations."""
        return frozenset(each.id for each in self.participations)


@dataclass(frozen=True, slots=True, kw_only=True)
class Submitted:
    """Whose a submission is and when it came, by the clock of its participant.

    `counts` is false for practice, trial runs and the like. Who is not `is_on_board`, such as a
    tester, is nobody's business but the jury's.
    """

    user_id: int
    participant_id: int | None = None
    at: timedelta | None = None
    counts: bool = True
    is_on_board: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Visibility:
    """What one viewer may see of one contest at one moment.

    `freeze_after` is on the participants' own clocks: verdicts on what came then or later are
    hidden from others until the contest is unfrozen.
    """

    schedule: Schedule
    freeze_after: timedelta | None
    is_published: bool
    access: Access
    board_access: BoardAccess
    feedback: Feedback
    viewer: Viewer
    now: datetime

    @property
    def phase(self) -> Phase:
        """Where the contest is in its life."""
        return self.schedule.phase(self.now)

    @property
    def is_over(self) -> bool:
        """Whether the contest has ended, be it that somebody with extra time goes on."""
        return self.schedule.has_ended(self.now) or self.schedule.finalized is not None

    @property
    def may_manage(self) -> bool:
        """Whether they may change the contest."""
        return self.viewer.standpoint is Standpoint.MANAGER

    @property
    def may_judge(self) -> bool:
        """Whether they see everything, answer questions and have submissions judged again."""
        return self.viewer.standpoint in JURY

    @property
    def takes_part(self) -> bool:
        """Whether they are in, and not just on the waiting list."""
        return any(each.is_admitted for each in self.viewer.participations)

    @property
    def may_see_contest(self) -> bool:
        """Whether they may know that there is such a contest."""
        if self.viewer.standpoint in STAFF:
            return True
        is_known = self.access is not Access.PRIVATE or bool(self.viewer.participations)
        return self.is_published and is_known

    @property
    def may_see_problems(self) -> bool:
        """Whether they may read the statements and samples, and know which problems there are.

        Where everybody has an own window, only participants whose clock runs see them before the
        end: another one is yet to start.
        """
        if self.viewer.standpoint in STAFF:
            return True
        is_open = self.schedule.is_active and self.schedule.has_started(self.now)
        if not (self.may_see_contest and is_open):
            return False
        if self.is_over:
            return True
        if self.schedule.window is not None:
            return any(self._has_begun(each) for each in self.viewer.participations)
        return self.takes_part or self.access is Access.OPEN

    @property
    def may_see_board(self) -> bool:
        """Whether they may see the scoreboard, true or frozen.

        While participants see their samples only, a board would tell them the rest.
        """
        if self.may_judge:
            return True
        if not self.may_see_contest:
            return False
        if self.is_over:
            return True
        if self.feedback is Feedback.SAMPLES or self.board_access is BoardAccess.JURY:
            return False
        is_inside = self.takes_part or self.viewer.standpoint is Standpoint.TESTER
        return self.board_access is BoardAccess.PUBLIC or is_inside

    @property
    def sees_true_board(self) -> bool:
        """Whether the board that they may see is the one without a freeze."""
        return self.may_see_board and (self.may_judge or not self._has_hidden)

    @property
    def may_see_statistics(self) -> bool:
        """Whether they may see how often problems were tried and, as far as known, solved."""
        return self.may_see_board and self.may_see_problems

    @property
    def may_ask(self) -> bool:
        """Whether they may send the jury a question."""
        is_live = self.phase not in {Phase.INACTIVE, Phase.FINALIZED}
        return self.may_see_contest and self.takes_part and is_live

    def detail_of(self, submitted: Submitted) -> Detail:
        """Say how much of a submission they may see."""
        if self.may_judge:
            return Detail.EVERYTHING
        if self.is_own(submitted):
            return self._own_detail(submitted)
        if not (submitted.counts and submitted.is_on_board and self.may_see_board):
            return Detail.NONE
        is_public = self.is_over and not self.hides(submitted.at)
        return Detail.VERDICT if is_public else Detail.EXISTS

    def may_see_code(self, submitted: Submitted) -> bool:
        """Tell whether they may read the program: their own, and the jury any."""
        return self.may_judge or self.is_own(submitted)

    def is_own(self, submitted: Submitted) -> bool:
        """Tell whether they, or their team, handed it in."""
        is_theirs = submitted.participant_id in self.viewer.participant_ids
        return is_theirs or submitted.user_id == self.viewer.user_id

    def hides(self, at: timedelta | None) -> bool:
        """Tell whether the freeze hides a verdict on what came then from others."""
        return self._has_hidden and (at is None or self._is_frozen_at(at))

    def may_see_clarification(
        self, *, from_participant_id: int | None, to_participant_id: int | None
    ) -> bool:
        """Tell whether they may read a question, an answer or an announcement.

        Questions are for their asker and the jury. What the jury says to all is for participants,
        and for whoever may read the problems that it is about.
        """
        if self.may_judge:
            return True
        if not self.may_see_contest:
            return False
        party = from_participant_id or to_participant_id
        if party is not None:
            return party in self.viewer.participant_ids
        return self.takes_part or self.may_see_problems

    @property
    def _has_hidden(self) -> bool:
        is_open = self.schedule.unfrozen is not None or self.schedule.finalized is not None
        return self.freeze_after is not None and not is_open

    def _is_frozen_at(self, at: timedelta) -> bool:
        return self.freeze_after is not None and at >= self.freeze_after

    @property
    def _is_going_on(self) -> bool:
        """Whether the contest, or the viewer's own time in it, is not over."""
        windows = (each.window for each in self.viewer.participations if each.is_admitted)
        return not self.is_over or any(window and window.has(self.now) for window in windows)

    def _has_begun(self, participation: Participation) -> bool:
        window = participation.window
        if window is None or not participation.is_admitted:
            return False
        return window.start is None or window.start <= self.now

    def _own_detail(self, submitted: Submitted) -> Detail:
        is_limited = submitted.counts and self._is_going_on
        if is_limited and self.viewer.standpoint is not Standpoint.TESTER:
            return OWN_DETAIL[self.feedback]
        return Detail.TESTS
